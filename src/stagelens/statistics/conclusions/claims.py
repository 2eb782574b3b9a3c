"""The study's claims: "at least r of B measures are established by a stage", certified or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from stagelens.errors import InputError
from stagelens.statistics.contrasts.findings import Findings
from stagelens.statistics.contrasts.multiplicity import partial_conjunction
from stagelens.statistics.data import Claim
from stagelens.statistics.results import ClaimResult

Certainty = Mapping[str, Mapping[str, float]]


def judge_claims(claims: Sequence[Claim], study: Sequence[Findings], alpha: float) -> tuple[ClaimResult, ...]:
    """Every claim against every family of the study.

    A measure's p value is the largest over the contrasts that must all be equivalent (intersection-union, no
    correction); a family's is the partial conjunction over the claim's measures; "every family" takes the largest,
    "any family" the smallest times the number of families. ``holds_for`` and ``fails_for`` list the measures by their
    own p value, without correction. InputError where a claim asks for more measures than it names.
    """
    by_family: dict[str, dict[str, Findings]] = {}
    for findings in study:
        data = findings.data
        by_family.setdefault(data.family, {})[f"{data.benchmark}/{data.measure}"] = findings
    return tuple(_judge(claim, by_family, alpha) for claim in claims)


def _judge(claim: Claim, by_family: Mapping[str, Mapping[str, Findings]], alpha: float) -> ClaimResult:
    if not 1 <= claim.at_least <= len(claim.measures):
        raise InputError(
            f"a claim asks for at least {claim.at_least} of {len(claim.measures)} measures; "
            "give `at_least` a number from 1 to as many measures as the claim names."
        )
    ps = {
        family: {measure: _p_established(measures.get(measure), claim.established_by) for measure in claim.measures}
        for family, measures in by_family.items()
    }
    by_measure = {f"{family}/{measure}": p for family, own in ps.items() for measure, p in own.items()}
    per_family = [partial_conjunction(list(own.values()), claim.at_least) for own in ps.values()]
    if not per_family:
        p = 1.0
    elif claim.scope == "every_family":
        p = max(per_family)
    else:
        p = min(1.0, len(per_family) * min(per_family))
    return ClaimResult(
        text=claim_text(claim),
        certified=p <= alpha,
        p=p,
        holds_for=tuple(name for name, own in by_measure.items() if own <= alpha),
        fails_for=tuple(name for name, own in by_measure.items() if own > alpha),
    )


def _p_established(findings: Findings | None, stage: str) -> float:
    """p value of "``stage`` or a later stage is not equivalent to production".

    1 where the measure or the stage is not there, where the cluster gate bars equivalence, and where one of these
    stages fails the competence gate. Below the margin counts as equivalent.
    """
    if findings is None or stage not in findings.data.stages:
        return 1.0
    start = findings.data.stages.index(stage)
    if any(name in findings.unfit for name in findings.data.stages[start:]):
        return 1.0
    p = 0.0
    for earlier in range(start, findings.last):
        evidence = findings.by_pair[earlier, findings.last].evidence
        p = max(p, evidence.bounded.p_equivalence if evidence.equal_clusters >= findings.gate else 1.0)
    return p


def claim_text(claim: Claim) -> str:
    """The claim as a sentence without its full stop."""
    count = len(claim.measures)
    scope = "in every family" if claim.scope == "every_family" else "in at least one family"
    if count == 1:
        subject = f"{claim.measures[0]} is"
    elif claim.at_least == count:
        subject = f"all {count} measures are"
    else:
        subject = f"at least {claim.at_least} of {count} measures {'is' if claim.at_least == 1 else 'are'}"
    return f"{subject} established by {claim.established_by}, {scope}"
