"""Dose-response: the answers of two checkpoints mixed in known shares must move the estimate in those shares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from stagelens.errors import InputError
from stagelens.organisms.validation.estimates import Estimate, estimate
from stagelens.organisms.validation.mixing import coins, effect, mixed
from stagelens.organisms.validation.reading import headline
from stagelens.organisms.validation.sampling import Design, both_read, draws, study_of
from stagelens.statistics.data import MeasureData

DOSES: Final = (0.0, 0.25, 0.5, 1.0)
DRAWS: Final = 200


@dataclass(frozen=True, slots=True)
class DoseResponse:
    """The difference that the instrument estimates, by the share of the later checkpoint's answers.

    Attributes:
        name: family/benchmark/measure, and the two checkpoints.
        effect: of the whole dose, by the census, in the measure's unit.
        doses: in rising order, the first 0.
        estimates: one a dose.
        rises: from each dose to the next, in the direction of the effect.
        slope: of the estimate against dose × effect; 1 where the instrument is right at every dose.
    """

    name: str
    effect: float
    doses: tuple[float, ...]
    estimates: tuple[Estimate, ...]
    rises: tuple[Estimate, ...]
    slope: Estimate

    def monotone(self, alpha: float = 0.05) -> bool:
        """Whether every rise is shown to be one: its 1 − alpha interval lies above 0."""
        return all(rise.interval(alpha)[0] > 0 for rise in self.rises)

    def linear(self, alpha: float = 0.05) -> bool:
        """Whether the slope's 1 − alpha interval holds 1."""
        low, high = self.slope.interval(alpha)
        return low <= 1 <= high


def dose_response(
    census: MeasureData,
    earlier: str,
    later: str,
    design: Design,
    *,
    margin: float,
    doses: tuple[float, ...] = DOSES,
    number: int = DRAWS,
    seed: int = 0,
) -> DoseResponse:
    """Estimate the difference between one checkpoint and its mixtures with another, over many drawn studies.

    A prompt that takes over the later answer at one dose does so at every higher one, and the slope of a draw is that
    of least squares over its doses; draws are independent, and the interval is Student's t over them.

    Args:
        census: of the two checkpoints.
        earlier: whose answers stand at dose 0.
        later: whose answers stand at dose 1.
        design: of the studies.
        margin: of the measure; the census effect has to be larger.
        doses: in rising order, from 0 up to 1.
        number: of draws, two or more.
        seed: of the draws.

    Raises:
        InputError: an effect within the margin, or as ``both_read`` and ``draws`` do.
    """
    pair = both_read(census, earlier, later)
    whole, name = effect(pair, design), f"{census.family}/{census.benchmark}/{census.measure}: {earlier} → {later}"
    if abs(whole) <= margin:
        raise InputError(
            f"{name} differ by {whole:.3g}, within the margin of {margin:g}: nothing can respond to doses."
        )
    rng = np.random.default_rng([seed, 1])
    found = np.empty((number, len(doses)))
    for row, places in zip(found, draws(pair, design, np.random.default_rng([seed, 0])), strict=False):
        study = study_of(pair, places, design)
        coin = coins(study, "item", rng)
        row[:] = [_difference(mixed(study, dose, coin), margin) for dose in doses]
    centred = whole * (np.asarray(doses) - np.mean(doses))
    rises = np.sign(whole) * np.diff(found, axis=1)
    return DoseResponse(
        name=name,
        effect=whole,
        doses=doses,
        estimates=tuple(estimate(column) for column in found.T),
        rises=tuple(estimate(column) for column in rises.T),
        slope=estimate(found @ centred / (centred @ centred)),
    )


def _difference(study: MeasureData, margin: float) -> float:
    difference = headline(study, margin).difference
    assert difference is not None  # every prompt is scored at both
    return difference
