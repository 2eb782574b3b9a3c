"""The cause: which stage accounts for the base → production change, each piece tested, Holm over the steps."""

from __future__ import annotations

from dataclasses import dataclass

from stagelens.statistics.contrasts.findings import Finding, Findings
from stagelens.statistics.contrasts.multiplicity import holm
from stagelens.statistics.contrasts.paired import gather
from stagelens.statistics.contrasts.parts import combined
from stagelens.statistics.contrasts.words import CHANGED
from stagelens.statistics.results import Counterfactual, Pattern


@dataclass(frozen=True, slots=True)
class Cause:
    """A cause's word (None without a base), a mixed cause's pattern, the large steps, and what blocked an answer."""

    word: str | None
    pattern: Pattern | None = None
    large: tuple[Finding, ...] = ()
    blockers: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """A step after Holm over the measure's steps: shown beyond the margin, shown equivalent, or neither."""

    finding: Finding
    large: bool
    same: bool


def tested_steps(findings: Findings) -> tuple[Step, ...]:
    """Every step of the measure, with Holm over the steps.

    A step gets one decision, "beyond the margin" or "equivalent", and Holm orders the steps by the p value of theirs.
    The two regions are disjoint, so at most one hypothesis of each step is true, and k steps count k times, not 2k
    (partition testing: Goeman, Solari & Stijnen 2010; logically related hypotheses: Shaffer 1986).
    """
    steps = findings.steps
    beyond = [step.evidence.bounded.p_beyond for step in steps]
    equivalent = [step.evidence.bounded.p_equivalence for step in steps]
    decided = holm([min(pair) for pair in zip(beyond, equivalent, strict=True)])
    return tuple(
        Step(
            step,
            large=p_beyond <= p_equivalent and p < findings.alpha,
            same=step.same and p_equivalent < p_beyond and p < findings.alpha,
        )
        for step, p_beyond, p_equivalent, p in zip(steps, beyond, equivalent, decided, strict=True)
    )


def find_cause(findings: Findings) -> Cause:
    """The cause by the table of the design: a stage, pretraining, no_change, mixed, diffuse or not to be told.

    One step beyond the margin, every other step equivalent, every stage before it equivalent to the base and every
    stage from it on to production: that stage. Small steps that add up to more than the margin then have no part in
    it. Two or more beyond: mixed. None, with every stage equivalent to its neighbours, the base and production:
    pretraining, or no_change where the level is so near an end of the range that a change could hardly be seen. None,
    with the whole beyond the margin and every step shown to be small or to leave more than the margin to the others:
    diffuse. A step that is not decided is never taken for one that is small.
    """
    base = findings.base
    if base is None:
        return Cause(None)
    if any(stage in findings.unfit for stage in findings.data.stages[base:]):
        return Cause("uninformative")
    steps = [step for step in tested_steps(findings) if step.finding.evidence.earlier >= base]
    total = findings.by_pair[base, findings.last]
    large = tuple(step.finding for step in steps if step.large)
    blockers = [step.finding for step in steps if not step.same and not step.large]
    if len(large) > 1:
        return Cause("mixed", _pattern(large, total, findings.alpha), large)
    if len(large) == 1:
        stage = large[0].evidence.later
        blockers += _drifts(findings, base, stage)
        found = Cause(findings.data.stages[stage], large=large)
    elif total.evidence.bounded.p_beyond < findings.alpha and all(
        step.same or _more_than(findings, base, step.finding) for step in steps
    ):
        return Cause("diffuse")
    else:
        blockers += [*_drifts(findings, base, base), *_drifts(findings, base, findings.last)]
        found = Cause("pretraining" if _away_from_ends(findings) else "no_change")
    if not blockers:
        return found
    unanswerable = all(blocker.word == "uninformative" for blocker in blockers)
    # A step that is also base → production, or production minus a stage, blocks once.
    distinct = tuple({blocker.pair: blocker for blocker in blockers}.values())
    return Cause("uninformative" if unanswerable else "inconclusive", large=large, blockers=distinct)


def _drifts(findings: Findings, base: int, stage: int) -> list[Finding]:
    """Stages before ``stage`` that are not shown to agree with the base, and stages from it on with production."""
    pairs = [(base, before) for before in range(base + 1, stage)]
    pairs += [(after, findings.last) for after in range(stage, findings.last)]
    return [findings.by_pair[pair] for pair in pairs if not findings.by_pair[pair].same]


def _more_than(findings: Findings, base: int, step: Finding) -> bool:
    """Whether what one step leaves of the base → production change is beyond the margin, so that others have part."""
    earlier, later = step.pair
    weights = dict.fromkeys((base, earlier, later, findings.last), 0.0)
    for stage, weight in ((findings.last, 1.0), (base, -1.0), (later, -1.0), (earlier, 1.0)):
        weights[stage] += weight
    weights = {stage: weight for stage, weight in weights.items() if weight}
    if not weights:
        return False
    if len(weights) == 2:
        first, second = sorted(weights)
        evidence = findings.by_pair[first, second].evidence
    else:
        evidence = gather(combined(findings.data, weights), 0, 1, findings.everyone, findings.question)
    return evidence.bounded.p_beyond < findings.alpha


def _pattern(large: tuple[Finding, ...], total: Finding, alpha: float) -> Pattern | None:
    """How two or more large steps add up; None where their sum is undecided."""
    rises = [finding.evidence.bounded.rising for finding in large]
    if len(set(rises)) == 1:
        return "additive"
    if total.same:
        return "cancelling"
    if total.evidence.bounded.p_beyond < alpha:
        return "eroded" if total.evidence.bounded.rising == rises[0] else "overshoot"
    return None


def _away_from_ends(findings: Findings) -> bool:
    """Whether production's level lies a margin or more from both ends of the range, so that a change would show.

    A step that shows sensitivity cannot stand beside "every step equivalent", so the level alone decides here.
    """
    level, data = findings.levels[findings.last], findings.data
    return level.low - data.low >= findings.margin and data.high - level.high >= findings.margin


def sensitivity(findings: Findings, aside: Counterfactual | None = None) -> str:
    """What shows that these items and this judge would have seen a change (ICH E10), beside an equivalence.

    The first step other than the headline whose estimate is at least 2 margins, and whose 1 - alpha interval lies
    wholly outside the margin; else the format stage, where it differs so much from its neighbours; else "not shown".
    """
    for step in findings.steps:
        difference = step.evidence.difference
        large = difference is not None and abs(difference) >= 2 * findings.margin
        if large and not step.headline and step.evidence.bounded.p_beyond < findings.alpha:
            earlier, later = step.pair
            return f"shown by {findings.data.stages[earlier]} → {findings.data.stages[later]}"
    stages, control = findings.data.stages, findings.roles.counterfactuals.get("format")
    for effect in aside.effects if aside is not None else ():
        beyond = effect.low > findings.margin or effect.high < -findings.margin
        if effect.verdict not in CHANGED or not beyond or abs(effect.difference or 0.0) < 2 * findings.margin:
            continue
        if effect.name == "taught" and findings.start is not None:
            return f"shown by {control} → {stages[findings.start]}"
        if effect.name == "elicited" and findings.base is not None:
            return f"shown by {stages[findings.base]} → {control}"
    return "not shown"
