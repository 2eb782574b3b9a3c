"""How asking scales over the workers of a Ray cluster: logged conversations through the pocket model.

    python perf/ray_engine.py [--prompts N] [--workers N …] [--run DIR]

The SFT and production checkpoints of ``--run`` (default runs/pocket, which `make demo` makes) are each asked
``--prompts`` logged conversations, by `stagelens evaluate --engine ray` in a process of its own, on a cluster of as
many Ray nodes on this machine as there are workers, each of one CPU; every worker has one thread. Printed for each
number of workers:

asking: from the moment the plan is written to the last shard's: Ray's start-up of workers and their imports included.
command: the whole command: reading and redacting the log, asking, outcomes, verdicts, report.

Goal: with two workers, asking is at least 1.6 times as fast as with one. The verdicts have to be equal, byte for byte.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ray.cluster_utils import Cluster

from stagelens.organisms.pocket import rows

TOKENS = 64
GOAL = 1.6
MEMORY = 300 * 2**20
STAGES = (("sft", "sft"), ("production", "rl"))
COMMAND = "from stagelens.cli import main; main()"


@dataclass(frozen=True)
class Timed:
    """Seconds, and what came out."""

    asking: float
    command: float
    verdicts: bytes


def prepare(folder: Path, run: Path, prompts: int) -> Path:
    """The study file."""
    checkpoints = (run / "checkpoints" / "pocket").resolve()
    if not (checkpoints / "production").is_dir():
        sys.exit(f"{run} has no pocket family: make it with `make demo`, or name another run with --run.")
    with (folder / "logs.jsonl").open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows.user_logs(0, prompts))
    stages = "\n".join(f"      - {{name: {name}, kind: {kind}, model: {checkpoints / name}}}" for name, kind in STAGES)
    study = folder / "study.yaml"
    study.write_text(
        f"name: logs\nfamilies:\n  pocket:\n    stages:\n{stages}\n"
        f"generation: {{max_answer_tokens: {TOKENS}}}\n"
        "benchmarks:\n  user_logs: {path: ./logs.jsonl, deduplicate: none}\n",
        encoding="utf-8",
    )
    return study


@contextmanager
def cluster_of(workers: int) -> Iterator[str]:
    """A cluster of so many nodes of one CPU each; its address."""
    own = {"num_cpus": 1, "object_store_memory": MEMORY}
    cluster = Cluster(initialize_head=True, head_node_args={**own, "include_dashboard": False})
    try:
        for number in range(1, workers):
            # An address of its own: the driver attaches itself to the node at its own address, the head.
            cluster.add_node(**own, node_ip_address=f"127.0.0.{number + 1}")
        yield cluster.address
    finally:
        cluster.shutdown()


def evaluate(study: Path, out: Path, workers: int) -> Timed:
    """Run the command on a new cluster."""
    with cluster_of(workers) as address:
        start = time.perf_counter()
        subprocess.run(
            [sys.executable, "-c", COMMAND, "evaluate", str(study), "--out", str(out), "--engine", "ray"],
            env=os.environ | {"RAY_ADDRESS": address},
            stdout=subprocess.DEVNULL,
            check=True,
        )
        command = time.perf_counter() - start
    last = max(file.stat().st_mtime for file in out.glob("logs/pocket/*/user_logs-*.parquet"))
    return Timed(last - (out / "plan.json").stat().st_mtime, command, (out / "verdicts.json").read_bytes())


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--prompts", type=int, default=100_000)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--run", type=Path, default=Path("runs/pocket"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        study = prepare(Path(scratch), options.run, options.prompts)
        print(f"{options.prompts} prompts x {len(STAGES)} stages, at most {TOKENS} tokens an answer")
        timed: dict[int, Timed] = {}
        for workers in options.workers:
            timed[workers] = done = evaluate(study, Path(scratch) / f"run-{workers}", workers)
            rate = options.prompts * len(STAGES) / done.asking
            print(f"  {workers} workers: asking {done.asking:8.1f} s ({rate:.0f} answers/s), ", end="")
            print(f"command {done.command:8.1f} s")
    first, *others = timed
    for workers in others:
        ratio = timed[first].asking / timed[workers].asking
        whole = timed[first].command / timed[workers].command
        goal = f" (goal {GOAL}: {'met' if ratio >= GOAL else 'missed'})" if (first, workers) == (1, 2) else ""
        print(f"  {first} → {workers} workers: asking x {ratio:.2f}{goal}, command x {whole:.2f}")
    print(f"  verdicts equal: {len({done.verdicts for done in timed.values()}) == 1}")


if __name__ == "__main__":
    main()
