"""How wrong a judge must be: errors of that size do overturn the verdict, smaller ones do not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from statistics_worlds import measure, nested

from stagelens.statistics.data import Labels, Rules
from stagelens.statistics.decide import decide
from stagelens.statistics.judging.tipping import differential_error, least_youden


def headline(values, margin=0.05, **kind):
    return (
        decide([measure(values, **kind)], Rules(margins={"default": margin, "safety/severity": 0.5}))
        .results[0]
        .contrasts[0]
    )


def test_a_change_stands_until_its_nearer_limit_is_explained():
    contrast = headline(nested([0.1, 0.4]))
    assert contrast.verdict == "changed_up"
    assert contrast.tipping_point == pytest.approx(contrast.low)


def test_an_equivalence_stands_until_its_farther_limit_leaves_the_margin():
    contrast = headline(nested([0.3, 0.3], n=2000), margin=0.05)
    assert contrast.verdict == "equivalent"
    room = 0.05 - max(-contrast.equivalence_low, contrast.equivalence_high)
    assert contrast.tipping_point == pytest.approx(room)
    moved = replace(contrast, equivalence_high=contrast.equivalence_high + room)
    assert differential_error(moved, 0.05, 1.0, "equivalent") == pytest.approx(0)


def test_severities_are_given_as_a_share_of_their_range():
    rng = np.random.default_rng(0)
    first = rng.integers(0, 3, 200).astype(float)
    contrast = headline([first, first + 2], kind="severity", high=5.0, name="severity")
    assert contrast.tipping_point == pytest.approx(contrast.low / 5)


def test_without_a_verdict_nothing_tips():
    contrast = headline(nested([0.3, 0.35], n=60))
    assert contrast.verdict == "inconclusive"
    assert contrast.tipping_point is None


def test_a_corrected_difference_has_no_tipping_point():
    values = nested([0.1, 0.4])
    data = replace(measure(values), labels=Labels(values.copy(), np.full(values.shape, np.nan)))
    contrast = decide([data], Rules()).results[0].contrasts[0]
    assert contrast.method == "ppi++"
    assert contrast.verdict == "changed_up"
    assert contrast.tipping_point is None


def test_least_youden_is_where_the_shrunken_difference_fills_the_margin():
    contrast = headline(nested([0.3, 0.3], n=2000))
    least = least_youden(contrast, 0.05)
    assert 0 < least < 1
    assert max(-contrast.equivalence_low, contrast.equivalence_high) / least == pytest.approx(0.05)
