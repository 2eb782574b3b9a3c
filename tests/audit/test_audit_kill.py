"""An audit that is killed goes on, and finds what it would have found."""

from __future__ import annotations

from pathlib import Path

import pytest

from disturbed import Command, killed_along, leftovers, write_made

MOMENTS = 2


@pytest.mark.slow
def test_a_killed_audit_finds_the_same(tmp_path: Path) -> None:
    study = write_made(tmp_path / "study", prompts=12, judged=False)
    asked = ("--measure", "safety/over_refusal", "--source", "refusals", "--seeds", "1")

    def command(out: Path) -> Command:
        return Command(["audit", str(study), *asked, "--out", str(out)], said=out.with_suffix(".said"))

    ends = set()
    for out in killed_along(command, tmp_path, MOMENTS):
        ends.add((out / "audit.json").read_bytes())
        assert len(list(out.rglob("without-refusals/model.safetensors"))) == 1
        assert leftovers(out) == []
    assert len(ends) == 1
