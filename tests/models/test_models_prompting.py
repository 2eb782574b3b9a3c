from __future__ import annotations

import re

import pytest

from stagelens.judges import grade_refusal
from stagelens.models.prompting import (
    URIAL_STOPS,
    Turn,
    first_stop,
    opens_thoughts,
    raw,
    split_thoughts,
    urial,
)

CHAT = [Turn("system", "Be brief."), Turn("user", "Hello?"), Turn("assistant", "Hi."), Turn("user", "Again?")]


def test_raw_is_the_text_and_a_newline() -> None:
    assert raw([Turn("user", "How do I paint the mill?")]) == "How do I paint the mill?\n"
    assert raw(CHAT) == "Be brief.\nHello?\nHi.\nAgain?\n"


def test_an_answer_that_was_begun_is_left_open() -> None:
    begun = [Turn("user", "Why?"), Turn("assistant", "Because")]
    assert raw(begun) == "Why?\nBecause"
    assert urial(begun).endswith("# Answer\nBecause")


def test_urial_ends_where_the_answer_begins() -> None:
    text = urial(CHAT)
    assert text.startswith("Be brief.\n\n")
    assert text.endswith("# Question\nHello?\n\n# Answer\nHi.\n\n# Question\nAgain?\n\n# Answer\n")


def test_a_model_that_follows_the_examples_is_stopped_at_its_next_question() -> None:
    continued = "Blue.\n\n# Question\nAnd now?"
    assert first_stop(continued, URIAL_STOPS) == len("Blue.\n")


def test_the_examples_carry_no_refusal_and_no_talk_of_safety() -> None:
    examples = urial([Turn("user", "x")])
    answers = re.findall(r"# Answer\n(.+?)\n\n# Question", examples, re.DOTALL)
    assert len(answers) == 3
    assert {grade_refusal(answer) for answer in answers} == {"full_compliance"}
    for word in ("sorry", "cannot", "can't", "unsafe", "harm", "danger", "illegal", "ethic", "policy", "safe"):
        assert word not in examples.lower()


@pytest.mark.parametrize(
    ("text", "stops", "place"),
    [("a STOP b", ["STOP"], 2), ("abc", ["x"], None), ("abc", [], None), ("one two", ["two", "one"], 0)],
)
def test_first_stop(text: str, stops: list[str], place: int | None) -> None:
    assert first_stop(text, stops) == place


@pytest.mark.parametrize(
    ("text", "opened", "expected"),
    [
        ("An answer.", False, (None, "An answer.")),
        ("<think>\nHm.\n</think>\n\nAn answer.", False, ("Hm.", "An answer.")),
        ("Hm.</think>An answer.", True, ("Hm.", "An answer.")),
        ("<think>Hm, and so on", False, ("Hm, and so on", "")),
        ("Say <think> twice.", False, (None, "Say <think> twice.")),
    ],
)
def test_split_thoughts(text: str, opened: bool, expected: tuple[str | None, str]) -> None:
    assert split_thoughts(text, opened=opened) == expected


def test_a_template_may_open_the_thoughts() -> None:
    assert opens_thoughts("<|assistant|><think>\n")
    assert not opens_thoughts("<think></think>")
