"""From aligned outcomes and the rules that were fixed beforehand to a study's verdicts."""

from __future__ import annotations

from collections.abc import Sequence

from stagelens.errors import InputError
from stagelens.statistics.conclusions.causes import find_cause, sensitivity
from stagelens.statistics.conclusions.caveats import caveats
from stagelens.statistics.conclusions.claims import judge_claims
from stagelens.statistics.conclusions.established import established_by
from stagelens.statistics.conclusions.sentences import why
from stagelens.statistics.conclusions.shares import shares
from stagelens.statistics.contrasts.findings import Decision, Findings, correct_headlines, examine, report
from stagelens.statistics.data import MeasureData, Question, Rules, default_roles
from stagelens.statistics.results import MeasureResult, Verdicts


def decide(data: Sequence[MeasureData], rules: Rules) -> Verdicts:
    """Decide everything about a study: a pure, deterministic function.

    Args:
        data: one entry per family and measure; the results keep this order.
        rules: the error rate, margins, claims and roles. Holm runs over the headline contrasts of all of ``data``.

    Returns:
        The verdicts. Methods and their sources are named where they are computed: ``readings`` (differences),
        ``levels``, ``words`` (the verdict word), ``causes``, ``established``, ``shares``, ``claims``, ``planning``.

    Raises:
        InputError: a margin that is not inside the measure's range, fewer than two stages, no attempts, a headline
            that starts at a stage that is not there, or a claim that asks for more measures than it names.
    """
    study = [_examine(one, rules) for one in data]
    corrections = correct_headlines(study)
    results = tuple(
        _conclude(findings, report(findings, correction))
        for findings, correction in zip(study, corrections, strict=True)
    )
    return Verdicts(rules.study, rules.alpha, judge_claims(rules.claims, study, rules.alpha), results)


def _examine(data: MeasureData, rules: Rules) -> Findings:
    where = f"{data.family}/{data.benchmark}/{data.measure}"
    margin = rules.margin(data.benchmark, data.measure, data.kind)
    if not 0 < margin < data.high - data.low:
        raise InputError(
            f"the margin of {where} is {margin:g}, but must lie above 0 and below its range of "
            f"{data.high - data.low:g}; change it under analysis.margins."
        )
    if len(data.stages) < 2:
        raise InputError(f"{where} has outcomes of {len(data.stages)} stage; a comparison needs two stages or more.")
    if data.item.size == 0:
        raise InputError(f"{where} has no attempts; leave the measure out or give it outcomes.")
    roles = rules.families.get(data.family) or default_roles(data.stages)
    if roles.headline_from not in data.stages:
        raise InputError(
            f"the headline of {where} starts at stage {roles.headline_from!r}, which has no outcomes there; "
            f"its stages are {', '.join(data.stages)}."
        )
    return examine(data, roles, Question(margin, rules.alpha, rules.method, data.look))


def _conclude(findings: Findings, decisions: tuple[Decision, ...]) -> MeasureResult:
    data, cause = findings.data, find_cause(findings)
    established, sensitive = established_by(findings, decisions), sensitivity(findings)
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
        why=why(findings, decisions, cause, established),
        warnings=caveats(findings, decisions, sensitive),
        look=data.look.number,
        looks=data.look.of,
    )
