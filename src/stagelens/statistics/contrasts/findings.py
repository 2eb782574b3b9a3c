"""All contrasts of one measure: their evidence, their marginal verdicts, and the ones that are reported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import ceil

from stagelens.statistics.contrasts.competence import incompetent
from stagelens.statistics.contrasts.corrected import METHOD as CORRECTED
from stagelens.statistics.contrasts.levels import level
from stagelens.statistics.contrasts.multiplicity import holm
from stagelens.statistics.contrasts.paired import Evidence, gather
from stagelens.statistics.contrasts.units import sample_of
from stagelens.statistics.contrasts.words import CHANGED, SAME, Reason, corrected_word, marginal_word
from stagelens.statistics.data import FamilyRules, MeasureData, Question
from stagelens.statistics.design.planning import (
    clusters_to_certify,
    further_clusters,
    minimum_detectable_difference,
    smallest_certifiable_margin,
)
from stagelens.statistics.intervals.clusters import Sample
from stagelens.statistics.judging.tipping import differential_error
from stagelens.statistics.results import Contrast, Level, VerdictWord

Pair = tuple[int, int]
"""A contrast's stages by index, the earlier first."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A contrast taken alone. ``unsized``: changed, but perhaps by less than the margin."""

    evidence: Evidence
    step: bool
    headline: bool
    word: VerdictWord
    reason: Reason
    unsized: bool

    @property
    def pair(self) -> Pair:
        """The contrast's stages by index."""
        return self.evidence.earlier, self.evidence.later

    @property
    def same(self) -> bool:
        """Whether the two stages are shown to agree: equivalent, or below the margin."""
        return self.word in SAME


@dataclass(frozen=True, slots=True)
class Findings:
    """One measure before any correction. ``gate`` in effective clusters.

    ``base`` and ``start`` are the indices of the base and of the stage where the headline starts (None where there is
    none); ``unfit`` says, per stage that fails the competence or coherence gate, why. ``all_pairs``: every two stages
    are compared, and Holm runs over all of them.
    """

    data: MeasureData
    roles: FamilyRules
    question: Question
    gate: float
    everyone: Sample
    levels: tuple[Level, ...]
    base: int | None
    start: int | None
    by_pair: Mapping[Pair, Finding]
    unfit: Mapping[str, str]
    all_pairs: bool = False

    @property
    def alpha(self) -> float:
        """The error rate."""
        return self.question.alpha

    @property
    def margin(self) -> float:
        """The margin, in the measure's unit."""
        return self.question.margin

    @property
    def last(self) -> int:
        """Production's index."""
        return len(self.data.stages) - 1

    @property
    def steps(self) -> tuple[Finding, ...]:
        """Every stage minus the one before it, in order."""
        return tuple(finding for finding in self.by_pair.values() if finding.step)

    @property
    def headline(self) -> Finding | None:
        """Production minus the stage where the headline starts."""
        return None if self.start is None else self.by_pair[self.start, self.last]


@dataclass(frozen=True, slots=True)
class Decision:
    """A contrast as reported: its finding, the contrast after correction, and why it says no more than it does."""

    finding: Finding
    contrast: Contrast
    reason: Reason


def examine(data: MeasureData, roles: FamilyRules, question: Question, *, all_pairs: bool = False) -> Findings:
    """Everything about one measure that needs no other measure."""
    margin, alpha = question.margin, question.alpha
    everyone = sample_of(data)
    gate = clusters_to_certify(margin, data.high - data.low, alpha)
    last = len(data.stages) - 1
    base = data.stages.index(roles.base) if roles.base in data.stages else None
    start = data.stages.index(roles.headline_from)
    findings = {}
    for earlier, later in contrast_pairs(last + 1, base, all_pairs=all_pairs):
        evidence = gather(data, earlier, later, everyone, question)
        word, reason = marginal_word(evidence, alpha, gate=gate, rate=data.kind == "rate")
        findings[earlier, later] = Finding(
            evidence=evidence,
            step=later == earlier + 1,
            headline=(earlier, later) == (start, last),
            word=word,
            reason=reason,
            unsized=word in CHANGED and evidence.bounded.p_beyond >= alpha,
        )
    levels = tuple(level(data, stage, everyone, alpha) for stage in range(last + 1))
    return Findings(
        data=data,
        roles=roles,
        question=question,
        gate=gate,
        everyone=everyone,
        levels=levels,
        base=base if base != last else None,
        start=start if start != last else None,
        by_pair=findings,
        unfit=incompetent(levels),
        all_pairs=all_pairs,
    )


