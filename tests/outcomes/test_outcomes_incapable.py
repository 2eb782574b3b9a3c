"""Why there is no answer: named for stages of which more than a tenth are none."""

from __future__ import annotations

import polars as pl

from stagelens.analysis import analyze
from stagelens.outcomes.incapable import Incapable, incapable_of, incapable_sentences
from stagelens.outcomes.table import read_coded, read_table

CUT = "truncated at the token limit"


def rows(stage: str, index: int, causes: list[str | None], judges: tuple[str, ...] = ("rule:refusal",)) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {
                "family": "f",
                "stage": stage,
                "stage_index": index,
                "benchmark": "safety",
                "measure": "unsafe_response",
                "item": f"i{number:03d}",
                "value": None if cause else float(number % 2),
                "status": "incapable" if cause else "scored",
                "cause": cause or None,
                "judge": judge,
            }
            for number, cause in enumerate(causes)
            for judge in judges
        ],
        schema_overrides={"value": pl.Float64, "cause": pl.String},
    )


def family(later: list[str | None], **more: tuple[str, ...]) -> pl.DataFrame:
    return pl.concat([rows("sft", 0, [None] * len(later), **more), rows("production", 1, later, **more)])


def test_truncation_is_named_with_what_to_do() -> None:
    table = family([CUT] * 30 + ["incoherent answer"] * 2 + [None] * 68)
    (result,) = analyze(table).results
    (warning,) = [warning for warning in result.warnings if "are incapable (" in warning]
    assert warning == (
        f"production: 32 of 100 answers are incapable ({CUT}: 30, incoherent answer: 2); "
        "a larger token budget, the same for all stages, would let them end"
    )


def test_a_tenth_or_less_is_not_spoken_of() -> None:
    assert list(incapable_sentences((Incapable("sft", ((CUT, 10),)),), 100)) == []
    assert len(list(incapable_sentences((Incapable("sft", ((CUT, 11),)),), 100))) == 1


def test_babble_has_no_larger_budget_to_be_mended_by() -> None:
    causes = (("incoherent answer", 20), (CUT, 3), ("empty answer", 1))
    (sentence,) = incapable_sentences((Incapable("production", causes),), 100)
    assert sentence == f"production: 24 of 100 answers are incapable (incoherent answer: 20, {CUT}: 3, …)"


def test_coded_tables_several_judges_and_missing_causes_count_alike() -> None:
    table = family([CUT, "", None, None], judges=("rule:refusal", "other"))
    table = table.with_columns(
        status=pl.when((pl.col("item") == "i001") & (pl.col("stage") == "production"))
        .then(pl.lit("incapable"))
        .otherwise("status"),
        value=pl.when((pl.col("item") == "i001") & (pl.col("stage") == "production")).then(None).otherwise("value"),
    )
    expected = {("f", "safety", "unsafe_response"): (Incapable("production", (("no cause given", 1), (CUT, 1))),)}
    assert incapable_of(read_table(table)) == expected
    assert incapable_of(read_coded(table)) == expected
    assert incapable_of(read_table(family([None] * 3))) == {}
