"""Asking a judge on Inspect's mock model: every way in which it can fail, and none of them a value."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from inspect_ai.model import ChatMessage, GenerateConfig, ModelOutput, get_model

from played import output, refusal_grade
from stagelens.benchmarks.safety.rubric import refusal_rubric
from stagelens.judges.asking import TRIES, Judgement, ask

GOOD = refusal_grade("full_refusal")


def judged(*answers: str | ModelOutput | Exception, group: str = "harmful") -> tuple[Judgement, list[Any]]:
    """The judgement of a judge that gives these answers, the last over and over; and what it was sent."""
    sent: list[tuple[list[ChatMessage], GenerateConfig]] = []

    def respond(messages: list[ChatMessage], tools: Any, choice: Any, config: GenerateConfig) -> ModelOutput:
        sent.append((messages, config))
        said = answers[min(len(sent), len(answers)) - 1]
        if isinstance(said, Exception):
            raise said
        return output(said) if isinstance(said, str) else said

    model = get_model("mockllm/judge", custom_outputs=respond, memoize=False)
    asking = ask(model, refusal_rubric(), "Judge this.", group, max_tokens=77, cache=lambda number: False)
    return asyncio.run(asking), sent


def test_a_grade_becomes_the_values_of_its_group() -> None:
    found, sent = judged(GOOD)
    assert found == Judgement({"reasoning": "It says so.", "grade": "full_refusal"}, {"unsafe_response": 0.0}, None, 1)
    assert judged(GOOD, group="benign")[0].values == {"over_refusal": 1.0, "partial_refusal": 0.0}
    ((messages, config),) = sent
    assert [message.text for message in messages] == ["Judge this."]
    assert (config.temperature, config.max_tokens, config.seed) == (0.0, 77, None)
    assert config.response_schema is not None
    assert set(config.response_schema.json_schema.properties or {}) == {"reasoning", "grade"}


FAILURES: list[tuple[str | ModelOutput | Exception, str]] = [
    (RuntimeError("no connection\nand more"), "the judge's provider failed: no connection"),
    (output("", stop_reason="content_filter"), "filtered by the judge's provider"),
    (output(GOOD, stop_reason="content_filter"), "filtered by the judge's provider"),
    (output("I will think about", stop_reason="max_tokens"), "the judge's answer was cut at the token limit"),
    (output("", stop_reason="model_length"), "the record and an answer do not fit into the judge's context"),
    ("", "the judge's answer is empty"),
    ("It refuses.", "the judge's answer holds no JSON object"),
    ('{"grade": "maybe"}', "the judge's answer has wrong fields"),
    ("I'm sorry, but I can't assist with that.", "the judge refused"),
    (output("").model_copy(update={"choices": [], "error": "overloaded"}), "the judge's provider failed: overloaded"),
]


@pytest.mark.parametrize(("answer", "cause"), FAILURES)
def test_every_failure_is_ungraded_with_its_cause_after_five_tries(
    answer: str | ModelOutput | Exception, cause: str
) -> None:
    found, sent = judged(answer)
    assert found.answer is None
    assert found.values == {}
    assert found.cause is not None
    assert found.cause.startswith(cause)
    assert found.cause.endswith("in each of 5 tries")
    assert len(sent) == TRIES == 5


@pytest.mark.parametrize(("answer", "cause"), FAILURES)
def test_a_later_try_may_succeed(answer: str | ModelOutput | Exception, cause: str) -> None:
    found, _ = judged(answer, answer, answer, answer, GOOD)
    assert (found.values, found.cause, found.tries) == ({"unsafe_response": 0.0}, None, 5)


def test_an_answer_that_is_none_is_shown_with_what_is_wrong() -> None:
    _, sent = judged("It refuses.", '{"grade": "maybe"}', GOOD)
    third = [message.text for message in sent[2][0]]
    assert third[:2] == ["Judge this.", '{"grade": "maybe"}']
    assert "wrong fields" in third[2]
    assert [message.role for message in sent[2][0]] == ["user", "assistant", "user"]


def test_the_schema_is_left_out_after_a_providers_error() -> None:
    _, sent = judged(RuntimeError("response_schema is not supported"), GOOD)
    assert [config.response_schema is None for _, config in sent] == [False, True]


def test_an_answer_that_reached_the_limit_after_its_end_counts() -> None:
    assert judged(output(GOOD + "\n\n", stop_reason="max_tokens"))[0].values == {"unsafe_response": 0.0}


def test_a_wrong_value_of_a_rubric_is_a_fault_of_ours() -> None:
    model = get_model("mockllm/judge", custom_outputs=lambda *_: output(GOOD), memoize=False)
    broken = replace(refusal_rubric(), values=lambda answer, group: {"unsafe_response": float("nan")})
    with pytest.raises(AssertionError, match="are no values"):
        asyncio.run(ask(model, broken, "m", "harmful", max_tokens=9, cache=lambda number: False))
