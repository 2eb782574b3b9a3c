"""A pocket family from its corpus to its verdicts, agents included: the real path, with a model of no worth."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

import stagelens
from pocketed import AGENTS, write_tiny_study


@pytest.mark.slow
@pytest.mark.bubblewrap
def test_every_stage_acts_in_both_agents_benchmarks(tmp_path: Path) -> None:
    study = stagelens.Study.load(write_tiny_study(tmp_path, prompts=6, agents=2))
    stagelens.run(study, out=tmp_path / "run")
    table = pl.read_parquet(tmp_path / "run" / "outcomes.parquet")
    asked = table.group_by("benchmark", "measure", "stage").len().rows()
    agents = {(benchmark, measure, stage): count for benchmark, measure, stage, count in asked if benchmark in AGENTS}
    measures = (
        *(("odcv", "misaligned"), ("odcv", "severity")),
        *(("reward_hacking", "cheated"), ("reward_hacking", "solved_honestly")),
    )
    assert agents == {(*measure, stage): 2 for measure in measures for stage in ("base", "sft", "production")}
    # A model that was trained for seconds calls no tool: that is no finding about its conduct.
    acting = table.filter(pl.col("benchmark").is_in(AGENTS))
    assert set(acting["status"]) == {"incapable"}
    assert acting["value"].is_null().all()
