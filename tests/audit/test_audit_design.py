"""Which mixtures an audit trains: one source at a time, in part, drawn, or by who taught; and what that costs."""

from __future__ import annotations

import pytest

from stagelens.audit.design import OTHERS, RL_TAUGHT, design, taught_by_rl
from stagelens.audit.variants import Variant
from stagelens.errors import InputError
from stagelens.study.spec import Provenance

AMOUNTS = {"refusals": 30, "plain": 60, "code": 10}
NOBODY = dict.fromkeys(AMOUNTS, Provenance())
RL = Provenance(author="model", teacher="big", teacher_stage="rl")


def names(*found: tuple[Variant, ...]) -> list[list[str]]:
    return [[each.name for each in group] for group in found]


def test_up_to_twenty_sources_are_left_out_one_by_one() -> None:
    made = design(AMOUNTS, NOBODY, seeds=2)
    assert names(made.one_by_one, made.drawn, made.taught) == [
        ["without-refusals", "without-plain", "without-code"],
        [],
        [],
    ]
    # Twice: all of it, and 70, 40 and 90 of 100 rows.
    assert made.trainings(AMOUNTS) == pytest.approx(2 * (1 + 2.0))


def test_beyond_that_mixtures_are_drawn() -> None:
    many = {f"source-{n}": 5 for n in range(21)}
    made = design(many, dict.fromkeys(many, Provenance()), seeds=1)
    assert not made.one_by_one
    assert len(made.drawn) == 42
    assert made.drawn == design(many, dict.fromkeys(many, Provenance()), seeds=1).drawn
    few = design(many, dict.fromkeys(many, Provenance()), seeds=1, sources=["source-3"])
    assert names(few.one_by_one, few.drawn) == [["without-source-3"], []]


def test_parts_stay() -> None:
    made = design(AMOUNTS, NOBODY, seeds=1, sources=["plain"], kept=[0.5])
    assert [dict(each.kept) for each in made.one_by_one] == [{"plain": 0.5}]
    assert made.trainings(AMOUNTS) == pytest.approx(1 + 0.7)
    both = design(AMOUNTS, NOBODY, seeds=1, kept=[0.5, 0.0])
    assert names(both.one_by_one)[0][::3] == ["without-refusals", "refusals-at-0.5"]


def test_what_is_all_or_nothing_is_refused_where_it_is_named_and_not_tried_elsewhere() -> None:
    small, nobody = {"single": 1, "plain": 9}, dict.fromkeys(("single", "plain"), Provenance())
    with pytest.raises(InputError, match=r"'single' gives 1 row.*all or nothing"):
        design(small, nobody, seeds=1, sources=["single"], kept=[0.4])
    assert names(design(small, nobody, seeds=1, kept=[0.4]).one_by_one) == [["plain-at-0.4"]]
    with pytest.raises(InputError, match="Every source has one row"):
        design({"single": 1}, nobody, seeds=1, kept=[0.4])


@pytest.mark.parametrize(
    ("said", "known"),
    [
        (Provenance(), None),
        (Provenance(author="model"), None),
        (Provenance(teacher_stage="unknown"), None),
        (Provenance(author="human"), False),
        (Provenance(author="template"), False),
        (Provenance(author="model", teacher_stage="sft"), False),
        (RL, True),
    ],
)
def test_who_was_taught_by_rl(said: Provenance, known: bool | None) -> None:
    assert taught_by_rl(said) is known


def test_what_rl_trained_teachers_wrote_is_left_out_together() -> None:
    made = design(AMOUNTS, NOBODY | {"refusals": RL, "code": RL}, seeds=1)
    assert [(each.name, set(each.kept)) for each in made.taught] == [
        (f"without-{RL_TAUGHT}", {"refusals", "code"}),
        # One source is left out already.
        ("without-plain", {"plain"}),
    ]
    assert len(made.variants) == 4
    assert not design(AMOUNTS, dict.fromkeys(AMOUNTS, RL), seeds=1).taught
    drawn = design(AMOUNTS, NOBODY | {"refusals": RL}, seeds=1, mixtures=6)
    assert names(drawn.taught) == [[f"without-{RL_TAUGHT}", f"without-{OTHERS}"]]


def test_a_source_that_is_not_there_is_named() -> None:
    with pytest.raises(InputError, match="did you mean 'refusals'"):
        design(AMOUNTS, NOBODY, seeds=1, sources=["refusal"])


def test_random_mixtures_are_refused_before_anything_is_trained_where_they_cannot_tell() -> None:
    with pytest.raises(InputError, match="3 mixtures cannot tell 3 sources apart"):
        design(AMOUNTS, NOBODY, seeds=1, mixtures=3)
    for more in ({"sources": ["plain"]}, {"kept": [0.5]}):
        with pytest.raises(InputError, match="wholly or not at all"):
            design(AMOUNTS, NOBODY, seeds=1, mixtures=6, **more)  # type: ignore[arg-type]
