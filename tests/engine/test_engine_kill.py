"""SIGKILL at any moment, the same command again, and the verdicts are those of an undisturbed run, byte for byte."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import time
from multiprocessing.context import ForkServerContext
from pathlib import Path

import pytest

from pocketed import write_tiny_study

MOMENTS = 5
HEAVY = [
    *(
        "torch",
        "transformers.trainer",
        "transformers.generation",
        "trl.trainer.sft_trainer",
        "trl.trainer.grpo_trainer",
    ),
    *("datasets", "inspect_ai", "anthropic", "stagelens.cli", "stagelens.engine", "stagelens.report"),
]
"""What a run imports on its way; Inspect asks for the maker's package whatever the model is."""


@pytest.fixture(scope="module")
def context() -> ForkServerContext:
    """Processes that have the heavy libraries already: a moment falls into the work and not into the imports."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(HEAVY)
    return context


def _command(study: Path, out: Path) -> None:
    """``stagelens run STUDY --out OUT``, its output thrown away."""
    import sys

    from stagelens import cli

    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    os.setpgid(0, 0)
    sys.argv = ["stagelens", "run", str(study), "--out", str(out)]
    cli.main()


def _finish(context: ForkServerContext, study: Path, out: Path) -> float:
    process = context.Process(target=_command, args=(study, out))
    started = time.monotonic()
    process.start()
    process.join(180)
    assert process.exitcode == 0
    return time.monotonic() - started


def _kill_after(context: ForkServerContext, study: Path, out: Path, seconds: float) -> bool:
    """Start the command and kill it; whether it was still running."""
    process = context.Process(target=_command, args=(study, out))
    process.start()
    process.join(seconds)
    alive = process.is_alive()
    if alive:
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
    process.join()
    return alive


@pytest.mark.slow
def test_a_killed_run_ends_with_the_same_bytes(tmp_path: Path, context: ForkServerContext) -> None:
    study = write_tiny_study(tmp_path / "study")
    whole = min(_finish(context, study, tmp_path / name) for name in ("warm", "undisturbed"))
    expected = (tmp_path / "undisturbed" / "verdicts.json").read_bytes()
    assert (tmp_path / "warm" / "verdicts.json").read_bytes() == expected

    for moment in range(MOMENTS):
        # A fresh folder for each moment, so that the moments cover the run from its first second to its last.
        out = tmp_path / f"disturbed-{moment}"
        seconds = whole * (moment + 0.5) / MOMENTS
        while not _kill_after(context, study, out, seconds):
            shutil.rmtree(out)  # it was faster than before: no kill, no test
            seconds *= 0.8
        _finish(context, study, out)
        assert (out / "verdicts.json").read_bytes() == expected, f"killed after {moment + 0.5}/{MOMENTS} of the run"
        leftovers = [path for path in out.rglob("*") if "partial" in path.name or ".new" in path.name]
        assert leftovers == []
