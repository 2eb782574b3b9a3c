"""SIGKILL at any moment, the same command again, and the verdicts are those of an undisturbed run, byte for byte."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest

from disturbed import Command, kill
from pocketed import write_tiny_study

MOMENTS = 5


def _run(study: Path, out: Path) -> Command:
    return Command(["run", str(study), "--out", str(out)], said=out.with_suffix(".said"))


def _finish(study: Path, out: Path) -> float:
    started = time.monotonic()
    assert _run(study, out).finish(180) == 0
    return time.monotonic() - started


def _kill_after(study: Path, out: Path, seconds: float) -> bool:
    """Start the command and kill it; whether it was still running."""
    process = _run(study, out).start()
    process.join(seconds)
    alive = process.is_alive()
    if alive:
        kill(process)
    return alive


@pytest.mark.slow
def test_a_killed_run_ends_with_the_same_bytes(tmp_path: Path) -> None:
    study = write_tiny_study(tmp_path / "study")
    whole = min(_finish(study, tmp_path / name) for name in ("warm", "undisturbed"))
    expected = (tmp_path / "undisturbed" / "verdicts.json").read_bytes()
    assert (tmp_path / "warm" / "verdicts.json").read_bytes() == expected

    for moment in range(MOMENTS):
        # A fresh folder for each moment, so that the moments cover the run from its first second to its last.
        out = tmp_path / f"disturbed-{moment}"
        seconds = whole * (moment + 0.5) / MOMENTS
        while not _kill_after(study, out, seconds):
            shutil.rmtree(out)  # it was faster than before: no kill, no test
            seconds *= 0.8
        _finish(study, out)
        assert (out / "verdicts.json").read_bytes() == expected, f"killed after {moment + 0.5}/{MOMENTS} of the run"
        leftovers = [path for path in out.rglob("*") if "partial" in path.name or ".new" in path.name]
        assert leftovers == []
