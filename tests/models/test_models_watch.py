"""Requests to a provider pass one place: what is no answer is never cached, and a server that is gone is left."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inspect_ai.model import CachePolicy, GenerateConfig, Model, ModelOutput, get_model

from played import output, playing
from stagelens.errors import InputError
from stagelens.models import resolve_model
from stagelens.models.patience import outage
from stagelens.models.watch import FAILURES, GivenUpError, Line, NoAnswerError, watch
from stagelens.study.spec import Stage


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INSPECT_CACHE_DIR", str(tmp_path / "cache"))


def broken_json() -> Any:
    return json.loads("<html>")


def no_choices() -> Any:
    return list(None)  # type: ignore[call-overload]


def no_message() -> Any:
    return None.content  # type: ignore[attr-defined]


def empty() -> ModelOutput:
    return output("").model_copy(update={"choices": []})


def overloaded() -> ModelOutput:
    return output("").model_copy(update={"choices": [], "error": "overloaded"})


@pytest.mark.parametrize(
    ("spoil", "cause"),
    [
        (broken_json, "the provider's answer is no JSON"),
        (no_choices, "the provider's answer lacks the fields of one"),
        (no_message, "the provider's answer lacks the fields of one"),
        (empty, "the provider's answer has no choices"),
        (overloaded, "the provider's answer has no choices: overloaded"),
    ],
)
def test_what_is_no_answer_says_so_and_is_asked_again_at_another_time(spoil: Callable[[], Any], cause: str) -> None:
    broken = [True]

    def play(prompt: str) -> Any:
        return spoil() if broken[0] else output("Yes.")

    with playing(judge=play) as sent:
        stage = Stage(name="s", kind="sft", model="stagelens_played/judge")

        def ask() -> ModelOutput:
            model = resolve_model(stage, checkpoint=None, label="s")
            return asyncio.run(model.generate("Well?", cache=CachePolicy(expiry=None)))

        with pytest.raises(NoAnswerError, match=cause):
            ask()
        broken[0] = False
        assert ask().completion == "Yes."
        assert ask().completion == "Yes."
        assert len(sent["judge"]) == 2  # the answer was kept, the fault was not


def watched(line: Line, answers: list[Any]) -> tuple[Model, list[int]]:
    """A model that gives these answers or raises them, the last over and over; and how often it was reached."""
    reached: list[int] = []

    def respond(messages: Any, tools: Any, choice: Any, config: GenerateConfig) -> ModelOutput:
        reached.append(1)
        said = answers[min(len(reached), len(answers)) - 1]
        if isinstance(said, Exception):
            raise said
        return output(said)

    return watch(get_model("mockllm/m", custom_outputs=respond, memoize=False), line), reached


def test_a_provider_that_never_answers_is_given_up_after_the_outage() -> None:
    now = [0.0]
    model, reached = watched(Line(300, clock=lambda: now[0]), [RuntimeError("connection refused\nmore")])
    for second in range(0, 300, 20):
        now[0] = second
        with pytest.raises(RuntimeError, match="connection refused"):
            asyncio.run(model.generate("Well?"))
    assert len(reached) == 15
    now[0] = 300.0
    for _ in range(50):
        with pytest.raises(GivenUpError, match=r"not asked: 15 requests in a row .* 300 s .*: connection refused$"):
            asyncio.run(model.generate("Well?"))
    assert len(reached) == 15


def test_a_time_limit_of_inspects_is_a_failure() -> None:
    line = Line(0)

    async def sleep(*request: Any, **named: Any) -> ModelOutput:
        await asyncio.sleep(60)
        raise AssertionError

    model = get_model("mockllm/m", memoize=False)
    model.api.generate = sleep  # type: ignore[method-assign]
    watch(model, line)

    async def ask() -> None:
        for _ in range(FAILURES):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(model.generate("Well?"), 0.01)
        with pytest.raises(GivenUpError, match="no answer in time"):
            await model.generate("Well?")

    asyncio.run(ask())


@given(
    events=st.lists(st.tuples(st.booleans(), st.floats(0, 200)), max_size=60),
    limit=st.floats(1, 500),
)
def test_a_line_is_given_up_only_after_enough_failures_in_a_row_over_enough_time(
    events: list[tuple[bool, float]], limit: float
) -> None:
    now = [0.0]
    line = Line(limit, clock=lambda: now[0])
    row: list[float] = []
    for answered, pause in events:
        now[0] += pause
        if answered:
            line.answered()
            row = []
        else:
            line.failed("refused")
            row.append(now[0])
        if len(row) >= FAILURES and now[0] - row[0] >= limit:
            with pytest.raises(GivenUpError):
                line.check()
        else:
            line.check()


def test_a_wrong_number_in_the_environment_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    assert outage() == 300
    monkeypatch.setenv("STAGELENS_OUTAGE", "soon")
    with pytest.raises(InputError, match=r"STAGELENS_OUTAGE is 'soon': set it to a whole number from 1 on\."):
        outage()
