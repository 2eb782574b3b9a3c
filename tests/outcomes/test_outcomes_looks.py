"""Rows of items that were not asked: outside the sample, and what they say of the looks."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl
import pytest

from stagelens.analysis import analyze
from stagelens.engine.collect import missing_sentences
from stagelens.errors import InputError
from stagelens.outcomes.looks import not_asked, take_looks
from stagelens.outcomes.table import read_table
from stagelens.statistics.design.looks import Look

LEFT = not_asked(Look(2, 5))


def table(measures: dict[str, Sequence[str | None]]) -> pl.DataFrame:
    """Two stages; per measure a cause for each item, None for a scored answer of 0 or 1 in turn."""
    return read_table(
        pl.DataFrame(
            [
                {
                    "family": "f",
                    "stage": stage,
                    "benchmark": "b",
                    "measure": measure,
                    "item": f"i{item}",
                    "value": float(item % 2) if cause is None else None,
                    "status": "scored" if cause is None else "unattempted",
                    "cause": cause,
                }
                for measure, causes in measures.items()
                for stage in ("sft", "production")
                for item, cause in enumerate(causes)
            ],
            infer_schema_length=None,
        )
    )


def test_the_cause_is_the_contract() -> None:
    assert not_asked(Look(2, 5)) == "not asked: decided at look 2 of 5"


def test_rows_that_were_not_asked_leave_the_sample_and_name_the_look() -> None:
    full = table({"misaligned": [None] * 4 + [LEFT] * 6, "cheated": [None] * 10})
    sample, looks = take_looks(full)
    assert sample.height == 28
    assert looks == {("f", "b", "misaligned"): Look(2, 5), ("f", "b", "cheated"): Look(5, 5)}
    assert missing_sentences(full) == ()


def test_other_rows_without_an_answer_stay() -> None:
    lost = table({"misaligned": [None] * 4 + ["not in the log"]})
    sample, looks = take_looks(lost)
    assert sample.equals(lost)
    assert looks == {}
    assert len(missing_sentences(lost)) == 2


def test_the_study_s_looks_count_where_no_row_names_any() -> None:
    whole = table({"misaligned": [None] * 4})
    assert take_looks(whole, looks=3)[1] == {("f", "b", "misaligned"): Look(3, 3)}
    assert take_looks(whole)[1] == {}


def test_the_earliest_look_counts_where_rows_name_several() -> None:
    _, looks = take_looks(table({"misaligned": [None, None, not_asked(Look(3, 5)), LEFT]}))
    assert looks == {("f", "b", "misaligned"): Look(2, 5)}


@pytest.mark.parametrize("causes", [["not asked: decided at look 5 of 5"], ["not asked: decided at look 3 of 77"]])
def test_a_look_that_cannot_be_is_refused(causes: list[str]) -> None:
    with pytest.raises(InputError, match="look"):
        take_looks(table({"misaligned": [None, *causes]}))


def test_looks_of_two_designs_are_refused() -> None:
    with pytest.raises(InputError, match="different designs"):
        take_looks(table({"misaligned": [None, LEFT, not_asked(Look(2, 4))]}))


def test_verdicts_rest_on_what_was_asked_at_that_look() -> None:
    asked = [None] * 200
    stopped = analyze(table({"misaligned": [*asked, *[LEFT] * 300]})).results[0]
    fixed = analyze(table({"misaligned": asked})).results[0]
    last = analyze(table({"misaligned": asked, "cheated": [None, None, LEFT]})).results[0]
    assert [(result.look, result.looks) for result in (stopped, fixed, last)] == [(2, 5), (1, 1), (5, 5)]
    assert [level.n for level in stopped.stages] == [200, 200]
    assert [level.unattempted for level in stopped.stages] == [0, 0]
    assert stopped.contrasts[0].low < last.contrasts[0].low < fixed.contrasts[0].low
