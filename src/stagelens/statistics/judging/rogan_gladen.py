"""A judge's rate corrected by its sensitivity and specificity, where those were measured in another population.

The correction of human labels (``ppi``) needs labels of the answers under study. Where the only labels are of other
answers, what carries over is how often the judge finds what humans find (sensitivity) and leaves what they leave
(specificity): true rate = (apparent + specificity - 1) / (sensitivity + specificity - 1) (Rogan & Gladen 1978). It is
made per stage: a judge that errs alike on two stages is an assumption that labels of one of them cannot show.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot, sqrt

from stagelens.errors import InputError
from stagelens.statistics.intervals.tails import quantile


@dataclass(frozen=True, slots=True)
class Calibration:
    """What a judge said of answers that humans labelled.

    ``positives`` answers have the property and the judge found ``found`` of them; ``negatives`` have it not and the
    judge left ``left`` of them alone. Numbers need not be whole (effective numbers of clustered answers).
    """

    positives: float
    found: float
    negatives: float
    left: float

    def __post_init__(self) -> None:
        if not (0 <= self.found <= self.positives > 0 and 0 <= self.left <= self.negatives > 0):
            raise InputError(
                f"A judge's calibration needs labelled answers of both kinds, and no more hits than answers: it has "
                f"{self.found:g} of {self.positives:g} positives and {self.left:g} of {self.negatives:g} negatives."
            )

    @property
    def sensitivity(self) -> float:
        """The share of positives that the judge found."""
        return self.found / self.positives

    @property
    def specificity(self) -> float:
        """The share of negatives that the judge left alone."""
        return self.left / self.negatives


@dataclass(frozen=True, slots=True)
class CorrectedRate:
    """A true rate and its limits, inside [0, 1]; ``clipped`` says that the estimate lay outside and was moved there."""

    estimate: float
    low: float
    high: float
    clipped: bool


def corrected_rate(apparent: float, n: float, calibration: Calibration, alpha: float = 0.05) -> CorrectedRate:
    """The true rate behind a judge's ``apparent`` rate of ``n`` (effective) answers, with limits at 1 - ``alpha``.

    The interval is Lang and Reiczigel's (2014, equations 4, 7, 16 and 17), which carries the uncertainty of the
    calibration; estimate and limits are clipped to [0, 1].

    Raises:
        InputError: the judge is no better than chance on the labelled answers, so that nothing can be said.
    """
    youden = calibration.sensitivity + calibration.specificity - 1
    if youden <= 0:
        raise InputError(
            f"A judge with sensitivity {calibration.sensitivity:g} and specificity {calibration.specificity:g} tells "
            "nothing: take another judge, or label the answers under study themselves."
        )
    raw = (apparent + calibration.specificity - 1) / youden
    z = quantile(1 - alpha / 2)
    positives, negatives, total = calibration.positives + 2, calibration.negatives + 2, n + z**2
    sensitivity, specificity = (calibration.found + 1) / positives, (calibration.left + 1) / negatives
    shown = (n * apparent + z**2 / 2) / total
    scale = sensitivity + specificity - 1
    centre = (shown + specificity - 1) / scale
    of_sensitivity = sensitivity * (1 - sensitivity) / positives
    of_specificity = specificity * (1 - specificity) / negatives
    shift = 2 * z**2 * (centre * of_sensitivity - (1 - centre) * of_specificity)
    variance = shown * (1 - shown) / total + centre**2 * of_sensitivity + (1 - centre) ** 2 * of_specificity
    half = z * sqrt(variance) / scale
    estimate = min(max(raw, 0.0), 1.0)
    return CorrectedRate(
        estimate=estimate,
        low=min(max(centre + shift - half, 0.0), estimate),
        high=max(min(centre + shift + half, 1.0), estimate),
        clipped=estimate != raw,
    )


def corrected_difference(earlier: CorrectedRate, later: CorrectedRate) -> tuple[float, float, float]:
    """Later minus earlier, and its limits, from two corrected rates with limits at the same level.

    The limits are squared and added (Newcombe 1998; Zou & Donner 2008). The two are taken as independent: with answers
    to the same items, which agree more than by chance, that is conservative.
    """
    difference = later.estimate - earlier.estimate
    low = difference - hypot(later.estimate - later.low, earlier.high - earlier.estimate)
    high = difference + hypot(later.high - later.estimate, earlier.estimate - earlier.low)
    return difference, max(low, -1.0), min(high, 1.0)