def contrast_pairs(stages: int, base: int | None, *, all_pairs: bool = False) -> tuple[Pair, ...]:
    """Which stages are compared, each pair once.

    Every step, base → production, every other stage → production, base → every other later stage; with ``all_pairs``
    then what is left, in order.
    """
    last = stages - 1
    pairs = [(stage, stage + 1) for stage in range(last)]
    pairs += [(stage, last) for stage in sorted(range(last - 1), key=lambda stage: stage != base)]
    if base is not None:
        pairs += [(base, stage) for stage in range(base + 2, last)]
    if all_pairs:
        pairs += combinations(range(stages), 2)
    return tuple(dict.fromkeys(pairs))


def correct_headlines(study: Sequence[Findings]) -> list[tuple[float, float, int]]:
    """Holm over the headline contrasts of a study: per measure p_difference, p_equivalence and how many they were.

    A measure without a headline gets (1, 1, 0).
    """
    held = [k for k, findings in enumerate(study) if findings.headline is not None]
    readings = [finding.evidence.bounded for k in held if (finding := study[k].headline) is not None]
    adjusted = [(1.0, 1.0, 0)] * len(study)
    differences, equivalences = holm([r.p_difference for r in readings]), holm([r.p_equivalence for r in readings])
    for k, p_difference, p_equivalence in zip(held, differences, equivalences, strict=True):
        adjusted[k] = (p_difference, p_equivalence, len(held))
    return adjusted


def report(findings: Findings, headline: tuple[float, float, int]) -> tuple[Decision, ...]:
    """The contrasts as reported, in order: headline corrected over the study, other steps over the measure's steps.

    Where every two stages are compared, steps and other pairs are one family of Holm's.
    """
    together = tuple(findings.by_pair.values()) if findings.all_pairs else findings.steps
    differences = holm([finding.evidence.bounded.p_difference for finding in together])
    equivalences = holm([finding.evidence.bounded.p_equivalence for finding in together])
    corrected = {
        finding.pair: (p_difference, p_equivalence, len(together))
        for finding, p_difference, p_equivalence in zip(together, differences, equivalences, strict=True)
    }
    decisions = []
    for pair, finding in findings.by_pair.items():
        raw = finding.evidence.bounded
        adjusted = headline if finding.headline else corrected.get(pair, (raw.p_difference, raw.p_equivalence, 1))
        decisions.append(_decide(findings, finding, *adjusted))
    return tuple(decisions)


def _decide(findings: Findings, finding: Finding, p_difference: float, p_equivalence: float, compared: int) -> Decision:
    data, alpha, evidence = findings.data, findings.alpha, finding.evidence
    reading, precision = evidence.bounded, evidence.precision
    word, reason = corrected_word(finding.word, finding.reason, p_difference, p_equivalence, alpha)

    needed = None
    # How far training runs differ does not shrink with more items: with several, no number of clusters is promised.
    items_decide = word == "inconclusive" and reason != "missing" and findings.everyone.run is None
    if reason == "clusters":
        needed = max(1, ceil(findings.gate - evidence.equal_clusters))
    elif items_decide and precision is not None and evidence.difference is not None:
        needed = further_clusters(precision, evidence.difference, findings.margin, alpha / compared, findings.gate)

    contrast = Contrast(
        from_stage=data.stages[evidence.earlier],
        to_stage=data.stages[evidence.later],
        headline=finding.headline,
        pairs=evidence.pairs,
        clusters=evidence.clusters,
        method=reading.method,
        difference=evidence.difference,
        low=reading.low,
        high=reading.high,
        equivalence_low=reading.equivalence_low,
        equivalence_high=reading.equivalence_high,
        ratio_low=_finite(reading.ratio_low),
        ratio_high=_finite(reading.ratio_high),
        p_difference=p_difference,
        p_equivalence=p_equivalence,
        p_difference_raw=reading.p_difference,
        p_equivalence_raw=reading.p_equivalence,
        verdict=word,
        clusters_needed=needed,
        minimum_detectable_difference=None if precision is None else minimum_detectable_difference(precision, alpha),
        smallest_certifiable_margin=None if precision is None else smallest_certifiable_margin(precision, alpha),
        p_noninferiority_raw=reading.at_least[2] if data.higher_is_worse else reading.at_most[0],
        tipping_point=None
        if reading.method == CORRECTED
        else differential_error(reading, findings.margin, data.high - data.low, word),
    )
    return Decision(finding, contrast, reason)


def _finite(x: float) -> float | None:
    return x if abs(x) < float("inf") else None
