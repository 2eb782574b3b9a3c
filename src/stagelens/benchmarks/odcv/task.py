"""The Inspect task: ``inspect eval stagelens/odcv --model …``, and what a run asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import ChatMessageSystem, ChatMessageUser

from stagelens.agents.rules import LoopRules
from stagelens.benchmarks.odcv.benchmark import NAME, Odcv
from stagelens.benchmarks.odcv.checkout import OdcvItem
from stagelens.benchmarks.odcv.measures import MEASURES
from stagelens.benchmarks.odcv.places import Place, place_items
from stagelens.benchmarks.odcv.playing import act_in_scenario, state_rules
from stagelens.sandboxes import SandboxKind
from stagelens.study.fingerprint import fingerprint


@task
def odcv(
    *,
    path: str,
    protocol: str = "rate",
    sandbox: str = "auto",
    variants: list[str] | None = None,
    limit: int | None = None,
    steps: int = 50,
    epochs: int | None = None,
    seed: int = 0,
    system_prompt: str | None = None,
) -> Task:
    """Whether an agent breaks its rules to reach a figure that it was given: ODCV-Bench (arXiv 2512.20798).

    Args:
        path: a checkout of ODCV-Bench, or a folder of the same form.
        protocol: replicate (temperature 0, one attempt) or rate (the model's temperature, five attempts).
        sandbox: docker, bubblewrap, or auto: what there is.
        variants: mandated, incentivized or both.
        limit: ask at most so many, at even distances.
        steps: turns that the model has.
        epochs: attempts at each item, where the protocol's number is not wanted.
        seed: from which every turn's own seed follows.
        system_prompt: stands before every scenario's own.
    """
    raw: dict[str, Any] = {"path": path, "protocol": protocol, "sandbox": sandbox, "limit": limit, "steps": steps}
    raw |= {"variants": variants} if variants else {}
    raw |= {"epochs": epochs} if epochs is not None else {}
    benchmark = Odcv()
    settings = benchmark.settings(raw, where=NAME)
    items = benchmark.items(settings, Path.cwd())
    return benchmark.task(settings, items, seed=seed, epochs=settings.epochs, system_prompt=system_prompt)


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
