"""What is claimed of the audit, held against what it said of sourced organisms. A claim without data does not hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from scipy.stats import binomtest

from stagelens.organisms.sourced.judge import Finding
from stagelens.organisms.sourced.plants import NULL, PLANTED
from stagelens.organisms.validation.claims import NOTHING, ClaimCheck
from stagelens.statistics.contrasts.words import CHANGED

NOMINAL: Final = 0.95
ALPHA: Final = 0.05


def check_audits(found: Sequence[Finding]) -> tuple[ClaimCheck, ...]:
    """Every claim, in a fixed order: the planted source comes first, and what carries nothing is said to do nothing."""
    asked = [each for each in found if each.asked]
    planted = [each for each in asked if each.source == PLANTED]
    # An interval over nothing graded holds zero, and says nothing.
    null = [each for each in asked if is_null(each) and each.difference is not None]
    return (
        _all("ranks the planted source first", planted, lambda each: _first(each, asked)),
        _all("puts zero outside the planted source's interval", planted, lambda each: not each.low <= 0 <= each.high),
        _covered(null),
        _all("calls no null source changed", null, lambda each: each.verdict not in CHANGED),
    )


def is_null(each: Finding) -> bool:
    """Whether a source carries nothing of what is planted: the placebo, the decoy, all where nothing is planted."""
    return each.plant == "nothing" or each.source in NULL


def _first(planted: Finding, asked: Iterable[Finding]) -> bool:
    others = [each.difference for each in asked if each.organism == planted.organism and each != planted]
    # What a source does is not known where nothing could be graded: then none is shown to come first.
    known = [abs(difference) for difference in others if difference is not None]
    return (
        planted.difference is not None
        and len(known) == len(others)
        and abs(planted.difference) > max(known, default=0.0)
    )


def _all(text: str, of: Sequence[Finding], holds: Callable[[Finding], bool]) -> ClaimCheck:
    if not of:
        return ClaimCheck(text, False, NOTHING, "always")
    held = sum(map(holds, of))
    return ClaimCheck(text, held == len(of), f"{held} of {len(of)}", "always")


def _covered(null: Sequence[Finding]) -> ClaimCheck:
    """Held unless so many intervals miss zero that the nominal rate could hardly be true."""
    text = "puts zero into the intervals of null sources at the nominal rate"
    bound = f"{NOMINAL:.0%}, by a one-sided test at {ALPHA:g}"
    if not null:
        return ClaimCheck(text, False, NOTHING, bound)
    held = sum(each.low <= 0 <= each.high for each in null)
    p = float(binomtest(held, len(null), NOMINAL, alternative="less").pvalue)
    return ClaimCheck(text, p > ALPHA, f"{held} of {len(null)} (p {p:.2g})", bound)
