"""Time to take over an Inspect log of 20,000 samples, beside Inspect's own ``samples_df`` in the same run.

    python perf/inspect_logs.py [--samples 20000]

Both read the same file, one after the other, three times; the median counts.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from inspect_ai import Task
from inspect_ai import eval as evaluate
from inspect_ai.analysis import samples_df
from inspect_ai.dataset import Sample
from inspect_ai.log import EvalSample, read_eval_log, write_eval_log
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=20_000)
    number = parser.parse_args().samples
    with tempfile.TemporaryDirectory() as scratch:
        log = written(Path(scratch), number)
        ours, theirs = [], []
        for _ in range(ROUNDS):
            ours.append(seconds(lambda: import_inspect([f"sft={log}"])))
            theirs.append(seconds(lambda: samples_df(str(log), quiet=True)))
        one, other = statistics.median(ours), statistics.median(theirs)
        print(f"{number:,} samples, {log.stat().st_size / 2**20:.1f} MiB: `import inspect` {one:.2f} s, ", end="")
        print(f"samples_df {other:.2f} s: {one / other:.3f} of it")


def written(folder: Path, number: int) -> Path:
    """A log of so many samples: one that is really run, and copies of it."""
    task = Task(name="quiz", dataset=[Sample(id="0", input="Question " * 20)], solver=answering(), scorer=letter())
    (log,) = evaluate(task, model="mockllm/model", log_dir=str(folder / "one"), display="none")
    whole = read_eval_log(log.location)
    (first,) = whole.samples or ()
    samples: list[EvalSample] = [first.model_copy(update={"id": str(each)}) for each in range(number)]
    path = folder / "all.eval"
    write_eval_log(whole.model_copy(update={"samples": samples}), str(path))
    return path


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
