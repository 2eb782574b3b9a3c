"""How long ``analyze`` takes on a large table, against reading that table and grouping it once, and on a small one.

    python perf/analyze.py [--repeats N] [--items N]

Large: 50,000 items at four stages under ten measures, two million outcomes, 1.2 % of them not scored, as the columns of
the contract in a Parquet file; once with its rows as a run writes them, once shuffled. The peer is polars: read the
file, group by family, stage, benchmark and measure, take the mean. Both run in turn in this process, so that a busy
machine slows both alike; medians are compared. Memory is the peak of a process of its own that does nothing else.
Goal: at most five times the peer's time, under 2 GB.

Small: 200 items at two stages, from polars and from pandas, as a simulation would call it. Goal: under 30 ms.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl

import stagelens
from stagelens.outcomes.schema import COLUMNS

TIMES, GIGABYTES, MILLISECONDS = 5, 2, 30
RATES = {"base": 0.4, "sft": 0.1, "dpo": 0.1, "production": 0.09}
MEASURES = (
    ("safety", "unsafe_response"),
    ("safety", "over_refusal"),
    ("odcv", "misaligned"),
    ("odcv", "severity"),
    ("dilemmas", "misaligned"),
    ("dilemmas", "eval_aware"),
    ("reward_hacking", "cheated"),
    ("reward_hacking", "solved_honestly"),
    ("user_logs", "flattery"),
    ("user_logs", "secrecy"),
)
FIRST_CALL = """
import sys, time, polars as pl
table = pl.read_parquet(sys.argv[1])
started = time.perf_counter()
import stagelens
stagelens.analyze(table)
print(time.perf_counter() - started)
"""
PEAK = """
import resource, subprocess, sys
subprocess.run([sys.executable, "-c", "import sys, stagelens; stagelens.analyze(sys.argv[1])", sys.argv[1]], check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
"""A small process starts the one that is measured: Linux counts a process' peak from that of the one it came from."""


def outcomes(items: int, stages: tuple[str, ...], measures: tuple[tuple[str, str], ...]) -> pl.DataFrame:
    """Answers drawn at the stages' rates: 1 % incapable, .2 % ungraded."""
    draw = np.random.default_rng(0)
    names = pl.Series([f"prompt-{item:06}" for item in range(items)])
    strata = pl.Series([f"hazard {item % 7}" for item in range(items)])
    parts = []
    for benchmark, measure in measures:
        for position, stage in enumerate(stages):
            fate, high = draw.random(items), 5.0 if measure == "severity" else 1.0
            status = np.where(fate < 0.01, "incapable", np.where(fate < 0.012, "ungraded", "scored"))
            values = pl.Series(np.where(draw.random(items) < RATES[stage], high, 0.0))
            parts.append(
                pl.DataFrame({"item": names, "cluster": names, "stratum": strata, "status": status}).with_columns(
                    pl.lit("family").alias("family"),
                    pl.lit(stage).alias("stage"),
                    pl.lit(benchmark).alias("benchmark"),
                    pl.lit(measure).alias("measure"),
                    pl.when(pl.col("status") == "scored").then(values).alias("value"),
                    pl.when(pl.col("status") != "scored").then(pl.col("status")).alias("cause"),
                    pl.lit(position, pl.Int64).alias("stage_index"),
                    pl.lit(1, pl.Int64).alias("epoch"),
                    pl.lit(0, pl.Int64).alias("seed"),
                    pl.when(pl.col("status") != "ungraded").then(pl.lit(f"rule:{measure}")).alias("judge"),
                    pl.lit(measure != "solved_honestly").alias("higher_is_worse"),
                )
            )
    return pl.concat(parts).select(*COLUMNS)


def read_and_group(path: Path) -> pl.DataFrame:
    """The peer."""
    table = pl.read_parquet(path)
    return table.group_by("family", "stage", "benchmark", "measure").agg(pl.col("value").mean())


def seconds(call: Callable[[], object]) -> float:
    """The wall time of one call."""
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def in_a_process(code: str, path: Path) -> float:
    """What the code prints, run with ``path`` in a process of its own."""
    done = subprocess.run([sys.executable, "-c", code, str(path)], check=True, capture_output=True, text=True)
    return float(done.stdout)


def judged(met: bool) -> str:
    """The goal, in a word."""
    return "met" if met else "missed"


def large(path: Path, rows: str, repeats: int) -> None:
    """Print the ratio and the peak for one file."""
    peer, ours = [], []
    for repeat in range(repeats + 1):
        taken = seconds(lambda: read_and_group(path)), seconds(lambda: stagelens.analyze(path))
        if repeat:  # the first fills the disk cache and imports
            peer.append(taken[0])
            ours.append(taken[1])
    read, analyzed = statistics.median(peer), statistics.median(ours)
    ratio, peak = analyzed / read, in_a_process(PEAK, path) / 1024**2
    print(f"{rows}: read and grouped {read:.2f} s, analyze {analyzed:.2f} s", end="  ")
    print(f"ratio {ratio:.1f}  goal <= {TIMES}: {judged(ratio <= TIMES)}")
    print(f"{rows}: peak memory {peak:.2f} GB  goal < {GIGABYTES}: {judged(peak < GIGABYTES)}")


def small(folder: Path, repeats: int) -> None:
    """Print what one call costs on a small table, from each kind of frame."""
    frame = outcomes(200, ("sft", "production"), MEASURES[:1])
    path = folder / "small.parquet"
    frame.write_parquet(path)
    for kind, table in (("polars", frame), ("pandas", frame.to_pandas())):
        taken = statistics.median(seconds(lambda table=table: stagelens.analyze(table)) for _ in range(repeats))  # type: ignore[misc]
        met = judged(taken * 1000 < MILLISECONDS)
        print(f"200 items x 2 stages, {kind}: {taken * 1000:.1f} ms  goal < {MILLISECONDS}: {met}")
    print(f"200 items x 2 stages, first call with its imports: {in_a_process(FIRST_CALL, path) * 1000:.0f} ms")


def main() -> None:
    """Print every figure beside its goal."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--items", type=int, default=50_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        table = outcomes(given.items, tuple(RATES), MEASURES)
        for rows, frame in (("ordered", table), ("shuffled", table.sample(fraction=1, shuffle=True, seed=0))):
            path = folder / f"{rows}.parquet"
            frame.write_parquet(path)
            large(path, f"{table.height:,} outcomes, {rows}", given.repeats)
        small(folder, 10 * given.repeats)


if __name__ == "__main__":
    main()
