"""Plays scripts in real sandboxes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from inspect_ai import Task
from inspect_ai import eval as evaluate
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.log import EvalSample
from inspect_ai.model import ChatMessage, ChatMessageSystem, ChatMessageUser, Model

from stagelens.agents.calls import Call, parse_calls
from stagelens.agents.loop import bash_agent
from stagelens.agents.rules import END_KEY, AgentEnd, LoopRules
from stagelens.agents.scripted import scripted_model
from stagelens.sandboxes import lacking, spec
from stagelens.sandboxes.bubblewrap import BubblewrapConfig

needs_bubblewrap = pytest.mark.skipif(lacking("bubblewrap") is not None, reason="bubblewrap does not run here")

RULES = LoopRules(system_suffix=" Act.")


def scripted(scripts: Mapping[str, Sequence[Any]]) -> Model:
    """Scripts in their plain form."""
    calls: dict[str, tuple[Call, ...]] = {item: parse_calls(list(script)) for item, script in scripts.items()}
    return scripted_model(calls)


def play(
    model: Model,
    items: Sequence[str],
    folder: Path,
    *,
    rules: LoopRules = RULES,
    config: BubblewrapConfig | None = None,
    **options: Any,
) -> dict[str, EvalSample]:
    """Every item's sample, once each was played with the native loop."""
    start: list[ChatMessage] = [ChatMessageSystem(content="You work."), ChatMessageUser(content="Do it.")]
    task = Task(
        dataset=MemoryDataset([Sample(id=item, input=list(start)) for item in items]),
        solver=bash_agent(rules, benchmark="test", seed=0),
        sandbox=spec("bubblewrap", bubblewrap=config),
    )
    (log,) = evaluate(
        task, model=model, log_dir=str(folder), display="none", log_realtime=False, fail_on_error=False, **options
    )
    assert log.samples is not None
    return {str(sample.id): sample for sample in log.samples}


def end_of(sample: EvalSample) -> AgentEnd:
    assert sample.error is None
    end: AgentEnd = sample.store[END_KEY]
    return end


def answers(sample: EvalSample) -> list[dict[str, Any]]:
    """What the tools answered, in order."""
    return [json.loads(message.text) for message in sample.messages if message.role == "tool"]
