"""Filters: what each condition keeps, and what is said of one that cannot be meant."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stagelens.errors import InputError
from stagelens.stages.mixture import read_source
from stagelens.stages.mixture.filters import Filter
from stagelens.study.spec import Source

ROW = {
    "lang": "en",
    "score": 3,
    "good": True,
    "none": None,
    "meta": {"origin": {"site": "wild.org"}, "day": "2024-05-01"},
    "a.b": 1,
    "messages": [{"role": "system", "content": ""}, {"role": "user", "content": "Hi"}],
}


@pytest.mark.parametrize(
    ("wanted", "kept"),
    [
        ({}, True),
        ({"lang": "en"}, True),
        ({"lang": "de"}, False),
        ({"lang": ["de", "en"]}, True),
        ({"lang": ["de", "fr"]}, False),
        ({"lang": "en", "score": 3}, True),
        ({"lang": "en", "score": 4}, False),
        ({"score": 3.0}, True),
        ({"good": True}, True),
        ({"good": 1}, False),
        ({"score": {"min": 3}}, True),
        ({"score": {"min": 3, "max": 3}}, True),
        ({"score": {"min": 3.5}}, False),
        ({"score": {"max": 2}}, False),
        ({"score": {"min": "3"}}, False),
        ({"good": {"min": 0}}, False),
        ({"lang": {"min": 0}}, False),
        ({"meta.day": {"min": "2024-01-01", "max": "2024-12-31"}}, True),
        ({"meta.day": {"min": datetime.date(2024, 6, 1)}}, False),
        ({"lang": {"matches": "^e"}}, True),
        ({"lang": {"matches": "N"}}, False),
        ({"score": {"matches": "3"}}, False),
        ({"lang": {"not": "de"}}, True),
        ({"lang": {"not": "en"}}, False),
        ({"lang": {"not": ["de", "en"]}}, False),
        ({"lang": {"not": {"matches": "^d"}}}, True),
        ({"score": {"not": {"min": 3}}}, False),
        ({"lang": [{"matches": "^d"}, {"matches": "n$"}]}, True),
        ({"none": None}, True),
        ({"absent": None}, True),
        ({"lang": None}, False),
        ({"none": "x"}, False),
        ({"none": {"not": "x"}}, False),
        ({"absent": {"not": "x"}}, False),
        ({"lang": {"not": None}}, True),
        ({"none": {"not": None}}, False),
        ({"none": ["x", None]}, True),
        ({"meta.origin.site": "wild.org"}, True),
        ({"meta.origin.site": {"matches": r"\.org$"}}, True),
        ({"meta.origin.other": "x"}, False),
        ({"lang.deeper": "x"}, False),
        ({"a.b": 1}, True),
        ({"messages.1.role": "user"}, True),
        ({"messages.0.content": {"matches": r"\S"}}, False),
        ({"messages.2.role": "user"}, False),
    ],
)
def test_what_is_kept(wanted: dict[str, Any], kept: bool) -> None:
    assert Filter(wanted, "s").keeps(ROW) is kept


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"lang": {"matches": "("}}, "filter field `lang`: `matches` is no regular expression"),
        ({"lang": {"matches": 3}}, "`matches` must be a regular expression"),
        ({"score": {"mim": 3}}, "there is no condition `mim`; did you mean `min`?"),
        ({"score": {"xyz": 3}}, "known: min, max, matches, not."),
        ({"score": {"min": None}}, "`min` must be a number or a text"),
        ({"score": {"max": True}}, "`max` must be a number or a text"),
        ({"score": {}}, "needs one of min, max, matches, not"),
        ({"score": []}, "an empty list keeps nothing"),
        ({"lang": {"not": {"matches": "["}}}, "is no regular expression"),
    ],
)
def test_a_condition_that_is_none_is_refused(wanted: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as caught:
        Filter(wanted, "safety")
    assert str(caught.value).startswith("Source 'safety': filter field `")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@given(st.lists(st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=3)), min_size=1), st.integers())
def test_a_condition_and_its_opposite_split_the_rows_that_have_the_field(values: list[Any], bound: int) -> None:
    for condition in ({"min": bound}, {"matches": "a"}, ["x", bound]):
        kept, rest = Filter({"f": condition}, "s"), Filter({"f": {"not": condition}}, "s")
        for value in values:
            assert kept.keeps({"f": value}) + rest.keeps({"f": value}) == (value is not None)


def test_nothing_kept_and_a_field_that_no_row_has_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("".join(json.dumps({"text": "t", "lang": lang}) + "\n" for lang in ("en", "de")))

    def read(wanted: dict[str, Any]) -> None:
        read_source(Source(name="s", path="a.jsonl", filter=wanted), tmp_path, "pretrain")

    with pytest.raises(InputError, match=r"no row of .*a\.jsonl has lang = 'fr'; mend its `filter`"):
        read({"lang": "fr"})
    with pytest.raises(InputError, match="has the field `langs` of its `filter`; did you mean `lang`"):
        read({"langs": {"not": "en"}})
    with pytest.raises(InputError, match="its rows have `text`, `lang`"):
        read({"zzz.deep": None})


def test_a_table_says_what_columns_it_has(tmp_path: Path) -> None:
    pl.DataFrame({"text": ["t"], "lang": ["en"], "a.b": [1], "c": [{"d": 2}]}).write_parquet(tmp_path / "a.parquet")

    def read(wanted: dict[str, Any]) -> int:
        return len(read_source(Source(name="s", path="a.parquet", filter=wanted), tmp_path, "pretrain").rows)

    assert read({"lang": "en", "a.b": 1, "c.d": 2}) == 1
    with pytest.raises(InputError, match="did you mean `lang`"):
        read({"lnag": "en"})


def test_dates_of_a_table_are_compared_in_iso_form(tmp_path: Path) -> None:
    days = [datetime.datetime(2024, month, 1) for month in range(1, 13)]
    pl.DataFrame({"text": [str(n) for n in range(12)], "day": days}).write_parquet(tmp_path / "a.parquet")
    found = read_source(
        Source(name="s", path="a.parquet", filter={"day": {"min": "2024-03", "max": "2024-05-15"}}),
        tmp_path,
        "pretrain",
    )
    assert [row["text"] for row in found.rows] == ["2", "3", "4"]
