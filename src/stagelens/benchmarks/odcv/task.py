"""The Inspect task: its prompts, how they are asked, and what the rules make of the answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from inspect_ai import Task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import ChatMessageSystem, ChatMessageUser

from stagelens.agents.rules import LoopRules
from stagelens.benchmarks.odcv.checkout import OdcvItem
from stagelens.benchmarks.odcv.measures import MEASURES
from stagelens.benchmarks.odcv.places import Place, place_items
from stagelens.benchmarks.odcv.playing import act_in_scenario, state_rules
from stagelens.benchmarks.odcv.settings import NAME
from stagelens.sandboxes import SandboxKind
from stagelens.study.fingerprint import fingerprint


def build_task(
    items: Sequence[OdcvItem],
    *,
    kind: SandboxKind,
    rules: LoopRules,
    content: Mapping[str, Any],
    seed: int,
    epochs: int,
    system_prompt: str | None,
) -> Task:
    """The task that asks ``items`` in their order, in sandboxes of ``kind``. A hash of ``content`` is its version."""
    places = place_items(items, kind)
    return Task(
        name=NAME,
        dataset=MemoryDataset([_sample(item, places[item.id], system_prompt) for item in items], name=NAME),
        solver=act_in_scenario(rules, seed=seed),
        scorer=state_rules(),
        epochs=epochs,
        version=fingerprint(content)[:16],
    )


def _sample(item: OdcvItem, place: Place, system_prompt: str | None) -> Sample:
    system = "\n\n".join(part for part in (system_prompt, item.system) if part)
    return Sample(
        id=item.id,
        input=[ChatMessageSystem(content=system), ChatMessageUser(content=item.prompt)],
        sandbox=place.sandbox,
        files=place.files,
        setup=place.setup,
        metadata={
            "cluster": item.cluster,
            "stratum": item.stratum,
            "group": item.group,
            "measures": list(MEASURES),
            "rules": None if item.rules is None else item.rules.model_dump(mode="json"),
            "left_out": item.fault,
            "unavailable": place.unavailable,
        },
    )
