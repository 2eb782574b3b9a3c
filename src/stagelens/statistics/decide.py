"""From aligned outcomes and the rules that were fixed beforehand to a study's verdicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from stagelens.errors import InputError
from stagelens.statistics.conclusions.appearance import appearance_sentences, appearances
from stagelens.statistics.conclusions.causes import find_cause, sensitivity
from stagelens.statistics.conclusions.caveats import caveats
from stagelens.statistics.conclusions.claims import judge_claims
from stagelens.statistics.conclusions.counterfactual import counterfactual, split
from stagelens.statistics.conclusions.counterfactual_words import counterfactual_sentences
from stagelens.statistics.conclusions.discord import discord
from stagelens.statistics.conclusions.elicited import (
    disagreement,
    elicited,
    established_under_all,
    lacking_caveats,
    unanswered,
    under_all,
)
from stagelens.statistics.conclusions.established import established_by
from stagelens.statistics.conclusions.judged import judging_of
from stagelens.statistics.conclusions.ordinal import ordinal
from stagelens.statistics.conclusions.sentences import why
from stagelens.statistics.conclusions.shares import shares
from stagelens.statistics.conclusions.strata import strata
from stagelens.statistics.conclusions.templates import (
    cause_under_both,
    claims_under_both,
    established_under_both,
    template_caveats,
    template_sentence,
    under_both,
    under_production,
)
from stagelens.statistics.contrasts.findings import Decision, Findings, correct_headlines, examine, report
from stagelens.statistics.data import MeasureData, Question, Rules, default_roles
from stagelens.statistics.results import Appearance, Counterfactual, Elicited, MeasureResult, Verdicts


@dataclass(frozen=True, slots=True)
class _Examined:
    """A measure before any correction: the findings on its steps, and what stages that are none show."""

    findings: Findings
    aside: Counterfactual | None
    appearances: tuple[Appearance, ...]
    elicitations: tuple[Elicited, ...]
    lacking: Mapping[str, str]
    borrowed: Findings | None


@dataclass(frozen=True, slots=True)
class _Decided:
    """The contrasts of a measure as reported, and as they would be under production's template, where it was tried."""

    own: tuple[Decision, ...]
    borrowed: tuple[Decision, ...] | None


def decide(data: Sequence[MeasureData], rules: Rules) -> Verdicts:
    """Decide everything about a study: a pure, deterministic function.

    Args:
        data: one entry per family and measure; the results keep this order.
        rules: the error rate, margins, claims and roles. Holm runs over the headline contrasts of all of ``data``.

    Returns:
        The verdicts. Methods and their sources are named where they are computed: ``readings`` (differences),
        ``levels``, ``words`` (the verdict word), ``causes``, ``established``, ``shares``, ``claims``,
        ``counterfactual``, ``strata``, ``ordinal``, ``planning``.

    Raises:
        InputError: a margin that is not inside the measure's range, fewer than two stages, no attempts, a headline
            that starts at a stage that is not there, a claim that asks for more measures than it names, or
            counterfactual stages whose parts are unknown or shared.
    """
    examined = [_examine(one, rules) for one in data]
    study = [each.findings for each in examined]
    under = [each.borrowed or each.findings for each in examined]
    claims = judge_claims(rules.claims, study, rules.alpha)
    if any(each.borrowed for each in examined):
        claims = claims_under_both(claims, judge_claims(rules.claims, under, rules.alpha))
    corrections = zip(correct_headlines(study), correct_headlines(under), strict=True)
    results = tuple(
        _conclude(
            each, _Decided(report(each.findings, own), None if each.borrowed is None else report(each.borrowed, other))
        )
        for each, (own, other) in zip(examined, corrections, strict=True)
    )
    return Verdicts(rules.study, rules.alpha, claims, results)


def _examine(everything: MeasureData, rules: Rules) -> _Examined:
    where = f"{everything.family}/{everything.benchmark}/{everything.measure}"
    margin = rules.margin(everything.benchmark, everything.measure, everything.kind)
    if not 0 < margin < everything.high - everything.low:
        raise InputError(
            f"the margin of {where} is {margin:g}, but must lie above 0 and below its range of "
            f"{everything.high - everything.low:g}; change it under analysis.margins."
        )
    roles = rules.families.get(everything.family) or default_roles(everything.stages)
    data, aside = split(everything, roles)
    if len(data.stages) < 2:
        steps = " that is a step" if aside else ""
        raise InputError(
            f"{where} has outcomes of {len(data.stages)} stage{steps}; a comparison needs two stages or more."
        )
    if data.item.size == 0:
        raise InputError(f"{where} has no attempts; leave the measure out or give it outcomes.")
    if roles.headline_from not in data.stages:
        raise InputError(
            f"the headline of {where} starts at stage {roles.headline_from!r}, which has no outcomes there; "
            f"its stages are {', '.join(data.stages)}."
        )
    question = Question(margin, rules.alpha, rules.method, data.look)
    findings = examine(data, roles, question, all_pairs=rules.all_pairs)
    return _Examined(
        findings,
        counterfactual(everything, aside, findings),
        appearances(everything, findings),
        elicited(everything, findings),
        unanswered(everything, findings),
        under_production(everything, findings),
    )


def _conclude(examined: _Examined, decided: _Decided) -> MeasureResult:
    findings, aside, borrowed = examined.findings, examined.aside, examined.borrowed
    seconds, lacking = examined.elicitations, examined.lacking
    data, alone, decisions = findings.data, find_cause(findings), decided.own
    cause = under_all(alone, seconds, lacking)
    established = established_under_all(established_by(findings, decisions), alone, seconds, lacking, findings)
    doubt: str | None = None
    doubts: tuple[str, ...] = ()
    if borrowed is not None and decided.borrowed is not None:
        other = find_cause(borrowed)
        doubt, doubts = (
            template_sentence(findings, alone, other),
            template_caveats(findings, decisions, decided.borrowed),
        )
        cause = cause_under_both(alone, other) if cause is alone else cause
        established = established_under_both(established, established_by(borrowed, decided.borrowed), findings)
        decisions = under_both(decisions, decided.borrowed)
    sensitive, by_stratum = sensitivity(findings, aside), strata(findings)
    runs = 1 if data.run is None else np.unique(data.run).size
    sentences = (
        disagreement(findings, alone, seconds, lacking) or doubt or why(findings, decisions, cause, established),
        *counterfactual_sentences(findings, aside),
        *appearance_sentences(findings, examined.appearances),
    )
    return MeasureResult(
        family=data.family,
        benchmark=data.benchmark,
        measure=data.measure,
        higher_is_worse=data.higher_is_worse,
        margin=findings.margin,
        stages=findings.levels,
        contrasts=tuple(decision.contrast for decision in decisions),
        established_by=established,
        cause=cause.word,
        pattern=cause.pattern,
        sensitivity=sensitive,
        shares=shares(findings),
        why=" ".join(sentences),
        warnings=(
            *caveats(findings, decisions, sensitive, aside, runs),
            *doubts,
            *discord(by_stratum, findings),
            *lacking_caveats(lacking),
        ),
        scope="these checkpoints" if runs < 2 else "this recipe",
        runs=runs,
        look=data.look.number,
        looks=data.look.of,
        strata=by_stratum,
        ordinal=ordinal(findings),
        judging=judging_of(findings),
        counterfactual=aside,
        appearances=examined.appearances,
        elicitations=seconds,
    )
