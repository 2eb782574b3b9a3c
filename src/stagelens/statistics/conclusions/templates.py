"""Whether verdicts hold under production's chat template as well.

A chat template decides how a model is spoken to, and stages of one family are often trained under different ones. Where
stages have been asked under production's beside their own, all that rests on them is decided twice, and what does not
come out alike is not told: such a verdict is inconclusive, and so is such a cause.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from stagelens.statistics.conclusions.causes import Cause
from stagelens.statistics.conclusions.sentences import arrow, between
from stagelens.statistics.conclusions.swaps import rises, spelt, swapped
from stagelens.statistics.contrasts.findings import Decision, Findings
from stagelens.statistics.contrasts.words import SAME
from stagelens.statistics.data import MeasureData
from stagelens.statistics.results import ClaimResult


def under_production(data: MeasureData, findings: Findings) -> Findings | None:
    """The findings with every stage under production's template that was asked so; None where none was."""
    asked = {
        stage: name
        for name, stage in findings.roles.templates.items()
        if name in data.stages and stage in findings.data.stages
    }
    return swapped(data, findings, asked) if asked else None


def under_both(own: Sequence[Decision], borrowed: Sequence[Decision]) -> tuple[Decision, ...]:
    """The contrasts as reported; inconclusive where the verdict is another under production's template.

    Equivalent and below the margin are no two verdicts here. One that is not decided to begin with stays what it is.
    """
    return tuple(_doubted(one) if _differ(one, other) else one for one, other in zip(own, borrowed, strict=True))


def cause_under_both(own: Cause, borrowed: Cause) -> Cause:
    """The cause where both templates give the same: the same stage with a step in the same direction, or word."""
    return own if _alike(own, borrowed) else Cause("inconclusive")


def established_under_both(own: str | None, borrowed: str | None, findings: Findings) -> str | None:
    """The later of the two stages: from it on all are equivalent to production under both templates.

    None where production alone establishes it under one of them: that it changed so late is then as doubtful.
    """
    ladder = findings.data.stages
    if own is None or borrowed is None or (own != borrowed and ladder[-1] in (own, borrowed)):
        return None
    return max(own, borrowed, key=ladder.index)


def claims_under_both(own: Sequence[ClaimResult], borrowed: Sequence[ClaimResult]) -> tuple[ClaimResult, ...]:
    """Claims that hold under both templates: the larger p value, and the measures that they hold for both times."""
    return tuple(
        replace(
            one,
            certified=one.certified and other.certified,
            p=max(one.p, other.p),
            holds_for=tuple(name for name in one.holds_for if name in other.holds_for),
            fails_for=tuple(
                name
                for name in (*one.holds_for, *one.fails_for)
                if name not in one.holds_for or name not in other.holds_for
            ),
        )
        for one, other in zip(own, borrowed, strict=True)
    )


def template_sentence(findings: Findings, own: Cause, borrowed: Cause) -> str | None:
    """The sentence that takes the place of the measure's own where the templates give different causes."""
    if _alike(own, borrowed):
        return None
    return (
        f"Which stage set {findings.data.measure} cannot be told: the cause is {_spelt(findings, own)} under the "
        f"stages' own chat templates, and {_spelt(findings, borrowed)} under production's."
    )


def template_caveats(findings: Findings, own: Sequence[Decision], borrowed: Sequence[Decision]) -> tuple[str, ...]:
    """A warning for every contrast whose verdict changes with the template."""
    kind = findings.data.kind
    return tuple(
        f"{arrow(findings, one.finding)}: inconclusive: template ({_told(one, kind)} under the stages' own chat "
        f"templates, {_told(other, kind)} under production's)"
        for one, other in zip(own, borrowed, strict=True)
        if _differ(one, other)
    )


def _told(decision: Decision, kind: str) -> str:
    contrast = decision.contrast
    return f"{contrast.verdict.replace('_', ' ')}, between {between(contrast.low, contrast.high, kind)},"


def _doubted(decision: Decision) -> Decision:
    contrast = replace(decision.contrast, verdict="inconclusive", clusters_needed=None, tipping_point=None)
    return replace(decision, contrast=contrast, reason="template")


def _differ(one: Decision, other: Decision) -> bool:
    words = [decision.contrast.verdict for decision in (one, other)]
    undecided = words[0] in ("inconclusive", "uninformative")
    return not undecided and words[0] != words[1] and not all(word in SAME for word in words)


def _alike(one: Cause, other: Cause) -> bool:
    return (one.word, one.pattern, _moves(one)) == (other.word, other.pattern, _moves(other))


def _moves(cause: Cause) -> tuple[tuple[int, bool], ...]:
    """The stages with a large step that make up a cause, and whether it goes up."""
    steps = () if cause.blockers else cause.large
    return tuple((step.pair[1], step.evidence.bounded.rising) for step in steps)


def _spelt(findings: Findings, cause: Cause) -> str:
    moves = _moves(cause)
    if len(moves) < 2:
        return spelt(cause.word, rises(cause))
    steps = (f"{findings.data.stages[stage]} {'raises' if up else 'lowers'} it" for stage, up in moves)
    return f"{cause.word}: {' and '.join(steps)}"
