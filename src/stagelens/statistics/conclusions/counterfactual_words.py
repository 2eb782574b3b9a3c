"""What is said of counterfactual stages: sentences where something is known, caveats where it cannot be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from stagelens.statistics.conclusions.sentences import amount
from stagelens.statistics.contrasts.competence import incompetent
from stagelens.statistics.contrasts.findings import Findings
from stagelens.statistics.contrasts.words import CHANGED, SAME
from stagelens.statistics.results import Counterfactual, Effect

SUFFICIENT: Final = {
    "same": "The SFT data alone suffice",
    "changed": "The SFT data alone do not suffice",
    "untold": "Whether the SFT data alone suffice",
}
NECESSARY: Final = {
    "same": "without them the RL reward moves nothing",
    "changed": "the RL reward moves it without them too",
    "untold": "what the RL reward does without them",
}


def counterfactual_sentences(findings: Findings, aside: Counterfactual | None) -> Iterator[str]:
    """Sentences to follow the measure's own: taught and elicited, sufficient and necessary.

    Sufficiency and necessity speak of an effect, so nothing is said of them where none of the cells is shown to differ.
    """
    if aside is None:
        return
    effects, kind = {effect.name: effect for effect in aside.effects}, findings.data.kind
    parts = [
        f"{verb} {_moved(effects[name], kind, findings.margin)}"
        for name, verb in (("taught", "its safety data"), ("elicited", "learning to answer"))
        if name in effects and effects[name].verdict in CHANGED + SAME
    ]
    if parts and findings.start is not None:
        yield f"Of {findings.data.stages[findings.start]}, {' and '.join(parts)}."
    sufficiency, necessity = effects.get("sufficiency"), effects.get("necessity")
    moves = any(effects[name].verdict in CHANGED for name in ("sft_data", "rl_reward") if name in effects)
    if sufficiency is None or necessity is None or not moves:
        return
    if any(effect.verdict in CHANGED + SAME for effect in (sufficiency, necessity)):
        yield f"{_told(sufficiency, SUFFICIENT)}; {_told(necessity, NECESSARY)}."


def counterfactual_caveats(findings: Findings, aside: Counterfactual | None) -> Iterator[str]:
    """Counterfactual stages that fail a gate, and what cannot be told without a cell of the 2×2."""
    if aside is None:
        return
    for reason in incompetent(aside.stages).values():
        yield f"competence: {reason}"
    present = {level.stage for level in aside.stages}
    named = {role for role, stage in findings.roles.counterfactuals.items() if stage in present}
    if "neither" in named and "rl_only" not in named:
        yield 'without an rl_only stage, "SFT did it" cannot be told from "either would have"'


def _moved(effect: Effect, kind: str, margin: float) -> str:
    if effect.verdict in SAME:
        return f"moved it by no more than {amount(margin, kind)}"
    size = "" if effect.difference is None else f" by {amount(effect.difference, kind)}"
    return f"{'raised' if effect.verdict == 'changed_up' else 'lowered'} it{size}"


def _told(effect: Effect, words: Mapping[str, str]) -> str:
    if effect.verdict in SAME:
        return words["same"]
    return words["changed"] if effect.verdict in CHANGED else f"{words['untold']} cannot be told"
