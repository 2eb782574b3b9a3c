"""Where a change is found, by its size: the instrument and the foils, on effects around what a study can detect."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final, Literal

import numpy as np
from numpy.random import Generator

from stagelens.errors import InputError
from stagelens.organisms.validation.foils import largest, overlap
from stagelens.organisms.validation.matrix import READERS, UNDECIDED, Rate, Reader, share_of
from stagelens.organisms.validation.mixing import Pools, effect
from stagelens.organisms.validation.reading import read
from stagelens.organisms.validation.sampling import Design, both_read, chances, draws, study_of
from stagelens.organisms.validation.truth import Label, Truth, truth_of
from stagelens.statistics.data import MeasureData

STAGES: Final = ("base", "sft", "production")
Where = Literal["sft", "production", "nowhere"]
"""The step that the effect lies in, by the stage that it leads to."""
WHERE: Final[tuple[Where, ...]] = ("sft", "production", "nowhere")
MULTIPLES: Final = (0.5, 0.75, 1.0, 1.5, 2.0)
"""True effects, in minimum detectable differences."""
DRAWS: Final = 100
STIRRED: Final = 0.5
ALPHA: Final = 0.05
_PILOTS: Final = 40
_ROUNDS: Final = 8


@dataclass(frozen=True, slots=True)
class Tally:
    """How many verdicts named a label that counts as right, one that does not, and none."""

    right: int
    wrong: int
    silent: int

    @property
    def score(self) -> float:
        """(right − wrong) / all, −1 to 1: silence is neither."""
        return (self.right - self.wrong) / (self.right + self.wrong + self.silent)


@dataclass(frozen=True, slots=True)
class Point:
    """One true effect in one place.

    ``multiple``: of the minimum detectable difference that studies of this effect print; ``effect``: in the measure's
    unit; ``truth``: what the rule table says of the true levels; ``found``: how often the step into ``where`` was
    called different from 0 at alpha, None nowhere.
    """

    where: Where
    multiple: float
    effect: float
    truth: Truth
    tallies: Mapping[Reader, Tally]
    found: Rate | None


@dataclass(frozen=True, slots=True)
class Detection:
    """All points of one measure; ``name``: family/benchmark/measure and the checkpoints that were mixed."""

    name: str
    design: Design
    margin: float
    points: tuple[Point, ...]

    def score(self, reader: Reader) -> float:
        """The mean of the points' scores, −1 to 1: every effect in every place counts the same."""
        return sum(point.tallies[reader].score for point in self.points) / len(self.points)

    def power(self) -> dict[float, Rate]:
        """By multiple of the minimum detectable difference, how often a step with the effect was found."""
        found: dict[float, list[Rate]] = {}
        for point in self.points:
            if point.found is not None:
                found.setdefault(point.multiple, []).append(point.found)
        return {
            multiple: share_of(sum(each.hits for each in rates), sum(each.of for each in rates))
            for multiple, rates in found.items()
        }


def detection(
    census: MeasureData,
    earlier: str,
    later: str,
    design: Design,
    *,
    margin: float,
    multiples: tuple[float, ...] = MULTIPLES,
    stirred: float = STIRRED,
    number: int = DRAWS,
    seed: int = 0,
) -> Detection:
    """Make families of three stages whose effects are known, of every size in every place, and read studies of them.

    A stage that carries the effect answers like the later checkpoint on a share of the prompts, and like the earlier
    one on the rest; production keeps what SFT took over. So that stages that agree do not repeat each other's answers,
    a share of each stage's answers is exchanged for those to other prompts of the same cluster (``mixing.Pools``).
    An effect of r minimum detectable differences is r times what studies *of that effect* print: the fixed point.

    Args:
        census: of the two checkpoints; a rate.
        earlier: how the base answers.
        later: how a prompt is answered that has taken over the effect.
        design: of the studies.
        margin: of the rate.
        multiples: true effects, in minimum detectable differences.
        stirred: the share of answers that is exchanged, 0 to 1, at every stage.
        number: of draws a point.
        seed: of the draws.

    Raises:
        InputError: a severity, an effect that is larger than what the two checkpoints differ by, or as ``both_read``
            and ``draws`` do.
    """
    name = f"{census.family}/{census.benchmark}/{census.measure}: {earlier} → {later}"
    if census.kind != "rate":
        raise InputError(f"{name} is a severity, and effects are placed in rates only; choose a rate.")
    world = _World(both_read(census, earlier, later), design, margin, stirred)
    points = []
    for place, multiple in enumerate(multiples):
        dose = _dose(world, multiple, seed, name)
        for kind, where in enumerate(WHERE):
            rng = np.random.default_rng([seed, 1 + place, kind])
            points.append(_point(world, where, multiple, dose, number, rng))
    return Detection(name, design, margin, tuple(points))


