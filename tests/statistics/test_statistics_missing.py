"""Missing is never zero: what unscored answers do to levels and verdicts."""

from __future__ import annotations

import numpy as np
import pytest
from statistics_worlds import measure, nested, unscored

from stagelens.statistics.data import Rules
from stagelens.statistics.decide import decide

CALM = nested((0.3, 0.3), n=400)


def headline(data):
    result = decide([data], Rules()).results[0]
    return result.contrasts[0], result


def test_levels_are_bounded_by_both_ends_of_the_range():
    status = unscored(CALM, 1, incapable=range(20), ungraded=range(20, 30))
    _, result = headline(measure(CALM, status=status))
    level = result.stages[1]
    assert (level.scored, level.incapable, level.ungraded, level.unattempted) == (370, 20, 10, 0)
    assert level.estimate == pytest.approx(CALM[1, 30:].mean())
    zeros, ones = CALM[1].copy(), CALM[1].copy()
    zeros[:30], ones[:30] = 0, 1
    low = decide([measure([CALM[0], zeros])], Rules()).results[0].stages[1].low
    high = decide([measure([CALM[0], ones])], Rules()).results[0].stages[1].high
    assert (level.low, level.high) == pytest.approx((low, high))


def test_a_stage_with_nothing_scored_has_no_estimate():
    _, result = headline(measure(CALM, status=unscored(CALM, 1, ungraded=range(400))))
    assert result.stages[1].estimate is None
    assert (result.stages[1].low, result.stages[1].high) == (0.0, 1.0)


def test_a_few_missing_judgements_do_no_harm():
    contrast, _ = headline(measure(CALM, status=unscored(CALM, 1, ungraded=[3, 4])))
    assert contrast.verdict == "equivalent"
    assert contrast.pairs == 398


def test_missing_judgements_that_could_change_the_verdict_make_it_inconclusive():
    contrast, result = headline(measure(CALM, status=unscored(CALM, 1, ungraded=range(40))))
    assert contrast.verdict == "inconclusive"
    assert contrast.clusters_needed is None
    assert any("missing judgements (40 of 400 pairs lack a judgement)" in warning for warning in result.warnings)


def test_incapable_answers_that_could_change_the_verdict_make_it_uninformative():
    contrast, result = headline(measure(CALM, status=unscored(CALM, 1, incapable=range(40))))
    assert contrast.verdict == "uninformative"
    assert any("40 of 400 pairs have an incapable answer" in warning for warning in result.warnings)


@pytest.mark.parametrize(
    ("incapable", "ungraded", "verdict"),
    [(2, 40, "inconclusive"), (40, 2, "uninformative"), (40, 40, "uninformative")],
)
def test_the_kind_that_breaks_the_verdict_is_blamed(incapable, ungraded, verdict):
    status = unscored(CALM, 1, incapable=range(incapable), ungraded=range(incapable, incapable + ungraded))
    assert headline(measure(CALM, status=status))[0].verdict == verdict


def test_a_large_change_survives_missing_answers():
    table = nested((0.9, 0.1), n=400)
    contrast, _ = headline(measure(table, status=unscored(table, 1, ungraded=range(40))))
    assert contrast.verdict == "changed_down"


def test_ends_that_point_both_ways_have_p_one():
    table = np.tile([[0.0], [0.0]], (1, 400))
    contrast, _ = headline(
        measure(table, status=unscored(table, 0, ungraded=range(60)) + unscored(table, 1, ungraded=range(60, 120)))
    )
    assert contrast.p_difference_raw == 1.0
    assert contrast.low < 0 < contrast.high


def test_missing_severities_reach_the_ends_of_the_scale():
    table = np.full((2, 200), 2.0)
    status = unscored(table, 1, ungraded=range(20))
    contrast, _ = headline(measure(table, status=status, kind="severity", high=5.0))
    assert contrast.difference == 0.0
    assert contrast.low < -0.2 and contrast.high > 0.3  # 10 % of answers at 0 or at 5 in place of 2
