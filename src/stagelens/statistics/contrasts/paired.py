"""The evidence that two stages' paired answers give about their difference, with unscored answers at their worst."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import isnan, nan
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from stagelens.statistics.contrasts.corrected import correct, correctable, read_corrected
from stagelens.statistics.contrasts.readings import (
    Pairing,
    Reading,
    method_of,
    nothing_known,
    read_rates,
    read_severities,
    worst,
)
from stagelens.statistics.contrasts.units import sample_of
from stagelens.statistics.data import INCAPABLE, SCORED, Labels, MeasureData, Question
from stagelens.statistics.design.planning import Precision, equal_clusters
from stagelens.statistics.intervals.clusters import Sample
from stagelens.statistics.intervals.tails import FloatArray

BoolArray: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the pairs say before any correction.

    ``pairs`` and ``clusters`` count pairs scored at both stages, ``equal_clusters`` is what the latter are worth at the
    cluster gate (``design.planning.equal_clusters``). Of the other pairs among all ``attempts``, ``incapable`` are
    incapable at either stage and ``missing`` are ungraded or unattempted. ``complete`` reads the scored pairs alone,
    ``bounded`` bounds all others too, ``with_incapable`` only the incapable ones; that is read when it is asked for,
    since few contrasts need it. ``precision`` is None below two clusters.
    """

    earlier: int
    later: int
    attempts: int
    pairs: int
    clusters: int
    equal_clusters: float
    incapable: int
    missing: int
    difference: float | None
    complete: Reading
    with_incapable: Callable[[], Reading] = field(compare=False, repr=False)
    bounded: Reading
    precision: Precision | None


def gather(data: MeasureData, earlier: int, later: int, everyone: Sample, question: Question) -> Evidence:
    """Compare two stages by index; ``everyone`` is the sample of all attempts.

    The contrast is read on the pairs scored at both stages, and on all pairs with the unscored answers placed for the
    largest and for the smallest difference. Where humans labelled enough of both stages' answers, each is corrected by
    their labels, whatever method the question names (see ``judging.ppi``).
    """
    scored = (data.status[earlier] == SCORED) & (data.status[later] == SCORED)
    incapable = ~scored & ((data.status[earlier] == INCAPABLE) | (data.status[later] == INCAPABLE))
    attempts, pairs, n_incapable = scored.size, int(np.count_nonzero(scored)), int(np.count_nonzero(incapable))
    n_missing = attempts - pairs - n_incapable
    sample = everyone if pairs == attempts else sample_of(data, scored)
    labels = data.labels if correctable(data, (earlier, later), scored, sample) else None
    pair = _Pair(data, earlier, later, question, labels)
    enough = sample.clusters >= 2

    alone = pair.scored(sample, scored) if enough else pair.nothing()
    bounded = alone
    if enough and pairs < attempts:
        bounded = worst([alone, *pair.extremes(everyone, np.ones_like(scored))])

    def with_incapable() -> Reading:
        if not n_incapable or not enough:
            return alone
        if not n_missing:
            return bounded
        kept = scored | incapable
        return worst([alone, *pair.extremes(sample_of(data, kept), kept)])

    worth = equal_clusters(sample.share, question.margin / pair.span)
    return Evidence(
        earlier=earlier,
        later=later,
        attempts=attempts,
        pairs=pairs,
        clusters=sample.clusters,
        equal_clusters=worth,
        incapable=n_incapable,
        missing=n_missing,
        difference=pair.difference(sample, scored) if pairs else None,
        complete=alone,
        with_incapable=with_incapable,
        bounded=bounded,
        precision=_precision(data, alone, sample, worth) if enough else None,
    )


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two stages and how they are read: ``labels`` where these correct the judge's values."""

    data: MeasureData
    earlier: int
    later: int
    question: Question
    labels: Labels | None

    @property
    def span(self) -> float:
        """The width of the measure's range."""
        return self.data.high - self.data.low

    def nothing(self) -> Reading:
        """The reading of too few pairs."""
        return nothing_known(self.span, method_of(self.data.kind, self.question.method))

    def scored(self, sample: Sample, kept: BoolArray) -> Reading:
        """The kept pairs, all of them scored; ``sample`` is theirs."""
        return self._read(self._pairing(sample, kept), kept)

    def extremes(self, sample: Sample, kept: BoolArray) -> tuple[Reading, Reading]:
        """The kept pairs with unscored answers placed for the largest and for the smallest difference."""
        low, high = self.data.low, self.data.high
        return (
            self._read(self._pairing(sample, kept, low, high), kept),
            self._read(self._pairing(sample, kept, high, low), kept),
        )

    def difference(self, sample: Sample, kept: BoolArray) -> float:
        """Later minus earlier over the kept pairs, all of them scored, corrected where labels do that."""
        pairing = self._pairing(sample, kept)
        if self.labels is not None:
            return correct(self.data, self.labels, (self.earlier, self.later), kept, pairing).difference.mean
        # Rounding must not carry a mean beyond the range, and so out of its own interval.
        return min(max(sample.mean(pairing.later - pairing.earlier), -self.span), self.span)

    def _pairing(self, sample: Sample, kept: BoolArray, before: float = nan, after: float = nan) -> Pairing:
        """The kept pairs; unscored answers are ``before`` at the earlier and ``after`` at the later stage."""

        def placed(stage: int, end: float) -> FloatArray:
            values = self.data.values[stage][kept]
            return values if isnan(end) else np.where(self.data.status[stage][kept] == SCORED, values, end)

        return Pairing(sample, placed(self.earlier, before), placed(self.later, after))

    def _read(self, pairing: Pairing, kept: BoolArray) -> Reading:
        rate = self.data.kind == "rate"
        if self.labels is not None:
            correction = correct(self.data, self.labels, (self.earlier, self.later), kept, pairing)
            return read_corrected(correction, self.question, rate=rate)
        return read_rates(pairing, self.question) if rate else read_severities(pairing, self.span, self.question)


def _precision(data: MeasureData, reading: Reading, sample: Sample, worth: float) -> Precision:
    """What planning starts from: the precision of the scored pairs alone."""
    return Precision(
        clusters=sample.clusters,
        equal_clusters=worth,
        span=data.high - data.low,
        error=reading.error,
        n=reading.worth.n,
        df=reading.worth.df,
        rate=data.kind == "rate",
    )
