"""A plan that draws on a pilot's outcomes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from stagelens.engine import plan
from stagelens.engine.pilot import read_pilots
from stagelens.errors import InputError
from stagelens.study.load import parse_study
from stagelens.study.spec import Study

STUDY = """
name: piloted
families:
  f: {stages: [{name: base, kind: pretrained, model: mockllm/a, elicitation: chat},
    {name: sft, kind: sft, model: mockllm/b}, {name: production, kind: rl, model: mockllm/c}]}
benchmarks: {safety: {}}
"""


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return parse_study(STUDY, folder=tmp_path)


def pilot(path: Path, *, flipped: float, clusters: int = 60, benchmark: str = "safety") -> Path:
    """Two items a cluster; the base always answers 1, and production differs from SFT in a share of the clusters."""
    rng = np.random.default_rng(0)
    sft = (rng.random(clusters) < 0.3).astype(float)
    production = np.where(rng.random(clusters) < flipped, 1 - sft, sft)
    pl.DataFrame(
        {
            "family": "f",
            "stage": stage,
            "benchmark": benchmark,
            "measure": "unsafe_response",
            "item": f"i{cluster}-{item}",
            "cluster": f"c{cluster}",
            "value": values[cluster],
        }
        for stage, values in (("base", np.ones(clusters)), ("sft", sft), ("production", production))
        for cluster in range(clusters)
        for item in range(2)
    ).write_parquet(path)
    return path


def test_a_pilot_is_read_between_the_stages_of_the_headline(study: Study, tmp_path: Path) -> None:
    (key, found), *others = read_pilots(pilot(tmp_path / "p.parquet", flipped=0.2), study).items()
    assert key == ("safety", "unsafe_response")
    assert others == []
    assert found.size.tolist() == [2.0] * 60
    assert 0.1 < (found.gained + found.lost).sum() / 120 < 0.3
    assert set(np.unique(found.gained)) <= {0.0, 2.0}
    assert 0 < found.neither.sum() < 120
    assert found.variance < 0.25


def test_the_plan_follows_the_pilot_where_it_has_the_measure(study: Study, tmp_path: Path) -> None:
    def measures(flipped: float) -> dict[str, dict[str, object]]:
        path = pilot(tmp_path / f"{flipped}.parquet", flipped=flipped)
        return {measure["measure"]: measure for measure in plan(study, pilot=path).to_dict()["measures"]}

    calm, restless = measures(0.05), measures(0.5)
    assert (calm["unsafe_response"]["basis"], calm["over_refusal"]["basis"]) == ("pilot", "assumptions")
    for key in ("expected_half_width", "clusters_needed", "smallest_certifiable_margin"):
        assert calm["unsafe_response"][key] < restless["unsafe_response"][key]  # type: ignore[operator]
    assert calm["over_refusal"] == restless["over_refusal"]


def test_a_pilot_that_is_too_small_or_of_something_else_is_refused(study: Study, tmp_path: Path) -> None:
    for table in (
        pilot(tmp_path / "small.parquet", flipped=0.2, clusters=5),
        pilot(tmp_path / "other.parquet", flipped=0.2, benchmark="odcv"),
    ):
        with pytest.raises(InputError, match="clusters or more"):
            read_pilots(table, study)
