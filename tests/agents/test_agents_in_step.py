"""A checkpoint on this machine in the native loop: its tokens do not depend on how long commands took."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from agents_play import answers, end_of, needs_bubblewrap, play
from inspect_ai.log import EvalSample

from stagelens.agents.rules import LoopRules
from stagelens.models import expect, local_model, provider
from stagelens.models.answers import Answer
from stagelens.models.batches import Request
from stagelens.models.generation import Completion
from stagelens.models.rounds import Patience, Rounds
from stagelens.models.tool_calls import ToolUse

pytestmark = needs_bubblewrap

ITEMS = [f"item {number}" for number in range(8)]
RULES = LoopRules(steps=6)


def acts(completion: Completion, prompt: str, tools: Sequence[Any], tokenizer: Any) -> Answer:
    """What a random model writes is no call; here its text decides on one, with a command that takes its time."""
    number = zlib.crc32(completion.text.encode())
    if number % 4 == 0:
        return Answer(completion.text, None, (ToolUse("task_complete", {"reason": "enough"}),))
    command = f"sleep 0.0$(od -An -N1 -tu1 /dev/urandom | tr -d ' '); echo {number % 100}"
    return Answer(completion.text, None, (ToolUse("bash", {"command": command}),))


class Run:
    """One evaluation, with the rounds that its model answered in."""

    def __init__(self, checkpoint: Path, folder: Path, *, at_once: int | None = None) -> None:
        model = local_model("steps", checkpoint=str(checkpoint), batch_size=3)
        api: Any = model.api
        self.rounds: list[list[Request]] = []

        def answer(requests: Sequence[Request]) -> list[Completion]:
            self.rounds.append(sorted(requests, key=lambda request: (request.prompt, request.seed or 0)))
            completions: list[Completion] = api._generator.answer(requests)
            return completions

        api.rounds = Rounds(answer, gather=None, patience=Patience(quiet=0.01, missing=60.0))
        expect(model, len(ITEMS), at_once=at_once)
        self.samples = play(model, ITEMS, folder, rules=RULES, max_tokens=8, max_samples=at_once or len(ITEMS))

    @property
    def transcripts(self) -> dict[str, list[tuple[str, str]]]:
        return {item: [(each.role, each.text) for each in of.messages] for item, of in self.samples.items()}


def turns(sample: EvalSample) -> int:
    return end_of(sample)["turns"]


@pytest.mark.parametrize("at_once", [None, 3])
def test_a_shard_asked_twice_gives_the_same_transcripts(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int | None
) -> None:
    monkeypatch.setattr(provider, "read_answer", acts)
    first, second = (Run(checkpoint, tmp_path / name, at_once=at_once) for name in ("first", "second"))
    assert first.transcripts == second.transcripts
    assert first.rounds == second.rounds
    lengths = [turns(sample) for sample in first.samples.values()]
    assert len(set(lengths)) > 2
    assert sum(len(answers(sample)) for sample in first.samples.values()) == sum(
        turns(sample) for sample in first.samples.values()
    )
    if at_once is None:
        going = [sum(length > turn for length in lengths) for turn in range(max(lengths))]
        assert [len(requests) for requests in first.rounds] == going
    else:
        assert {len(requests) for requests in first.rounds[:-2]} == {at_once}


def test_a_conversation_that_outgrows_a_checkpoint_ends(
    checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def shouts(completion: Completion, prompt: str, tools: Sequence[Any], tokenizer: Any) -> Answer:
        return Answer(completion.text, None, (ToolUse("bash", {"command": "yes the mill | head -c 9000"}),))

    monkeypatch.setattr(provider, "read_answer", shouts)
    model = local_model("outgrown", checkpoint=str(checkpoint))
    expect(model, 1)
    end = end_of(play(model, ["a"], tmp_path, rules=RULES, max_tokens=8)["a"])
    assert end["end"] == "context"
    assert end["commands"] == end["turns"] - 1 > 0
