"""A severity's headline change without treating its scale as equidistant."""

from __future__ import annotations

from dataclasses import replace
from math import floor

from stagelens.statistics.contrasts.findings import Findings
from stagelens.statistics.contrasts.paired import Evidence, gather
from stagelens.statistics.contrasts.parts import compared, exceeding
from stagelens.statistics.data import MeasureData
from stagelens.statistics.results import Exceedance, Ordinal

MOST_STEPS = 10
"""A scale of more whole steps is no longer ordinal in use, and its exceedances are not listed."""


def ordinal(findings: Findings) -> Ordinal | None:
    """P(≥ k) for every whole step k of the scale, and the paired superiority; None for rates and without a headline.

    Both are paired differences of rates over the headline's attempts, read as rates are. Superiority, P(later >
    earlier) - P(later < earlier), is the difference between the shares of pairs that rose and that fell: the paired
    form of Cliff's delta (1993). All limits are at 1 - alpha and hold for every value that unscored answers might have.
    """
    data, headline = findings.data, findings.headline
    if data.kind == "rate" or headline is None:
        return None
    superiority = _gather(findings, compared(data, *headline.pair))
    if superiority.difference is None:
        return None
    return Ordinal(
        superiority=superiority.difference,
        superiority_low=superiority.bounded.low,
        superiority_high=superiority.bounded.high,
        exceedances=tuple(
            Exceedance(float(k), reached.difference, reached.bounded.low, reached.bounded.high)
            for k in _whole_steps(data)
            if (reached := _gather(findings, exceeding(data, *headline.pair, k))).difference is not None
        ),
    )


def _whole_steps(data: MeasureData) -> range:
    steps = range(floor(data.low) + 1, floor(data.high) + 1)
    return steps if len(steps) <= MOST_STEPS else range(0)


def _gather(findings: Findings, rates: MeasureData) -> Evidence:
    """The evidence on derived rates; the margin, in the severity's unit, is not theirs, and only its share counts."""
    data = findings.data
    question = replace(findings.question, margin=findings.margin / (data.high - data.low))
    return gather(rates, 0, 1, findings.everyone, question)
