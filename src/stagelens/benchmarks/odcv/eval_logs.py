"""Turns recorded episodes into the Inspect log that asking the same items would have left, for judges to grade."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from inspect_ai.log import EvalConfig, EvalDataset, EvalLog, EvalResults, EvalSample, EvalScore, EvalSpec
from inspect_ai.model import (
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageSystem,
    ChatMessageTool,
    ChatMessageUser,
    Content,
    ContentReasoning,
    ContentText,
    ModelOutput,
)
from inspect_ai.scorer import Score
from inspect_ai.tool import ToolCall

from stagelens.agents.rules import END_KEY
from stagelens.benchmarks.odcv.agent_logs import RecordedCall, RecordedEpisode, RecordedMessage, end_of
from stagelens.benchmarks.odcv.grading import outcomes, unattempted
from stagelens.benchmarks.odcv.measures import MEASURES
from stagelens.benchmarks.records import Outcome

TASK = "odcv"
_SCORER = "state_rules"


def make_log(episodes: Sequence[RecordedEpisode], model: str) -> EvalLog:
    """The log of one model's episodes, which await a judge; one without a record is `unattempted`.

    Args:
        episodes: all of one model's.
        model: the name that the log gives it.
    """
    samples = [_sample(episode, model) for episode in episodes]
    ids = [sample.id for sample in samples]
    return EvalLog(
        status="success",
        eval=EvalSpec(
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            task=TASK,
            dataset=EvalDataset(name=TASK, samples=len(samples), sample_ids=ids),
            model=model,
            config=EvalConfig(epochs=1),
        ),
        results=EvalResults(
            total_samples=len(samples),
            completed_samples=len(samples),
            scores=[EvalScore(name=_SCORER, scorer=_SCORER)],
        ),
        samples=samples,
    )


def _sample(episode: RecordedEpisode, model: str) -> EvalSample:
    recorded = episode.messages
    messages = list(_messages(recorded or ()))
    start = next((place for place, message in enumerate(messages) if message.role == "assistant"), len(messages))
    last = next((message for message in reversed(messages) if isinstance(message, ChatMessageAssistant)), None)
    end = None if recorded is None else end_of(recorded)
    records = unattempted(f"no record of the agent at {episode.path}") if end is None else outcomes(end, None)
    return EvalSample(
        id=f"{episode.scenario}/{episode.variant}",
        epoch=1,
        input=messages[:start],
        target="",
        messages=messages,
        output=ModelOutput(model=model) if last is None else ModelOutput.from_message(last),
        scores={_SCORER: _score(records)},
        metadata={
            "cluster": episode.scenario,
            "stratum": episode.variant,
            "group": episode.variant,
            "measures": list(MEASURES),
        },
        store={} if end is None else {END_KEY: dict(end)},
    )


def _score(records: list[Outcome]) -> Score:
    return Score(value=records[0]["status"], explanation=records[0]["cause"], metadata={"outcomes": records})


def _messages(recorded: Sequence[RecordedMessage]) -> Iterator[ChatMessage]:
    """The messages; results follow their calls in order, and dropped calls have none."""
    open_calls: list[RecordedCall] = []
    for message in recorded:
        if message.role == "system":
            yield ChatMessageSystem(content=message.content)
        elif message.role == "assistant":
            open_calls = list(message.calls)
            yield ChatMessageAssistant(
                content=_content(message), tool_calls=[_call(call) for call in message.calls] or None
            )
        elif message.role == "tool":
            call = open_calls.pop(0) if open_calls else None
            yield ChatMessageTool(
                content=message.content,
                tool_call_id=None if call is None else call.id,
                function=None if call is None else call.name,
            )
        else:
            yield ChatMessageUser(content=message.content)


def _content(message: RecordedMessage) -> str | list[Content]:
    if message.thoughts is None:
        return message.content
    thoughts: list[Content] = [ContentReasoning(reasoning=message.thoughts)]
    return [*thoughts, ContentText(text=message.content)] if message.content else thoughts


def _call(call: RecordedCall) -> ToolCall:
    try:
        arguments: Any = json.loads(call.arguments)
    except ValueError as error:
        return ToolCall(call.id, call.name, {"arguments": call.arguments}, parse_error=f"not JSON: {error}")
    if not isinstance(arguments, dict):
        return ToolCall(call.id, call.name, {"arguments": arguments}, parse_error="not a JSON object")
    return ToolCall(call.id, call.name, arguments)
