"""The verdict word of a contrast: partition testing of "below -m", "inside ±m" and "above m"."""

from __future__ import annotations

from typing import Final, Literal

from stagelens.statistics.contrasts.paired import Evidence
from stagelens.statistics.contrasts.readings import Reading
from stagelens.statistics.results import VerdictWord

Reason = Literal["none", "clusters", "incapable", "missing", "correction", "template"]
"""Why a contrast that might have been decided is not: too few clusters, unscored answers, or Holm's correction."""

RATIO_BAND: Final = (2 / 3, 3 / 2)
"""A rate inside the margin is only equivalent where its ratio to the earlier one is shown to lie in this band."""

SAME: Final = ("equivalent", "below_margin")
CHANGED: Final = ("changed_up", "changed_down")


def read_word(reading: Reading, alpha: float, *, certifiable: bool, rate: bool) -> VerdictWord:
    """The verdict that one reading gives.

    The three regions are disjoint, so each is tested at ``alpha`` without correction (Goeman, Solari & Stijnen 2010);
    where the interval is inside the margin and excludes zero, "inside" wins. ``certifiable``: the cluster gate passes.
    """
    if reading.p_equivalence < alpha:
        if not certifiable:
            return "uninformative"
        within = reading.ratio_low >= RATIO_BAND[0] and reading.ratio_high <= RATIO_BAND[1]
        return "equivalent" if within or not rate else "below_margin"
    if reading.p_difference < alpha:
        return "changed_up" if reading.rising else "changed_down"
    return "inconclusive"


def marginal_word(evidence: Evidence, alpha: float, *, gate: float, rate: bool) -> tuple[VerdictWord, Reason]:
    """The verdict of a contrast taken alone, with unscored answers at their worst, and what keeps it from more.

    Where the scored pairs alone would decide and the bounded ones do not, incapable answers make it uninformative
    (a limit of the models), ungraded and unattempted ones make it inconclusive (a gap that can be filled).
    """
    if evidence.clusters < 2:
        return "uninformative", "clusters"
    certifiable = evidence.equal_clusters >= gate
    complete = read_word(evidence.complete, alpha, certifiable=certifiable, rate=rate)
    if complete == "uninformative":
        return complete, "clusters"
    bounded = read_word(evidence.bounded, alpha, certifiable=certifiable, rate=rate)
    if bounded != "inconclusive" or complete == "inconclusive":
        return bounded, "none"
    if read_word(evidence.with_incapable(), alpha, certifiable=certifiable, rate=rate) == "inconclusive":
        return "uninformative", "incapable"
    return "inconclusive", "missing"


def corrected_word(
    word: VerdictWord, reason: Reason, p_difference: float, p_equivalence: float, alpha: float
) -> tuple[VerdictWord, Reason]:
    """The reported verdict: inconclusive where an adjusted p value overturns what the marginal interval says."""
    decisive = {"equivalent": p_equivalence, "below_margin": p_equivalence}
    decisive |= {"changed_up": p_difference, "changed_down": p_difference}
    if decisive.get(word, 0.0) < alpha:
        return word, reason
    return "inconclusive", "correction"