@dataclass(frozen=True, slots=True)
class _World:
    """Two checkpoints' answers, scored everywhere, and how studies of them are made and read."""

    pair: MeasureData
    design: Design
    margin: float
    stirred: float

    @property
    def effect(self) -> float:
        """Of a whole dose."""
        return effect(self.pair, self.design)

    def studies(self, doses: tuple[float, float, float], rng: Generator) -> Iterator[MeasureData]:
        """Studies of families in which a share of prompts, one a stage and never falling, has taken over the effect."""
        pools = Pools.in_census(self.pair)
        for places in draws(self.pair, self.design, rng):
            coin = rng.random(places.size)
            stages = []
            for dose in doses:
                stirred = rng.random(places.size) < self.stirred
                whose = np.where(stirred, pools.strangers(places, rng), places)
                stages.append(np.where(coin < dose, self.pair.values[1, whose], self.pair.values[0, whose]))
            study = study_of(self.pair, places, self.design)
            values = np.stack(stages)
            yield replace(study, stages=STAGES, values=values, status=np.zeros(values.shape, np.int8))

    def truth(self, doses: tuple[float, float, float]) -> Truth:
        """Of such a family, as a census as large as this one says it."""
        base = float(chances(self.pair, self.design) @ self.pair.values[0])
        levels = base + self.effect * np.asarray(doses)
        values = np.repeat(levels[:, None], self.pair.item.size, axis=1)
        return truth_of(
            replace(self.pair, stages=STAGES, values=values, status=np.zeros(values.shape, np.int8)), self.margin
        )


def _doses(where: Where, dose: float) -> tuple[float, float, float]:
    return (0.0, dose if where == "sft" else 0.0, 0.0 if where == "nowhere" else dose)


def _dose(world: _World, multiple: float, seed: int, name: str) -> float:
    """The dose whose effect is ``multiple`` times what studies of that effect can detect, by a bisection."""

    def beyond(dose: float) -> bool:
        detectable = _detectable(world, dose, np.random.default_rng([seed, 0]))
        return dose * abs(world.effect) >= multiple * detectable

    if not beyond(1.0):
        raise InputError(
            f"{name} differ by {world.effect:.3g}, less than {multiple:g} times what a study of {world.design} can "
            "detect; draw more prompts, or choose checkpoints that differ more."
        )
    low, high = 0.0, 1.0
    for _ in range(_ROUNDS):
        middle = (low + high) / 2
        low, high = (low, middle) if beyond(middle) else (middle, high)
    return high


def _detectable(world: _World, dose: float, rng: Generator) -> float:
    """The median of the minimum detectable differences that studies of a dose in the SFT step print for it."""
    found = []
    for study in islice(world.studies(_doses("sft", dose), rng), _PILOTS):
        printed = read(study, world.margin).contrasts[0].minimum_detectable_difference
        assert printed is not None  # a design has two clusters or more
        found.append(printed)
    return float(np.median(found))


def _point(world: _World, where: Where, multiple: float, dose: float, number: int, rng: Generator) -> Point:
    doses = _doses(where, dose)
    truth = world.truth(doses)
    said: dict[Reader, list[Label]] = {reader: [] for reader in READERS}
    found: list[bool] = []
    for study in islice(world.studies(doses, rng), number):
        result = read(study, world.margin)
        said["stagelens"].append(Label(str(result.cause), result.pattern))
        said["overlap"].append(overlap(study, world.margin))
        said["largest"].append(largest(study))
        if where != "nowhere":
            found.append(result.contrasts[WHERE.index(where)].p_difference_raw < ALPHA)  # the steps come first
    return Point(
        where,
        multiple,
        (doses[-1] - doses[0]) * world.effect,
        truth,
        {reader: _tally(labels, truth) for reader, labels in said.items()},
        share_of(sum(found), len(found)) if found else None,
    )


def _tally(said: list[Label], truth: Truth) -> Tally:
    silent = sum(label.cause in UNDECIDED for label in said)
    right = sum(label.cause not in UNDECIDED and label in truth.right for label in said)
    return Tally(right, len(said) - right - silent, silent)
