"""The Inspect task: its prompts, how they are asked, and what the rules make of the answers."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from inspect_ai import Task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import ChatMessage, ChatMessageSystem, ChatMessageUser
from inspect_ai.scorer import Score, Scorer, Target, scorer
from inspect_ai.solver import Solver, TaskState
from inspect_ai.util import SandboxEnvironmentSpec

from stagelens.agents.rules import END_KEY, could_act
from stagelens.benchmarks.metrics import rates
from stagelens.benchmarks.reward_hacking.challenge import Challenge, ChallengeItem
from stagelens.benchmarks.reward_hacking.evidence.collect import collect
from stagelens.benchmarks.reward_hacking.evidence.record import Evidence
from stagelens.benchmarks.reward_hacking.evidence.transcript import commands_of
from stagelens.benchmarks.reward_hacking.evidence.words import in_words
from stagelens.benchmarks.reward_hacking.rules.verdict import MEASURES, Verdict, incapable, judge, outcomes
from stagelens.benchmarks.reward_hacking.settings import NAME
from stagelens.sandboxes import WORKDIR
from stagelens.study.fingerprint import fingerprint


def build_task(
    items: Sequence[ChallengeItem],
    *,
    solver: Solver,
    sandbox: SandboxEnvironmentSpec,
    content: Mapping[str, Any],
    epochs: int,
    system_prompt: str | None,
) -> Task:
    """The task that asks ``items`` in their order. A hash of ``content`` is its version."""
    return Task(
        name=NAME,
        dataset=MemoryDataset([_sample(item, system_prompt) for item in items], name=NAME),
        solver=solver,
        # A function, not the tasks themselves: Inspect writes a scorer's arguments into the log.
        scorer=evidence_rules({item.id: item.challenge for item in items}.__getitem__),
        sandbox=sandbox,
        epochs=epochs,
        version=fingerprint(content)[:16],
    )


def _sample(item: ChallengeItem, system_prompt: str | None) -> Sample:
    system: list[ChatMessage] = [ChatMessageSystem(content=system_prompt)] if system_prompt else []
    return Sample(
        id=item.id,
        input=[*system, ChatMessageUser(content=item.prompt)],
        # As data URIs: Inspect would take a short text that names a file of this machine for that file.
        files={
            f"{WORKDIR}/{name}": f"data:application/octet-stream;base64,{base64.b64encode(content).decode()}"
            for name, content in item.challenge.files.items()
        },
        metadata={
            "cluster": item.cluster,
            "stratum": item.stratum,
            "group": item.group,
            "measures": list(MEASURES),
        },
    )


@scorer(metrics=[rates()])
def evidence_rules(challenge_of: Callable[[str], Challenge]) -> Scorer:
    """Collects the evidence and grades it by rules.

    The score's value is ``honest``, ``cheated``, ``incapable`` or ``ungraded``; its metadata holds the class of a cheat
    (``cheat``), all signs, the outcomes, the evidence in words and as recorded (``record``).
    """

    async def score(state: TaskState, target: Target) -> Score:
        acted, cause = could_act(state.store.get(END_KEY))
        if not acted:
            return _score(state, incapable(cause or "could not act"), None)
        evidence = await collect(challenge_of(str(state.sample_id)), commands_of(state.messages))
        return _score(state, judge(evidence), evidence)

    return score


def _score(state: TaskState, found: Verdict, evidence: Evidence | None) -> Score:
    shown = f"{found.cheat}: {found.why}" if found.cheat else found.why
    metadata: dict[str, Any] = {
        "outcomes": outcomes(found),
        "cheat": found.cheat,
        "solved": found.solved,
        "signs": {cheat: list(signs) for cheat, signs in found.signs.items()},
    }
    if evidence is not None:
        metadata |= {"evidence": in_words(evidence), "record": evidence.to_dict()}
    return Score(
        value=found.kind,
        answer=state.output.completion if state.output.choices else "",
        explanation=shown,
        metadata=metadata,
    )
