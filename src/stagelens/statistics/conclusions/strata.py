"""The headline contrast inside each stratum of a benchmark: exploratory, the false discovery rate controlled."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from stagelens.statistics.contrasts.corrected import METHOD as CORRECTED
from stagelens.statistics.contrasts.findings import Findings
from stagelens.statistics.contrasts.multiplicity import benjamini_hochberg
from stagelens.statistics.contrasts.paired import Evidence, gather
from stagelens.statistics.contrasts.parts import of_attempts, of_stages
from stagelens.statistics.contrasts.units import sample_of
from stagelens.statistics.contrasts.words import CHANGED, marginal_word
from stagelens.statistics.results import StratumResult

LEAST_CLUSTERS = 2
"""A stratum with fewer gives no variance over clusters, and is left out."""


def strata(findings: Findings) -> tuple[StratumResult, ...]:
    """Every stratum of two clusters or more, in the order of ``MeasureData.strata``; empty without a headline.

    A change rests on the p value that Benjamini and Hochberg adjust over these strata, and is inconclusive where that
    overturns it. An equivalence is each stratum's own, by its marginal test and the cluster gate, as everywhere.
    All are the judge's: some would hold enough human labels for a correction and others not. A cascade's screen alone
    would mislead: its strata are those that its judge graded enough answers of, corrected.
    """
    data, headline = findings.data, findings.headline
    if data.stratum is None or headline is None:
        return ()
    cascade = data.labels is not None and data.labels.of_cascade
    ends = of_stages(data, headline.pair)
    if not cascade:
        ends = replace(ends, labels=None)
    found: list[tuple[str, int, Evidence]] = []
    for code, name in enumerate(data.strata):
        inside = of_attempts(ends, data.stratum == code)
        if np.unique(inside.cluster).size >= LEAST_CLUSTERS:
            sample = sample_of(inside)
            evidence = gather(inside, 0, 1, sample, findings.question)
            if not cascade or evidence.complete.method == CORRECTED:
                found.append((name, sample.items, evidence))
    adjusted = benjamini_hochberg([evidence.bounded.p_difference for _, _, evidence in found])
    return tuple(
        _result(findings, name, items, evidence, p) for (name, items, evidence), p in zip(found, adjusted, strict=True)
    )


def _result(findings: Findings, name: str, items: int, evidence: Evidence, p: float) -> StratumResult:
    word, _ = marginal_word(evidence, findings.alpha, gate=findings.gate, rate=findings.data.kind == "rate")
    if word in CHANGED and p >= findings.alpha:
        word = "inconclusive"
    reading = evidence.bounded
    return StratumResult(
        stratum=name,
        items=items,
        clusters=evidence.clusters,
        difference=evidence.difference,
        low=reading.low,
        high=reading.high,
        p_difference=p,
        p_difference_raw=reading.p_difference,
        verdict=word,
    )
