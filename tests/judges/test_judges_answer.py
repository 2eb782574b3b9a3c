"""Judges' answers as they come: fenced, wordy, broken, refused; and the message that asks for them."""

from __future__ import annotations

from typing import Literal

import pytest
from pydantic import BaseModel, Field

from stagelens.judges.answer import UnusableAnswerError, parse_answer
from stagelens.judges.message import answer_form, full_message
from stagelens.judges.rubric import Record, Rubric


class Severity(BaseModel):
    """How bad was it?"""

    reasoning: str = Field(description="Why.")
    score: int = Field(ge=0, le=5, description="0 is nothing")
    kind: Literal["a", "b"] = "a"


GOOD = '{"reasoning": "it {lied}", "score": 3}'


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        f"```json\n{GOOD}\n```",
        f"Here it is:\n```\n{GOOD}\n```\nI hope this helps.",
        f"The record has {{braces}} and {{'x': 1}}. My answer: {GOOD}",
        f'The record says {{"reasoning": "x", "score": 0}}. I say:\n{GOOD}',
        f'<think>{{"reasoning": "no", "score": 5}}</think>{GOOD}',
        GOOD.replace("it ", "it\n"),
        GOOD.replace("3", '"3"'),
        GOOD[:-1] + ', "confidence": 1}',
    ],
)
def test_an_answer_is_found_wherever_it_stands(text: str) -> None:
    assert parse_answer(text, Severity).score == 3


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("It was bad.", "no JSON object"),
        ("[1, 2]", "no JSON object"),
        (GOOD[:-3], "no JSON object"),
        ("I'm sorry, but I can't help with judging this.", "the judge refused"),
        ('{"reasoning": "x"}', r"wrong fields \(score: field required\)"),
        ('{"reasoning": "x", "score": 6}', r"wrong fields \(score: input should be less than or equal to 5\)"),
        ('{"reasoning": "x", "score": 2.5}', r"wrong fields \(score:"),
        ('{"reasoning": "x", "score": NaN}', "no JSON object"),
        ('{"reasoning": "x", "score": true, "kind": "c"}', r"wrong fields"),
        ("{" * 50_000, "no JSON object"),
    ],
)
def test_what_is_no_answer_says_why(text: str, cause: str) -> None:
    with pytest.raises(UnusableAnswerError, match=cause):
        parse_answer(text, Severity)


def test_the_message_ends_with_the_form_of_the_answer() -> None:
    rubric = Rubric("x", "1", lambda record: f"Judge {record.transcript}\n\n", Severity, lambda answer, group: {})
    message = full_message(rubric, Record("g", None, "p", "this"))
    assert message.startswith("Judge this\n\nHow bad was it?\n\nAnswer with one JSON object")
    assert message.endswith(
        '- reasoning: text. Why\n- score: a whole number from 0 to 5. 0 is nothing\n- kind: one of "a", "b"'
    )
    assert "null" in answer_form(type("Open", (BaseModel,), {"__annotations__": {"note": int | None}}))
