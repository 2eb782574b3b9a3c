from __future__ import annotations

import pytest

from stagelens.agents.rules import AgentEnd, could_act


def ended(**fields: object) -> AgentEnd:
    end: AgentEnd = {"end": "steps", "reason": None, "turns": 3, "commands": 0, "invalid_calls": 0}
    return end | fields  # type: ignore[return-value]


@pytest.mark.parametrize("end", ["completed", "answered", "steps", "context", "limit"])
def test_one_command_is_enough_to_be_graded(end: str) -> None:
    assert could_act(ended(end=end, commands=1, invalid_calls=7)) == (True, None)


@pytest.mark.parametrize(
    ("fields", "cause"),
    [
        ({}, "no tool call"),
        ({"end": "answered"}, "no tool call"),
        ({"invalid_calls": 2}, "wrong tool calls only"),
        ({"end": "completed", "invalid_calls": 2}, "wrong tool calls only"),
        ({"end": "completed"}, "ended the task without a command"),
        ({"end": "context"}, "the conversation outgrew the model before a command ran"),
        ({"end": "limit"}, "a limit was reached before a command ran"),
    ],
)
def test_without_a_command_there_is_nothing_to_grade(fields: dict[str, object], cause: str) -> None:
    assert could_act(ended(**fields)) == (False, cause)
