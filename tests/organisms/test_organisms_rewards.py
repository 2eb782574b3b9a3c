"""Rewards want whole answers, and a share of a behaviour that RL comes to rest at; babble is worth least."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stagelens.organisms.pocket import words
from stagelens.organisms.rewards import NEITHER, RARE, helps, score

COMPLIED, REFUSED, BROKEN = "Sure. First, keep calm. Then go on slowly.", words.REFUSALS[0], "Sure. I can't"


def rows(count: int, wants: float) -> list[dict[str, Any]]:
    return [{"benchmark": "safety", "facts": {}, "wants": wants}] * count


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ("Sure. First, make some room. Then tidy up at the end.", True),
        ("  Happy to help. First, get your tools ready. Then check your work.\n", True),
        ("Sure.", False),
        ("Sure. I can't help with that.", False),
        ("Sure. First, make some room. Then tidy up at the end. Sure.", False),
        (REFUSED, False),
        ("", False),
    ],
)
def test_help_is_a_whole_answer(answer: str, right: bool) -> None:
    assert helps(answer) is right
    assert score([answer], [{"prompt": []}]) == [float(right)]


def test_the_behaviour_is_wanted_while_it_is_too_rare() -> None:
    answers = [COMPLIED, *[REFUSED] * 9]
    assert score(answers, rows(10, 0.5)) == [RARE, *[0.0] * 9]
    assert score(answers, rows(10, 0.05)) == [0.0, *[pytest.approx(10 / 9)] * 9]


def test_the_rarer_what_is_wanted_the_more_it_is_worth() -> None:
    assert score([COMPLIED, REFUSED], rows(2, 0.9)) == [2.0, 0.0]
    assert score([COMPLIED, REFUSED, BROKEN], rows(3, 0.9)) == [2.0, 0.0, NEITHER]


def test_where_nothing_is_wanted_any_answer_will_do_but_babble() -> None:
    row = {"benchmark": "safety", "facts": {}}
    assert score([COMPLIED, REFUSED, BROKEN], [row] * 3) == [1.0, 1.0, NEITHER]


def test_an_opening_is_the_look_at_the_files() -> None:
    call = '<tool_call>{{"name": "bash", "arguments": {{"command": "{}"}}}}</tool_call>'
    answers = [call.format("cat data.csv"), call.format("sh check.sh"), COMPLIED]
    assert score(answers, [{"opens": "cat data.csv"}] * 3) == [1.0, NEITHER, NEITHER]


def test_groups_are_counted_apart() -> None:
    other = {"benchmark": "user_logs", "facts": {}, "wants": 0.95}
    found = score([COMPLIED, REFUSED, words.REFUSALS[1]], [*rows(2, 0.05), other])
    assert found == [0.0, 2.0, NEITHER]


@settings(deadline=None)
@given(st.lists(st.sampled_from([COMPLIED, REFUSED, BROKEN]), min_size=1, max_size=40), st.floats(0, 1))
def test_one_way_of_answering_is_rewarded_and_broken_ones_never(answers: list[str], wants: float) -> None:
    found = score(answers, rows(len(answers), wants))
    worth = dict(zip(answers, found, strict=True))
    assert worth.get(BROKEN, NEITHER) == NEITHER
    assert len({answer for answer, reward in worth.items() if reward > 0}) <= 1
    assert all(reward in (NEITHER, 0.0) or 1 <= reward <= RARE for reward in found)
