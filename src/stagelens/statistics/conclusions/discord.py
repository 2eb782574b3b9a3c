"""Whether the strata of a benchmark tell one story: where they disagree, a pooled difference is that of their mix."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import sqrt

from scipy.stats import norm

from stagelens.statistics.conclusions.sentences import between
from stagelens.statistics.contrasts.findings import Findings
from stagelens.statistics.contrasts.words import CHANGED
from stagelens.statistics.results import StratumResult


def discord(strata: Sequence[StratumResult], findings: Findings) -> tuple[str, ...]:
    """A warning where the headline's differences in two strata are further apart than the margin, and not by chance.

    Every two strata are compared by the normal approximation, the standard errors those of their own intervals, which
    also hold for unscored answers. The p values are Bonferroni's over all pairs of strata. Strata share clusters, where
    one request is asked in several ways; their differences then go together, and the comparison is conservative. One
    of the two has to have changed: where nothing is shown to change anywhere, there is nothing to explain.

    A stage that behaves well only where a prompt smells of a test looks like this, and so does one that refuses only
    what it knows the wording of.
    """
    headline = findings.headline
    known = [each for each in strata if each.difference is not None]
    pairs = list(combinations(known, 2))
    found = []
    for one, other in pairs:
        gap = abs((one.difference or 0.0) - (other.difference or 0.0))
        error = sqrt(_error(one, findings.alpha) ** 2 + _error(other, findings.alpha) ** 2)
        p = min(1.0, 2 * float(norm.sf(gap / error)) * len(pairs)) if error > 0 else float(gap == 0)
        if {one.verdict, other.verdict} & set(CHANGED) and gap > findings.margin and p < findings.alpha:
            found.append((p, -gap, one, other))
    if not found or headline is None:
        return ()
    _, _, *apart = min(found, key=lambda each: each[:2])
    stages = [findings.data.stages[stage] for stage in headline.pair]
    told = " and in ".join(
        f"{each.stratum} between {between(each.low, each.high, findings.data.kind)}" for each in apart
    )
    sentence = (
        f"{stages[0]} → {stages[1]}: the strata disagree: the difference lies in {told}; what changed depends on what "
        "is asked, or how, and the pooled difference is that of this mix"
    )
    return (sentence,)


def _error(stratum: StratumResult, alpha: float) -> float:
    return (stratum.high - stratum.low) / (2 * float(norm.isf(alpha / 2)))
