"""Saved points of a training: never steps, and the part of it from which on the measure is where it ends."""

from __future__ import annotations

from dataclasses import replace

import pytest
from statistics_worlds import measure, nested

from stagelens.statistics.data import FamilyRules, Rules
from stagelens.statistics.decide import decide
from stagelens.statistics.serialise import verdicts_from_dict

STAGES = ("base", "sft@0.1", "sft@0.25", "sft@0.5", "sft", "production")
POINTS = {"sft": {"sft@0.1": 0.1, "sft@0.25": 0.25, "sft@0.5": 0.5}}
RULES = Rules(families={"family": FamilyRules("sft", "base", points=POINTS)})
PLAIN = Rules(families={"family": FamilyRules("sft", "base")})


def trained(*rates, n=1200):
    return measure(nested(rates, n=n), stages=STAGES)


def only(data, rules=RULES):
    return decide([data], rules).results[0]


def without_points(data):
    kept = [STAGES.index(name) for name in ("base", "sft", "production")]
    return replace(
        data,
        stages=tuple(STAGES[k] for k in kept),
        values=data.values[kept],
        status=data.status[kept],
    )


def test_points_are_no_steps():
    data = trained(0.9, 0.85, 0.4, 0.2, 0.2, 0.2)
    with_points, ladder = only(data), only(without_points(data), PLAIN)
    assert with_points.contrasts == ladder.contrasts
    assert with_points.stages == ladder.stages
    assert with_points.cause == ladder.cause == "sft"
    assert ladder.appearances == ()


@pytest.mark.parametrize(
    ("rates", "by"),
    [
        ((0.9, 0.2, 0.2, 0.2, 0.2, 0.2), 0.1),
        ((0.9, 0.8, 0.2, 0.2, 0.2, 0.2), 0.25),
        ((0.9, 0.8, 0.5, 0.2, 0.2, 0.2), 0.5),
        ((0.9, 0.8, 0.7, 0.6, 0.2, 0.2), None),
        # Where it was there and went again, it appears when it comes to stay.
        ((0.9, 0.2, 0.7, 0.2, 0.2, 0.2), 0.5),
    ],
)
def test_it_appears_where_it_comes_to_stay(rates, by):
    (found,) = only(trained(*rates)).appearances
    assert found.stage == "sft"
    assert found.appears_by == by
    assert [point.part for point in found.points] == [0.1, 0.25, 0.5]


def test_a_point_is_compared_with_the_end_of_its_stage():
    data = trained(0.9, 0.8, 0.5, 0.2, 0.2, 0.1)
    (found,) = only(data).appearances
    for row, point in zip((1, 2, 3), found.points, strict=True):
        assert point.difference == pytest.approx(data.values[4].mean() - data.values[row].mean())
        assert point.level.estimate == pytest.approx(data.values[row].mean())
        assert point.low <= point.difference <= point.high


def test_the_sentence_names_the_part():
    assert "from 25% of its training on" in only(trained(0.9, 0.8, 0.2, 0.2, 0.2, 0.2)).why
    assert "At 50% of its training sft is not yet where it ends" in only(trained(0.9, 0.8, 0.7, 0.6, 0.2, 0.2)).why


def test_nothing_is_said_of_a_stage_that_changed_nothing():
    result = only(trained(0.5, 0.5, 0.5, 0.5, 0.5, 0.5))
    assert "training" not in result.why.replace("pretraining", "")
    assert result.appearances[0].appears_by == 0.1


def test_a_point_without_outcomes_is_left_out():
    data = trained(0.9, 0.8, 0.2, 0.2, 0.2, 0.2)
    kept = [0, 2, 4, 5]
    part = replace(data, stages=tuple(STAGES[k] for k in kept), values=data.values[kept], status=data.status[kept])
    (found,) = only(part).appearances
    assert [point.part for point in found.points] == [0.25]


def test_they_are_written_and_read_back():
    verdicts = decide([trained(0.9, 0.8, 0.2, 0.2, 0.2, 0.2)], RULES)
    again = verdicts_from_dict(verdicts.to_dict())
    assert again.results[0].appearances[0].appears_by == 0.25
    assert again.to_json() == verdicts.to_json()


def test_few_clusters_settle_nothing():
    data = trained(0.9, 0.8, 0.2, 0.2, 0.2, 0.2, n=30)
    (found,) = only(data).appearances
    assert found.appears_by is None
    assert not {"equivalent", "below_margin"} & {point.verdict for point in found.points}
