"""The sentence a reader can quote, and the phrases it is made of."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from stagelens.statistics.conclusions.causes import Cause
from stagelens.statistics.contrasts.findings import Decision, Finding, Findings
from stagelens.statistics.contrasts.words import CHANGED, SAME
from stagelens.statistics.results import Contrast

BALANCE = {
    "additive": "the changes add up",
    "eroded": "the first change is partly taken back",
    "cancelling": "the changes cancel",
    "overshoot": "the later change outweighs the first",
    None: "how they balance is unresolved",
}


def amount(x: float, kind: str) -> str:
    """The size of a difference: in points for a rate, in the measure's own unit for a severity."""
    if kind == "severity":
        return f"{round(abs(x), 2):g}"
    points = f"{round(100 * abs(x), 1):g}"
    return f"{points} point" if points == "1" else f"{points} points"


def between(low: float, high: float, kind: str) -> str:
    """An interval in words, with a true minus sign."""
    scale, digits, unit = (1, 2, "") if kind == "severity" else (100, 1, " points")
    ends = (f"{round(scale * end, digits) + 0.0:g}".replace("-", "−") for end in (low, high))
    return " and ".join(ends) + unit


def arrow(findings: Findings, finding: Finding) -> str:
    """The contrast's name."""
    return f"{_name(findings, finding.pair[0])} → {_name(findings, finding.pair[1])}"


def moved(findings: Findings, finding: Finding) -> str:
    """ "fell by 93 points from base to sft"; the direction is the one that is less in doubt."""
    return f"{_change(findings, finding)} {_span(findings, *finding.pair)}"


def undecided(findings: Findings, decision: Decision) -> str:
    """Why a contrast is not decided, as a clause."""
    evidence, contrast = decision.finding.evidence, decision.contrast
    if not evidence.pairs:
        return "no pair has a grade at both stages"
    if decision.reason == "clusters":
        unequal = evidence.clusters - evidence.equal_clusters >= 1
        worth = f", worth {evidence.equal_clusters:.0f} of equal size," if unequal else ""
        return (
            f"{_count(evidence.clusters, 'cluster')}{worth} cannot certify a margin of "
            f"{amount(findings.margin, findings.data.kind)} ({ceil(findings.gate)} are needed)"
        )
    plainly = {
        "incapable": f"{evidence.incapable} of {evidence.attempts} pairs have an incapable answer",
        "missing": f"{evidence.missing} of {evidence.attempts} pairs lack a judgement",
        "template": "the verdict changes with the chat template under which the stages are asked",
    }
    if decision.reason in plainly:
        return plainly[decision.reason]
    if contrast.verdict in CHANGED:
        return f"it changed, but by more or by less than {amount(findings.margin, findings.data.kind)} is unresolved"
    if decision.reason == "correction":
        text = "what it shows alone does not survive Holm's correction"
    else:
        text = f"the difference lies between {between(contrast.low, contrast.high, findings.data.kind)}"
    if contrast.clusters_needed is not None:
        text += f", and about {_count(contrast.clusters_needed, 'further cluster')} would decide"
    elif findings.everyone.run is not None and decision.reason == "none":
        text += ", and further training runs, rather than items, would decide"
    return text


def why(findings: Findings, decisions: Sequence[Decision], cause: Cause, established: str | None) -> str:
    """One sentence that says what happened to the measure, and which stage it is put down to."""
    by_pair = {decision.finding.pair: decision for decision in decisions}
    headline = findings.headline or findings.steps[-1]
    decision = by_pair[headline.pair]
    if not findings.roles.descends:
        return _recipes(findings, decision, cause)
    if cause.word is None:
        return _without_base(findings, decision, established)
    if cause.word in ("inconclusive", "uninformative"):
        return _untold(findings, by_pair, decision, cause)
    return _told(findings, cause)


def _told(findings: Findings, cause: Cause) -> str:
    """The sentence of a cause that was found."""
    measure, stages, base, last = findings.data.measure, findings.data.stages, findings.base or 0, findings.last
    margin = amount(findings.margin, findings.data.kind)
    still = f"did not change beyond {margin}"
    if cause.word == "mixed":
        moves = _join([moved(findings, step) for step in cause.large])
        return f"{measure} {moves}; more than one stage is the cause, and {BALANCE[cause.pattern]}."
    if cause.word == "diffuse":
        whole = moved(findings, findings.by_pair[base, last])
        return f"{measure} {whole}, but no single step accounts for it to within {margin}; the change is diffuse."
    if cause.word == "pretraining":
        return f"{measure} {still} {_span(findings, base, last)} or in any step; pretraining is the cause."
    if cause.word == "no_change":
        level = findings.levels[last]
        at = "" if level.estimate is None else f" at {_level(level.estimate, findings.data.kind)}"
        return (
            f"{measure} {still} {_span(findings, base, last)} or in any step, but{at} it is too close to the end of "
            "its range to credit pretraining."
        )
    step = cause.large[0]
    earlier, later = step.pair
    parts = []
    if earlier > base:
        parts.append(f"{still} {_span(findings, base, earlier)}")
    parts.append(moved(findings, step))
    if later < last:
        parts.append(f"{still} after")
    return f"{measure} {_join(parts)}; {stages[later]} is the cause."


