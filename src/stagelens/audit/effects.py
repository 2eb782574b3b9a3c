"""What a variant lacks, in the unit of a measure: the whole minus the variant, paired by item and run. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from stagelens.audit.variants import Variant
from stagelens.errors import InputError
from stagelens.statistics.contrasts.parts import of_stages
from stagelens.statistics.data import MeasureData, Rules
from stagelens.statistics.decide import decide
from stagelens.statistics.results import VerdictWord

Kind = Literal["rate", "severity"]


@dataclass(frozen=True, slots=True)
class Effect:
    """What the rows that a variant lacks do to a measure.

    Attributes:
        variant: what was left out.
        benchmark: of the measure.
        measure: its name.
        difference: the whole minus the variant, in the measure's unit; None where no pair is scored at both.
        low: with ``high`` the marginal 1 − alpha interval, unscored answers at their worst.
        high: its upper end.
        p: of no difference, adjusted by Holm over the measure's variants.
        verdict: of the difference, after that correction.
        pairs: answers scored at both.
        clusters: of items.
        runs: training runs of each.
        method: how the difference was read.
        kind: of the measure, which says its unit.
    """

    variant: Variant
    benchmark: str
    measure: str
    difference: float | None
    low: float
    high: float
    p: float
    verdict: VerdictWord
    pairs: int
    clusters: int
    runs: int
    method: str
    kind: Kind = "rate"


def effects(data: Sequence[MeasureData], whole: str, variants: Sequence[Variant], rules: Rules) -> tuple[Effect, ...]:
    """Every variant's effect on every measure: the contrasts of the verdicts, under their rules.

    With several training runs these are the units of what the trainings differ by; the same seed trains the whole and
    its variants, so that they are paired, too.

    Args:
        data: a measure each, of one family, with the stage ``whole`` and one stage a variant.
        whole: the name of the stage with all sources.
        variants: one or more.
        rules: error rate, margins and method; their roles and claims are about steps and do not count here.

    Raises:
        InputError: a stage is not in the data, or as ``decide`` does.
    """
    pairwise = replace(rules, families={}, claims=())
    return tuple(effect for measure in data for effect in _of_measure(measure, whole, variants, pairwise))


def ranked(found: Sequence[Effect]) -> tuple[Effect, ...]:
    """Effects by their size, the largest first; those that are not known last."""

    def size(effect: Effect) -> float:
        return -1.0 if effect.difference is None else abs(effect.difference)

    return tuple(sorted(found, key=size, reverse=True))


def _of_measure(data: MeasureData, whole: str, variants: Sequence[Variant], rules: Rules) -> Iterator[Effect]:
    pairs = [of_stages(data, [_place(data, variant.name), _place(data, whole)]) for variant in variants]
    for variant, result in zip(variants, decide(pairs, rules).results, strict=True):
        (contrast,) = result.contrasts
        yield Effect(
            variant=variant,
            benchmark=data.benchmark,
            measure=data.measure,
            difference=contrast.difference,
            low=contrast.low,
            high=contrast.high,
            p=contrast.p_difference,
            verdict=contrast.verdict,
            pairs=contrast.pairs,
            clusters=contrast.clusters,
            runs=result.runs,
            method=contrast.method,
            kind=data.kind,
        )


def _place(data: MeasureData, stage: str) -> int:
    if stage not in data.stages:
        raise InputError(
            f"{data.benchmark}/{data.measure} has no answers of {stage!r}; its stages are {', '.join(data.stages)}."
        )
    return data.stages.index(stage)
