"""Time to take over an Inspect log of 20,000 samples, beside Inspect's own ``samples_df`` in the same run.

    python perf/inspect_logs.py [--samples 20000]

One sample is really run, and its record copied within the log's own zip under other ids: written one by one through
Inspect, so many take minutes. Both read the same file, one after the other, three times; the median of the CPU seconds
of all threads counts, which other programs do not lengthen, and the wall time stands beside it.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple
from zipfile import ZipFile

from inspect_ai import Task
from inspect_ai import eval as evaluate
from inspect_ai.analysis import samples_df
from inspect_ai.dataset import Sample
from inspect_ai.model import ModelOutput
from inspect_ai.scorer import Score, Scorer, Target, accuracy, scorer
from inspect_ai.solver import Generate, Solver, TaskState, solver

from stagelens.outcomes.importers.inspect import import_inspect

ROUNDS = 3


@solver
def answering() -> Solver:
    async def solve(state: TaskState, generate: Generate) -> TaskState:
        state.output = ModelOutput.from_content("test", "word " * 200)
        state.messages.append(state.output.message)
        return state

    return solve


@scorer(metrics=[accuracy()])
def letter() -> Scorer:
    async def score(state: TaskState, target: Target) -> Score:
        return Score(value="C", explanation="word " * 50)

    return score


class Time(NamedTuple):
    """Seconds of the CPU, over all threads, and of the clock."""

    cpu: float
    wall: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=20_000)
    number = parser.parse_args().samples
    with tempfile.TemporaryDirectory() as scratch:
        log = written(Path(scratch), number)
        rows, found = import_inspect([f"sft={log}"]).table.height, len(samples_df(str(log), quiet=True))
        if rows != number or found != number:
            raise SystemExit(f"The log has {number} samples, `import inspect` found {rows}, samples_df {found}.")
        ours, theirs = [], []
        for _ in range(ROUNDS):
            ours.append(timed(lambda: import_inspect([f"sft={log}"])))
            theirs.append(timed(lambda: samples_df(str(log), quiet=True)))
        one, other = statistics.median(each.cpu for each in ours), statistics.median(each.cpu for each in theirs)
        print(f"{number:,} samples, {log.stat().st_size / 2**20:.1f} MiB, seconds of the CPU (of the clock):")
        for name, cpu, times in (("import inspect", one, ours), ("samples_df", other, theirs)):
            print(f"  {name:15}{cpu:7.2f}  ({statistics.median(each.wall for each in times):.2f})")
        print(f"  {one / other:.3f} of it")


def written(folder: Path, number: int) -> Path:
    """A log of so many samples: one that is really run, and copies of it."""
    task = Task(name="quiz", dataset=[Sample(id="0", input="Question " * 20)], solver=answering(), scorer=letter())
    (run,) = evaluate(task, model="mockllm/model", log_dir=str(folder / "one"), display="none")
    path = folder / "all.eval"
    with ZipFile(run.location) as source, ZipFile(path, "w") as target:
        (name,) = [each for each in source.namelist() if each.startswith("samples/")]
        kind = source.getinfo(name).compress_type
        sample, summaries = json.loads(source.read(name)), json.loads(source.read("summaries.json"))
        header = json.loads(source.read("header.json"))
        ids = [str(each) for each in range(number)]
        header["eval"]["dataset"] |= {"samples": number, "sample_ids": ids}
        header["results"] |= {"total_samples": number, "completed_samples": number}
        for each in ids:
            target.writestr(f"samples/{each}_epoch_1.json", json.dumps(sample | named(each)), kind)
        target.writestr("summaries.json", json.dumps([summaries[0] | named(each) for each in ids]), kind)
        target.writestr("header.json", json.dumps(header), kind)
    return path


def named(sample: str) -> dict[str, str]:
    return {"id": sample, "uuid": f"uuid-{sample}"}


def timed(work: Callable[[], object]) -> Time:
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    return Time(time.process_time() - cpu, time.perf_counter() - wall)


if __name__ == "__main__":
    main()
