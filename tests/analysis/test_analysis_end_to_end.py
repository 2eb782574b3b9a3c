"""From real tables to verdicts."""

from __future__ import annotations

import json
import random
from pathlib import Path

import polars as pl
import pytest

from stagelens.analysis import analyze
from stagelens.outcomes.importers.odcv import import_odcv
from stagelens.outcomes.table import write_table

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "odcv" / "current"


def family(**rates: float) -> pl.DataFrame:
    """200 items a stage, of which a fixed share counts 1."""
    return pl.DataFrame(
        [
            {"family": "f", "stage": stage, "stage_index": index, "benchmark": "safety", "measure": "unsafe_response"}
            | {"item": f"i{item}", "value": float(item < 200 * rate)}
            for index, (stage, rate) in enumerate(rates.items())
            for item in range(200)
        ]
    )


@pytest.mark.skipif(not DATA.is_dir(), reason="the published scores are not here")
def test_two_published_models(tmp_path: Path) -> None:
    file = tmp_path / "t.parquet"
    write_table(import_odcv(DATA), file)
    verdicts = analyze(file, stages=["gemini-3.1-pro-preview", "gpt-5.5"])
    assert [result.measure for result in verdicts.results] == ["misaligned", "severity"]
    misaligned, severity = verdicts.results
    assert [level.estimate for level in misaligned.stages] == pytest.approx([0.4375, 0.2125])
    assert [level.clusters for level in misaligned.stages] == [40, 40]
    assert misaligned.contrasts[0].difference == pytest.approx(-0.225)
    assert [level.estimate for level in severity.stages] == pytest.approx([1.825, 0.7125])


def test_a_planted_cause_is_named() -> None:
    (result,) = analyze(family(base=0.9, sft=0.1, production=0.1)).results
    assert (result.established_by, result.cause) == ("sft", "sft")


def test_the_order_of_rows_changes_nothing() -> None:
    table = family(base=0.9, sft=0.2, production=0.1)
    order = list(range(table.height))
    random.Random(0).shuffle(order)
    assert analyze(table[order]).to_json() == analyze(table).to_json()


def test_swapping_two_stages_swaps_their_levels() -> None:
    table = family(base=0.9, sft=0.3, production=0.1)
    swapped = table.with_columns(pl.col("stage").replace({"sft": "production", "production": "sft"}))
    before, after = (
        {level.stage: level.estimate for level in analyze(each, stages=["base", "sft", "production"]).results[0].stages}
        for each in (table, swapped)
    )
    assert (after["sft"], after["production"]) == (before["production"], before["sft"])


def test_verdicts_are_the_same_from_every_format(tmp_path: Path) -> None:
    table = family(base=0.9, sft=0.2, production=0.1)
    expected = analyze(table).to_json()
    assert json.loads(expected)["results"]
    for name in ("t.parquet", "t.csv", "t.jsonl"):
        file = tmp_path / name
        if name.endswith("csv"):
            table.write_csv(file)
        elif name.endswith("jsonl"):
            table.write_ndjson(file)
        else:
            table.write_parquet(file)
        assert analyze(file).to_json() == expected
    assert analyze(table.to_pandas()).to_json() == expected
    assert analyze(table.to_arrow()).to_json() == expected
