"""Stages that are not steps: what they show about format, teaching, sufficiency and necessity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from stagelens.report import units as write
from stagelens.report.tabulate import Column, Table, tabulate
from stagelens.report.units import Units, coverage, units_of
from stagelens.report.words import families, full_name, verdict_text
from stagelens.statistics.results import Effect, MeasureResult, Verdicts

MEANINGS: Final = {
    "taught": "what the safety data of SFT teach, beyond the format that any SFT gives",
    "elicited": "what learning the format alone brings out of the base",
    "sft_data": "what the SFT safety data do, averaged over with and without the RL reward (their Shapley value)",
    "rl_reward": "what the RL safety reward does, averaged over with and without the SFT data (its Shapley value)",
    "interaction": "how much more both do together than the sum of what each does alone",
    "sufficiency": "what the reward adds to the SFT data; equivalent: the SFT data suffice",
    "necessity": "what the reward does without the SFT data; equivalent: the SFT data are needed",
}
"""What each effect says, by its name."""


@dataclass(frozen=True, slots=True)
class _EffectOf:
    result: MeasureResult
    effect: Effect
    units: Units


def counterfactual_effects(verdicts: Verdicts) -> Table:
    """The effects that those stages identify, each with what it means."""
    several = len(families(verdicts)) > 1
    outer, _ = coverage(verdicts.alpha)
    columns: tuple[Column[_EffectOf], ...] = (
        Column("measure", lambda row: full_name(row.result, several_families=several), numeric=False),
        Column("effect", lambda row: row.effect.name.replace("_", " "), numeric=False),
        Column("verdict", lambda row: verdict_text(row.effect), numeric=False),
        Column("size", lambda row: row.units.difference(row.effect.difference)),
        Column(f"{outer} interval", lambda row: row.units.interval(row.effect.low, row.effect.high)),
        Column("p, difference", lambda row: write.probability(row.effect.p_difference), "unadjusted"),
        Column("p, equivalence", lambda row: write.probability(row.effect.p_equivalence), "unadjusted"),
        Column("what it is", lambda row: MEANINGS.get(row.effect.name, ""), numeric=False, wide=True),
    )
    rows = [
        _EffectOf(result, effect, units_of(result))
        for result in verdicts.results
        if result.counterfactual is not None
        for effect in result.counterfactual.effects
    ]
    return tabulate(columns, rows, group=lambda row: id(row.result))
