"""The evidence that two stages' paired answers give about their difference, with unscored answers at their worst."""

from __future__ import annotations

from dataclasses import dataclass

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
from stagelens.statistics.data import INCAPABLE, SCORED, MeasureData, Question
from stagelens.statistics.design.planning import Precision, equal_clusters
from stagelens.statistics.intervals.clusters import Sample


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the pairs say before any correction.

    ``pairs`` and ``clusters`` count pairs scored at both stages, ``equal_clusters`` is what the latter are worth at the
    cluster gate (``design.planning.equal_clusters``). Of
    the other pairs among all ``attempts``, ``incapable`` are incapable at either stage and ``missing`` are ungraded or
    unattempted. ``complete`` reads the scored pairs alone, ``with_incapable`` bounds the incapable ones too,
    ``bounded`` all. ``precision`` is None below two clusters.
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
    with_incapable: Reading
    bounded: Reading
    precision: Precision | None


def gather(data: MeasureData, earlier: int, later: int, everyone: Sample, question: Question) -> Evidence:
    """Compare two stages by index; ``everyone`` is the sample of all attempts.

    The contrast is read three ways: on the pairs scored at both stages, and on all pairs with the unscored answers
    placed for the largest and for the smallest difference. Where humans labelled enough of both stages' answers, each
    is corrected by their labels, whatever method the question names (see ``judging.ppi``).
    """
    scored = (data.status[earlier] == SCORED) & (data.status[later] == SCORED)
    incapable = ~scored & ((data.status[earlier] == INCAPABLE) | (data.status[later] == INCAPABLE))
    attempts, pairs, n_incapable = scored.size, int(np.count_nonzero(scored)), int(np.count_nonzero(incapable))
    n_missing = attempts - pairs - n_incapable
    sample = everyone if pairs == attempts else sample_of(data, scored)
    complete = Pairing(sample, data.values[earlier][scored], data.values[later][scored])
    labels = data.labels if correctable(data, (earlier, later), scored, sample) else None

    def read(pairing: Pairing, kept: NDArray[np.bool_]) -> Reading:
        if labels is None:
            return _read(data, pairing, question)
        correction = correct(data, labels, (earlier, later), kept, pairing)
        return read_corrected(correction, question, rate=data.kind == "rate")

    span = data.high - data.low
    difference = None
    if labels is not None:
        difference = correct(data, labels, (earlier, later), scored, complete).difference.mean
    elif pairs:
        # Rounding must not carry a mean beyond the range, and so out of its own interval.
        difference = min(max(sample.mean(complete.later - complete.earlier), -span), span)
    worth = equal_clusters(sample.share, question.margin / span)
    method = method_of(data.kind, question.method)
    alone = bounded = with_incapable = nothing_known(span, method)
    if sample.clusters >= 2:
        alone = bounded = with_incapable = read(complete, scored)
    if sample.clusters >= 2 and pairs < attempts:
        kept = np.ones_like(scored)
        extremes = _extremes(data, earlier, later, everyone, kept)
        bounded = worst([alone, *(read(pairing, kept) for pairing in extremes)])
        with_incapable = bounded if n_incapable else alone
    if sample.clusters >= 2 and n_incapable and n_missing:
        kept = scored | incapable
        extremes = _extremes(data, earlier, later, sample_of(data, kept), kept)
        with_incapable = worst([alone, *(read(pairing, kept) for pairing in extremes)])
    return Evidence(
        earlier=earlier,
        later=later,
        attempts=attempts,
        pairs=pairs,
        clusters=sample.clusters,
        equal_clusters=worth,
        incapable=n_incapable,
        missing=n_missing,
        difference=difference,
        complete=alone,
        with_incapable=with_incapable,
        bounded=bounded,
        precision=_precision(data, alone, sample, worth),
    )


def _read(data: MeasureData, pairing: Pairing, question: Question) -> Reading:
    """The reading by the method of the measure's kind."""
    if data.kind == "rate":
        return read_rates(pairing, question)
    return read_severities(pairing, data.high - data.low, question)


def _extremes(
    data: MeasureData, earlier: int, later: int, sample: Sample, kept: NDArray[np.bool_]
) -> tuple[Pairing, Pairing]:
    """The kept pairs with unscored answers placed for the largest and for the smallest difference."""

    def placed(stage: int, end: float) -> NDArray[np.float64]:
        return np.where(data.status[stage] == SCORED, data.values[stage], end)[kept]

    return (
        Pairing(sample, placed(earlier, data.low), placed(later, data.high)),
        Pairing(sample, placed(earlier, data.high), placed(later, data.low)),
    )


def _precision(data: MeasureData, reading: Reading, sample: Sample, worth: float) -> Precision | None:
    """What planning starts from: the precision of the scored pairs alone."""
    if sample.clusters < 2:
        return None
    return Precision(
        clusters=sample.clusters,
        equal_clusters=worth,
        span=data.high - data.low,
        error=reading.error,
        n=reading.worth.n,
        df=reading.worth.df,
        rate=data.kind == "rate",
    )
