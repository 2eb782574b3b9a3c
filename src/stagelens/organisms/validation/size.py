"""False equivalence: how often two stages are called the same whose true difference is exactly the margin."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from math import ceil
from typing import Final

import numpy as np

from stagelens.errors import InputError
from stagelens.organisms.validation.matrix import Rate, share_of
from stagelens.organisms.validation.mixing import Unit, coins, effect, mixed
from stagelens.organisms.validation.reading import headline
from stagelens.organisms.validation.sampling import Design, both_read, draws, study_of
from stagelens.statistics.contrasts.words import SAME
from stagelens.statistics.data import MeasureData, Method
from stagelens.statistics.design.planning import clusters_to_certify

DRAWS: Final = 2000
ALPHA: Final = 0.05


@dataclass(frozen=True, slots=True)
class FalseEquivalence:
    """How often a difference of exactly the margin was called ``equivalent`` or ``below_margin``.

    ``name``: family/benchmark/measure and the two checkpoints; ``dose``: the share of the later one's answers that
    makes the difference the margin; ``unit``: what took them over as a whole.
    """

    name: str
    method: Method
    unit: Unit
    margin: float
    dose: float
    called: Rate


def false_equivalence(
    census: MeasureData,
    earlier: str,
    later: str,
    design: Design,
    *,
    margin: float,
    method: Method = "tango_neff",
    unit: Unit = "item",
    number: int = DRAWS,
    seed: int = 0,
) -> FalseEquivalence:
    """Draw studies of one checkpoint and of a mixture that differs from it by the margin, and count wrong verdicts.

    Every prompt, or every cluster, takes over the later answers with a chance of margin / effect. Over prompts and
    coins the difference is then the margin exactly; whole clusters are the harder case (partly learnt topics).

    Args:
        census: of the two checkpoints.
        earlier: the checkpoint.
        later: the one that is mixed in.
        design: of the studies.
        margin: in the measure's unit.
        method: how differences are read.
        unit: what takes over the later answers as a whole.
        number: of draws.
        seed: of the draws; methods with the same seed see the same studies.

    Raises:
        InputError: a census effect smaller than the margin, too few clusters to certify the margin whatever they say,
            or as ``both_read`` and ``draws`` do.
    """
    pair = both_read(census, earlier, later)
    whole, name = effect(pair, design), f"{census.family}/{census.benchmark}/{census.measure}: {earlier} → {later}"
    if abs(whole) < margin:
        raise InputError(f"{name} differ by {whole:.3g}, and no mixture of them differs by the margin of {margin:g}.")
    gate = clusters_to_certify(margin, census.high - census.low, ALPHA)
    if design.clusters < gate:
        raise InputError(
            f"a study of {design} can never certify {margin:g}, and so never falsely ({ceil(gate)} are needed); "
            "draw more clusters."
        )
    dose, rng = margin / abs(whole), np.random.default_rng([seed, 1])
    called = 0
    for places in islice(draws(pair, design, np.random.default_rng([seed, 0])), number):
        study = study_of(pair, places, design)
        called += headline(mixed(study, dose, coins(study, unit, rng)), margin, method, ALPHA).verdict in SAME
    return FalseEquivalence(name, method, unit, margin, dose, share_of(called, number))
