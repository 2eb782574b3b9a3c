"""SIGKILL at any moment, the same command again, and the verdicts are those of an undisturbed run, byte for byte."""

from __future__ import annotations

from pathlib import Path

import pytest

from disturbed import Command, killed_along, leftovers
from pocketed import write_tiny_study

MOMENTS = 5


@pytest.mark.slow
def test_a_killed_run_ends_with_the_same_bytes(tmp_path: Path) -> None:
    study = write_tiny_study(tmp_path / "study")

    def command(out: Path) -> Command:
        return Command(["run", str(study), "--out", str(out)], said=out.with_suffix(".said"))

    ends = {(out / "verdicts.json").read_bytes() for out in killed_along(command, tmp_path, MOMENTS)}
    assert len(ends) == 1
    assert not any(leftovers(out) for out in tmp_path.iterdir())
