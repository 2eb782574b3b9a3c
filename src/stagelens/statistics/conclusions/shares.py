"""Each step's share of the base → production change, as a Fieller set (1954) that may be unbounded."""

from __future__ import annotations

import numpy as np

from stagelens.statistics.contrasts.findings import Findings
from stagelens.statistics.contrasts.units import sample_of
from stagelens.statistics.data import SCORED
from stagelens.statistics.intervals.clusters import Sample
from stagelens.statistics.intervals.means import missed_share
from stagelens.statistics.intervals.tails import FloatArray, quantile
from stagelens.statistics.results import Share


def shared_attempts(findings: Findings) -> int:
    """How many attempts the base and every later stage answered: those that shares rest on."""
    status = findings.data.status[findings.base or 0 :]
    return int(np.count_nonzero((status == SCORED).all(axis=0)))


def shares(findings: Findings) -> tuple[Share, ...]:
    """δ_s / Δ for every step after the base; empty without one.

    The covariance of (δ_s, Δ) is cluster-robust with t_(G-1), over the attempts that all stages answered; with training
    runs it counts these too, at Δ's degrees of freedom (see ``clusters``). Each standard error is at least what
    unobserved clusters could hide (see ``means``), so that no set has zero width.
    The point estimate is given only where Δ differs from 0 and the set is bounded: a ratio to nothing is no share.
    """
    base, data = findings.base, findings.data
    if base is None:
        return ()
    answered = (data.status[base:] == SCORED).all(axis=0)
    sample = findings.everyone if answered.all() else sample_of(data, answered)
    names = data.stages[base + 1 :]
    if sample.clusters < 2:
        return tuple(Share(name, None, None, None, "all") for name in names)

    values = data.values[base:, answered]
    changed = findings.by_pair[base, findings.last].evidence.bounded.p_difference < findings.alpha
    if len(names) == 1:
        # The only step is the whole change, by definition and not by estimate.
        return (Share(names[0], 1.0, 1.0, 1.0, "bounded") if changed else Share(names[0], None, None, None, "all"),)
    if data.labels is not None and data.labels.of_cascade:
        # A screen's shares would be those of its errors as well, and its judge's grades do not give their covariance.
        return tuple(Share(name, None, None, None, "all") for name in names)
    total = values[-1] - values[0]
    return tuple(
        _share(name, values[k + 1] - values[k], total, sample, findings, changed=changed)
        for k, name in enumerate(names)
    )


def _share(
    name: str, step: FloatArray, total: FloatArray, sample: Sample, findings: Findings, *, changed: bool
) -> Share:
    """One step's share; the variances are those of the step and of the rest of the change, each with its floor."""
    part, whole = sample.mean(step), sample.mean(total)
    t = quantile(1 - findings.alpha / 2, sample.spread(total, whole).df)
    hidden = missed_share(sample.kish, 1 - findings.alpha / 2) / t
    span = findings.data.high - findings.data.low

    def variance(x: FloatArray, mean: float) -> float:
        return max(sample.variance(x, mean), (hidden * (span + abs(mean))) ** 2)

    rest = total - step
    between = sample.covariance(step - part, rest - (whole - part))
    part_variance, rest_variance = variance(step, part), variance(rest, whole - part)
    return fieller(
        name,
        part,
        whole,
        part_variance=part_variance,
        whole_variance=part_variance + rest_variance + 2 * between,
        covariance=part_variance + between,
        critical_value=t,
        changed=changed,
    )


def fieller(
    name: str,
    part: float,
    whole: float,
    *,
    part_variance: float,
    whole_variance: float,
    covariance: float,
    critical_value: float,
    changed: bool,
) -> Share:
    """The set of s with (part - s·whole)² ≤ t² Var(part - s·whole): bounded, all but an interval, or everything."""
    t2 = critical_value**2
    square = whole**2 - t2 * whole_variance
    middle = part * whole - t2 * covariance
    constant = part**2 - t2 * part_variance
    discriminant = middle**2 - square * constant
    if square == 0 or (square < 0 and discriminant <= 0):
        return Share(name, None, None, None, "all")
    root = max(discriminant, 0.0) ** 0.5
    low, high = sorted(((middle - root) / square, (middle + root) / square))
    if square < 0:
        return Share(name, None, low, high, "exterior")
    return Share(name, part / whole if changed else None, low, high, "bounded")