def _untold(findings: Findings, by_pair: dict[tuple[int, int], Decision], headline: Decision, cause: Cause) -> str:
    """The sentence of a cause that cannot be told: what can, and what stands in the way."""
    unfit = [findings.unfit[stage] for stage in findings.data.stages[findings.base or 0 :] if stage in findings.unfit]
    if unfit:
        reason = unfit[0]
    else:
        blocker = by_pair[cause.blockers[0].pair]
        if blocker.contrast.verdict in SAME:
            reason = f"{arrow(findings, blocker.finding)} does not survive Holm's correction over the steps"
        elif blocker.contrast.verdict in CHANGED and not blocker.finding.unsized:
            reason = f"{arrow(findings, blocker.finding)}: it also {_change(findings, blocker.finding)}"
        else:
            reason = f"{arrow(findings, blocker.finding)}: {undecided(findings, blocker)}"
    known = _headline(findings, headline)
    measure = findings.data.measure
    if known is None:
        return f"Which stage set {measure} cannot be told ({reason})."
    return f"{measure} {known}, but which stage set it cannot be told ({reason})."


def _without_base(findings: Findings, decision: Decision, established: str | None) -> str:
    known = _headline(findings, decision)
    if known is None:
        return (
            f"Whether {findings.data.measure} changed {_span(findings, *decision.finding.pair)} cannot be told "
            f"({undecided(findings, decision)})."
        )
    end = "" if established is None else f"; it is established by {established}"
    return f"{findings.data.measure} {known}{end}."


def _recipes(findings: Findings, decision: Decision, cause: Cause) -> str:
    """The sentence where production does not descend from the stage it is compared with: no word of causing."""
    measure, contrast = findings.data.measure, decision.contrast
    pair = f"{contrast.from_stage} and {contrast.to_stage}"
    if contrast.verdict in SAME:
        suffices = f"; {contrast.from_stage} suffices" if cause.word == contrast.from_stage else ""
        margin = amount(findings.margin, findings.data.kind)
        return f"Two recipes agree: {measure} does not differ beyond {margin} between {pair}{suffices}."
    if contrast.verdict in CHANGED:
        return f"Two recipes differ: {measure} is {_higher(contrast, findings.data.kind)}."
    return f"Whether two recipes, {pair}, agree on {measure} cannot be told ({undecided(findings, decision)})."


def _headline(findings: Findings, decision: Decision) -> str | None:
    """What a decided contrast did, None for an undecided one."""
    if decision.contrast.verdict in SAME:
        margin = amount(findings.margin, findings.data.kind)
        return f"did not change beyond {margin} {_span(findings, *decision.finding.pair)}"
    if decision.contrast.verdict in CHANGED:
        return moved(findings, decision.finding)
    return None


def _change(findings: Findings, finding: Finding) -> str:
    difference = finding.evidence.difference
    verb = "rose" if finding.evidence.bounded.rising else "fell"
    return verb if difference is None else f"{verb} by {amount(difference, findings.data.kind)}"


def _higher(contrast: Contrast, kind: str) -> str:
    word = "higher" if contrast.verdict == "changed_up" else "lower"
    size = "" if contrast.difference is None else f"{amount(contrast.difference, kind)} "
    return f"{size}{word} at {contrast.to_stage} than at {contrast.from_stage}"


def _level(estimate: float, kind: str) -> str:
    return f"{round(estimate, 2):g}" if kind == "severity" else f"{round(100 * estimate, 1):g} %"


def _name(findings: Findings, stage: int) -> str:
    return findings.data.stages[stage]


def _span(findings: Findings, earlier: int, later: int) -> str:
    return f"from {_name(findings, earlier)} to {_name(findings, later)}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _join(parts: Sequence[str]) -> str:
    return " and ".join(part for part in (", ".join(parts[:-1]), parts[-1]) if part)
