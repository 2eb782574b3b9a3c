"""What stages that are not steps show: format against teaching, and the 2×2 {SFT safety data} × {RL safety reward}.

Every effect is a paired linear contrast of stages over the same attempts, read like any other contrast and judged by
the same partition rules and cluster gate; its p values are its own, without correction. With a letter for each cell,
v00 ``neither``, v10 ``sft_only``, v01 ``rl_only``, v11 ``both``; where no stage is named for them, ``both`` is
production and ``sft_only`` the stage where the headline starts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from stagelens.errors import InputError
from stagelens.statistics.contrasts.competence import incompetent
from stagelens.statistics.contrasts.findings import Findings
from stagelens.statistics.contrasts.levels import level
from stagelens.statistics.contrasts.paired import Evidence, gather
from stagelens.statistics.contrasts.parts import combined, of_stages
from stagelens.statistics.contrasts.words import marginal_word
from stagelens.statistics.data import FamilyRules, MeasureData
from stagelens.statistics.design.planning import clusters_to_certify
from stagelens.statistics.results import Counterfactual, Effect

ROLES: Final = ("format", "neither", "sft_only", "rl_only", "both")
CELLS: Final = ROLES[1:]

EFFECTS: Final[Mapping[str, str]] = {
    "taught": "the SFT stage less the format stage: what its safety data teach",
    "elicited": "the format stage less the base: what learning to answer brings out",
    "sft_data": "main effect of the SFT safety data, ½[(v10 − v00) + (v11 − v01)]: SFT's Shapley value",
    "rl_reward": "main effect of the RL safety reward, ½[(v01 − v00) + (v11 − v10)]: RL's Shapley value",
    "interaction": "v11 − v10 − v01 + v00: how much more both do than the sum of each",
    "sufficiency": "v11 − v10: the SFT data suffice where this is equivalent",
    "necessity": "v01 − v00: the SFT data are necessary where this is equivalent, since the reward alone moves nothing",
}
"""The effects' names, in the order in which they are given, and what they are."""

_WEIGHTS: Final[Mapping[str, Mapping[str, float]]] = {
    "taught": {"sft": 1, "format": -1},
    "elicited": {"format": 1, "base": -1},
    "sft_data": {"sft_only": 0.5, "neither": -0.5, "both": 0.5, "rl_only": -0.5},
    "rl_reward": {"rl_only": 0.5, "neither": -0.5, "both": 0.5, "sft_only": -0.5},
    "interaction": {"both": 1, "sft_only": -1, "rl_only": -1, "neither": 1},
    "sufficiency": {"both": 1, "sft_only": -1},
    "necessity": {"rl_only": 1, "neither": -1},
}


def split(data: MeasureData, roles: FamilyRules) -> tuple[MeasureData, tuple[int, ...]]:
    """The data of the stages that are steps, and the indices of the counterfactual ones among all.

    Raises:
        InputError: a role that is not one of ``ROLES``, or one stage in two of them.
    """
    named = roles.counterfactuals
    for role in named:
        if role not in ROLES:
            raise InputError(f"{role!r} is no part of a counterfactual stage; they are {', '.join(ROLES)}.")
    if len(set(named.values())) < len(named):
        raise InputError(f"the family {data.family} gives one counterfactual stage two parts; give each stage one.")
    aside = tuple(index for index, stage in enumerate(data.stages) if stage in named.values())
    others = {*roles.elicitations, *roles.templates, *(point for points in roles.points.values() for point in points)}
    steps = [index for index, stage in enumerate(data.stages) if index not in aside and stage not in others]
    return of_stages(data, steps), aside


def counterfactual(data: MeasureData, aside: tuple[int, ...], findings: Findings) -> Counterfactual | None:
    """Levels and effects of the stages with the indices ``aside`` of ``data``; None where there is none.

    ``findings`` are those of the other stages. Effects of which a stage is missing are left out, and so is the whole
    2×2 where none of its corners is named.
    """
    if not aside:
        return None
    levels = tuple(level(data, stage, findings.everyone, findings.alpha) for stage in aside)
    unfit = {**findings.unfit, **incompetent(levels)}
    parts = _parts(data, findings)
    return Counterfactual(levels, tuple(_effects(data, parts, findings, unfit)))


def _parts(data: MeasureData, findings: Findings) -> dict[str, int]:
    """Which stage of ``data`` plays which part in the effects."""
    ladder = findings.data.stages
    named = {role: stage for role, stage in findings.roles.counterfactuals.items() if stage in data.stages}
    start = None if findings.start is None else ladder[findings.start]
    parts = {"base": None if findings.base is None else ladder[findings.base], "sft": start}
    if any(role in named for role in CELLS):
        parts |= {"sft_only": start, "both": ladder[-1]}
    return {part: data.stages.index(stage) for part, stage in {**parts, **named}.items() if stage is not None}


def _effects(
    data: MeasureData, parts: Mapping[str, int], findings: Findings, unfit: Mapping[str, str]
) -> Iterator[Effect]:
    for name in EFFECTS:
        needed = _WEIGHTS[name]
        if not all(part in parts for part in needed):
            continue
        weights = {parts[part]: weight for part, weight in needed.items()}
        evidence, gate, rate = _gather(data, weights, findings)
        word, _ = marginal_word(evidence, findings.alpha, gate=gate, rate=rate)
        reading = evidence.bounded
        yield Effect(
            name=name,
            difference=evidence.difference,
            low=reading.low,
            high=reading.high,
            p_difference=reading.p_difference,
            p_equivalence=reading.p_equivalence,
            verdict="uninformative" if any(data.stages[stage] in unfit for stage in weights) else word,
        )


def _gather(data: MeasureData, weights: Mapping[int, float], findings: Findings) -> tuple[Evidence, float, bool]:
    """The evidence on a linear contrast of stages, the cluster gate for its range, and whether it is one of rates.

    Two stages are compared as everywhere. The combination of four is a mean of values inside a known range, read with
    the cluster-robust interval of ``intervals.means``.
    """
    question = findings.question
    if len(weights) == 2:
        earlier, later = sorted(weights, key=lambda stage: weights[stage])
        return gather(data, earlier, later, findings.everyone, question), findings.gate, data.kind == "rate"
    sums = combined(data, weights)
    gate = clusters_to_certify(findings.margin, sums.high - sums.low, findings.alpha)
    return gather(sums, 0, 1, findings.everyone, question), gate, False
