"""``controls.json`` beside an outcome table: found, told with the results, and refused where it is damaged."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

import stagelens
from stagelens.errors import InputError
from stagelens.outcomes.controls import CONTROLS, controls_beside, graders
from stagelens.statistics.results import Control
from stagelens.statistics.serialise import controls_to_json

MISSED = Control("safety", "unsafe_response", False, 0.0, -0.02, 0.02, 0.05, 106, 60, (), "the control was missed")


def write_table(folder: Path) -> Path:
    rows = [
        {"family": "f", "stage": stage, "benchmark": "safety", "measure": measure, "item": f"i{item}", "value": 0.0}
        for stage in ("sft", "production")
        for measure in ("unsafe_response", "over_refusal")
        for item in range(80)
    ]
    path = folder / "outcomes.parquet"
    pl.DataFrame(rows).write_parquet(path)
    return path


def test_an_analysis_tells_what_lies_beside_its_table(tmp_path: Path) -> None:
    table = write_table(tmp_path)
    alone = stagelens.analyze(table)
    assert controls_beside(table) == alone.controls == ()
    (tmp_path / CONTROLS).write_text(controls_to_json([MISSED]), encoding="utf-8")
    told = stagelens.analyze(str(table))
    assert told.controls == (MISSED,)
    assert [result.warnings[0] for result in told.results] == [MISSED.text] * 2
    assert [result.contrasts for result in told.results] == [result.contrasts for result in alone.results]
    # A table in memory lies nowhere.
    assert stagelens.analyze(pl.read_parquet(table)).controls == ()


def test_a_damaged_file_is_refused_with_what_mends_it(tmp_path: Path) -> None:
    table = write_table(tmp_path)
    (tmp_path / CONTROLS).write_text("{", encoding="utf-8")
    with pytest.raises(InputError, match=r"controls\.json cannot be read .*--with-controls`, or remove it"):
        stagelens.analyze(table)


def test_graders_are_the_models_alone() -> None:
    table = pl.DataFrame(
        {
            "family": ["f"] * 6,
            "benchmark": ["safety"] * 5 + ["odcv"],
            "measure": ["unsafe_response"] * 5 + ["misaligned"],
            "judge": ["openai/b", "panel", "human", "rule:refusal", "anthropic/a", None],
        }
    )
    assert graders(table) == {("f", "safety", "unsafe_response"): ("anthropic/a", "openai/b")}
