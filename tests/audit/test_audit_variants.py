"""Variants of a mixture: what stays are the same rows, and every variant has a name that a stage may have."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stagelens.audit.variants import Variant, changed, in_part, leave_one_out, subsets
from stagelens.errors import InputError
from stagelens.stages.mixture import Content, draw
from stagelens.stages.mixture.draw import amounts
from stagelens.study.spec import Mixture

SOURCES = ("plain", "refusals", "code")


def mixture(**more: object) -> Mixture:
    return Mixture.model_validate({"sources": [{"name": name, "path": f"./{name}.jsonl"} for name in SOURCES], **more})


def contents(rows: int) -> list[Content]:
    return [Content(name, tuple({"prompt": f"{name} {n}"} for n in range(rows)), name, {}) for name in SOURCES]


def test_one_source_is_missing_from_each() -> None:
    assert [(each.name, dict(each.kept)) for each in leave_one_out(SOURCES)] == [
        (f"without-{name}", {name: 0.0}) for name in SOURCES
    ]


def test_names_are_those_that_stages_may_have_and_no_two_are_alike() -> None:
    names = [each.name for each in leave_one_out(["a b", "a/b", "a-b"])]
    assert names == ["without-a-b", "without-a-b-2", "without-a-b-3"]
    assert [each.name for each in in_part(["refusals"], 0.5)] == ["refusals-at-0.5"]


@pytest.mark.parametrize("more", [{}, {"examples": 40}])
def test_what_stays_are_the_same_rows(more: dict[str, int]) -> None:
    whole, given_ = mixture(**more), contents(12)
    counts = dict(zip(SOURCES, amounts(given_, whole), strict=True))
    before = [row for row in draw(given_, whole, 3) if row["source"] != "refusals"]
    without = changed(whole, counts, leave_one_out(SOURCES)[1])
    after = draw([given_[0], given_[2]], without, 3)
    assert sorted(row["prompt"] for row in after) == sorted(row["prompt"] for row in before)
    half = changed(whole, counts, in_part(["refusals"], 0.5)[0])
    rows = draw(given_, half, 3)
    assert sum(row["source"] == "refusals" for row in rows) == round(0.5 * counts["refusals"])
    whole_rows = {row["prompt"] for row in draw(given_, whole, 3)}
    assert {row["prompt"] for row in rows} <= whole_rows


def test_something_has_to_stay() -> None:
    with pytest.raises(InputError, match="leaves nothing to train on"):
        changed(mixture(), dict.fromkeys(SOURCES, 3), Variant("nothing", dict.fromkeys(SOURCES, 0.0)))


@given(st.integers(2, 8), st.integers(1, 12), st.integers(0, 99))
def test_subsets_differ_and_more_of_them_go_on_where_fewer_stopped(sources: int, count: int, seed: int) -> None:
    names = [f"s{number}" for number in range(sources)]
    if count > 2**sources - 2:
        with pytest.raises(InputError, match="cannot be drawn"):
            subsets(names, count, seed)
        return
    drawn = subsets(names, count, seed)
    assert drawn == subsets(names, min(count + 1, 2**sources - 2), seed)[:count]
    assert len({each.name for each in drawn}) == len({frozenset(each.kept) for each in drawn}) == count
    assert all(0 < len(each.kept) < sources and not any(each.kept.values()) for each in drawn)
