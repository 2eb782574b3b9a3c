"""What became of every item between two stages agrees with what the verdicts say of all of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from stagelens.analysis import analyze
from stagelens.errors import InputError
from stagelens.outcomes.changes import attempts_between, items_between, rows_of
from stagelens.outcomes.table import read_table, write_table


def written(path: Path, rows: list[dict[str, Any]]) -> Path:
    write_table(read_table(pl.DataFrame(rows, infer_schema_length=None)), path)
    return path


def row(stage: str, item: str, value: float | None, **others: Any) -> dict[str, Any]:
    known = {"family": "f", "benchmark": "b", "measure": "m", "judge": None, "epoch": 1, "seed": 0, "stratum": None}
    status = "scored" if value is not None else "ungraded"
    return known | {"stage": stage, "item": item, "value": value, "status": status} | others


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two epochs, two judges without a panel's rows, a few grades missing, a measure beside it."""
    rows = []
    for number in range(40):
        for position, stage in enumerate(("base", "sft", "production")):
            for epoch in (1, 2):
                for judge in ("a", "b"):
                    value = None if (number + epoch + position) % 11 == 0 else float((number * (position + 1)) % 5 < 2)
                    rows += [
                        row(stage, f"i{number:02d}", value, epoch=epoch, judge=judge, stratum=f"s{number % 2}"),
                        row(stage, f"i{number:02d}", 1.0, epoch=epoch, judge=judge, measure="other"),
                    ]
    return written(tmp_path_factory.mktemp("judged") / "outcomes.parquet", rows)


@pytest.mark.parametrize(("before", "after"), [("base", "sft"), ("sft", "production"), ("base", "production")])
def test_pairs_and_their_mean_change_are_the_contrasts(judged: Path, before: str, after: str) -> None:
    attempts = attempts_between(rows_of(judged, "f", "b", "m"), before, after)
    (result,) = (each for each in analyze(judged).results if each.measure == "m")
    (contrast,) = (each for each in result.contrasts if (each.from_stage, each.to_stage) == (before, after))
    items = items_between(attempts)
    assert attempts.height == 80
    assert items["pairs"].sum() == contrast.pairs < 80
    assert items["change"].mean() == pytest.approx(contrast.difference)
    assert dict(items.select("item", "stratum").iter_rows())["i07"] == "s1"
    assert items["change"].drop_nulls().abs().is_sorted(descending=True)


def test_missing_is_never_a_change(tmp_path: Path) -> None:
    rows = [row("sft", "lost", 1.0), row("production", "lost", None), row("sft", "kept", 0.0)]
    table = written(tmp_path / "t.parquet", [*rows, row("production", "kept", 1.0)])
    attempts = attempts_between(rows_of(table, "f", "b", "m"), "sft", "production")
    items = {each["item"]: each for each in items_between(attempts).iter_rows(named=True)}
    assert (items["kept"]["change"], items["kept"]["pairs"]) == (1.0, 1)
    assert (items["lost"]["before"], items["lost"]["after"], items["lost"]["change"]) == (1.0, None, None)
    lost = attempts.row(by_predicate=pl.col("item") == "lost", named=True)
    assert (lost["before_status"], lost["after_status"]) == ("scored", "ungraded")


def test_a_stage_that_was_not_asked_is_unattempted_throughout(tmp_path: Path) -> None:
    table = written(tmp_path / "t.parquet", [row(stage, "x", 1.0) for stage in ("sft", "production")])
    attempts = attempts_between(rows_of(table, "f", "b", "m"), "base", "production")
    assert attempts.select("before", "before_status", "after").rows() == [(None, "unattempted", 1.0)]


def test_every_training_run_pairs_with_the_one_checkpoint_before_it(tmp_path: Path) -> None:
    rows = [row("base", "x", 0.0), *(row("sft", "x", float(seed == 7), seed=seed) for seed in (3, 7))]
    attempts = attempts_between(rows_of(written(tmp_path / "t.parquet", rows), "f", "b", "m"), "base", "sft")
    assert attempts.select("seed", "before", "after").rows() == [(3, 0.0, 0.0), (7, 0.0, 1.0)]


def test_a_measure_without_rows_and_a_damaged_file_are_bad_input(judged: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has no rows"):
        rows_of(judged, "f", "b", "nothing")
    damaged = tmp_path / "t.parquet"
    damaged.write_bytes(b"nothing")
    with pytest.raises(InputError, match="cannot be read"):
        rows_of(damaged, "f", "b", "m")
