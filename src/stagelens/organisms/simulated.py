"""What is seen without another study: hundreds of studies of ordinary size, drawn from censuses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import product
from pathlib import Path
from typing import Final, TypeVar

import polars as pl

from stagelens.engine.progress import Reporter
from stagelens.errors import InputError
from stagelens.organisms.build import Organism, counted, lay_out, make_until
from stagelens.organisms.census.table import Counted, Size, take_census
from stagelens.organisms.groups import GROUPS
from stagelens.organisms.jobs import side_by_side
from stagelens.organisms.judge import Judged, folder_of, store_in
from stagelens.organisms.kept import Kept
from stagelens.organisms.spec import OrganismSpec
from stagelens.organisms.study import STEPS
from stagelens.organisms.validation.aa import AA, aa_studies
from stagelens.organisms.validation.detection import Detection, detection
from stagelens.organisms.validation.dose import DoseResponse, dose_response
from stagelens.organisms.validation.mixing import Unit
from stagelens.organisms.validation.sampling import Design
from stagelens.organisms.validation.size import FalseEquivalence, false_equivalence
from stagelens.outcomes.arrays import measure_arrays
from stagelens.statistics.data import MeasureData, Method, Rules

STUDIES: Final = 400
"""Studies that are drawn from censuses for each rate."""
SECOND: Final = 1
"""Sampling seed of a checkpoint's second census."""
TWICE: Final = 5
"""Checkpoints that have one at most: as many as the full design has seeds."""
METHODS: Final[tuple[Method, ...]] = ("tango_neff", "betting")
UNITS: Final[tuple[Unit, ...]] = ("item", "cluster")
MOVED: Final = 2.0
"""Margins that a step has to measure for its two checkpoints to be mixed."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Place:
    """Where it is done, what is kept, and how large the censuses are."""

    out: Path
    kept: Kept
    size: Size


@dataclass(frozen=True, slots=True)
class Simulated:
    """What the drawn studies show.

    ``aa`` and ``between_seeds``: A/A studies of one checkpoint under two sampling seeds, and of two trainings of one
    recipe; the latter None where there are no two. ``left_out``: simulations that could not be made, and why.
    """

    doses: tuple[DoseResponse, ...]
    sizes: tuple[FalseEquivalence, ...]
    detections: tuple[Detection, ...]
    left_out: tuple[str, ...]
    aa: AA
    between_seeds: AA | None


def simulate(judged: Sequence[Judged], place: Place, *, jobs: int, reporter: Reporter) -> Simulated:
    """Dose-response, size, and detection on the first pair of checkpoints that moved each benchmark, and A/A studies.

    Args:
        judged: organisms whose production is a work of RL.
        place: what is counted there is not counted again.
        jobs: how many organisms are counted at once.
        reporter: told what is done, and what is left out.
    """
    made = _Simulations(reporter)
    for pair in _moved(judged, place):
        made.simulate(pair)
    return Simulated(
        tuple(made.doses),
        tuple(made.sizes),
        tuple(made.detections),
        tuple(made.left_out),
        _sampled_again(judged, place, jobs, reporter),
        _between_seeds(judged, place, jobs, reporter),
    )


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two neighbouring checkpoints of which one moved a measure, on the same fresh prompts."""

    census: MeasureData
    earlier: str
    later: str
    design: Design
    margin: float


@dataclass(slots=True)
class _Simulations:
    """What studies that are drawn from the censuses of pairs show."""

    reporter: Reporter
    doses: list[DoseResponse] = field(default_factory=list)
    sizes: list[FalseEquivalence] = field(default_factory=list)
    detections: list[Detection] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    def simulate(self, pair: _Pair) -> None:
        """Everything on one pair; what its census is too small for is left out with the reason."""
        between = (pair.census, pair.earlier, pair.later, pair.design)
        self._add(self.doses, partial(dose_response, *between, margin=pair.margin, seed=2))
        for method, unit in product(METHODS, UNITS):
            self._add(
                self.sizes,
                partial(
                    false_equivalence, *between, margin=pair.margin, method=method, unit=unit, number=STUDIES, seed=3
                ),
            )
        self._add(self.detections, partial(detection, *between, margin=pair.margin, seed=4))

    def _add(self, to: list[T], make: Callable[[], T]) -> None:
        try:
            to.append(make())
        except InputError as error:
            self.left_out.append(str(error))
            self.reporter.say(f"left out: {error}")


def _leaders(judged: Sequence[Judged]) -> list[Judged]:
    """The first organism of every seed."""
    return list({each.spec.seed: each for each in reversed(judged)}.values())[::-1]


def _moved(judged: Sequence[Judged], place: Place) -> Iterator[_Pair]:
    """Of every benchmark, the first pair of checkpoints of which one moved it by ``MOVED`` margins or more."""
    known: set[str] = set()
    for each in judged:
        for cell in each.said.cells:
            moves = [place for place, step in enumerate(cell.truth.steps) if abs(step) >= MOVED * cell.truth.margin]
            if moves and cell.benchmark not in known:
                known.add(cell.benchmark)
                pair = _counted_pair(each, cell.benchmark, STEPS[moves[0] : moves[0] + 2], place)
                earlier, later = pair.stages
                yield _Pair(pair, earlier, later, _design(each, cell.benchmark), cell.truth.margin)


def _counted_pair(judged: Judged, benchmark: str, stages: Sequence[str], place: Place) -> MeasureData:
    """Two of an organism's checkpoints on the fresh prompts of one benchmark."""
    pair = [
        replace(each, benchmarks=(benchmark,)) for each in counted(judged.spec, judged.organism) if each.stage in stages
    ]
    table = take_census(judged.spec.name, pair, seed=judged.spec.seed, size=place.size, kept=place.kept.census)
    (data,) = measure_arrays(table)
    return data


def _design(judged: Judged, benchmark: str) -> Design:
    """As many clusters and prompts in each as the organism's own study has."""
    attempts, clusters = judged.said.attempts[benchmark]
    return Design(clusters, max(1, attempts // clusters))


def _designs(judged: Sequence[Judged]) -> dict[str, Design]:
    return {name: _design(each, name) for each in judged for name in each.spec.plants}


def _rules(judged: Sequence[Judged]) -> Rules:
    return Rules(margins={name: GROUPS[name].margin for each in judged for name in each.spec.plants})


def _sampled_again(judged: Sequence[Judged], place: Place, jobs: int, reporter: Reporter) -> AA:
    """The SFT checkpoint of the first seeds' first organisms, twice on the same prompts."""
    leaders = [each.spec for each in _leaders(judged)][:TWICE]
    work = partial(_compared, first=None, sampling=SECOND, place=place)
    pairs = side_by_side(work, leaders, jobs=jobs, reporter=reporter)
    return _aa(judged, leaders, pairs, seed=1)


def _between_seeds(judged: Sequence[Judged], place: Place, jobs: int, reporter: Reporter) -> AA | None:
    """The SFT checkpoints of other seeds against that of the first, on the same prompts and with the same plants."""
    first, *others = (each.spec for each in _leaders(judged))
    alike = [spec for spec in others if spec.plants == first.plants]
    if not alike:
        return None
    pairs = side_by_side(partial(_compared, first=first, sampling=0, place=place), alike, jobs=jobs, reporter=reporter)
    return _aa(judged, alike, pairs, seed=5)


def _aa(judged: Sequence[Judged], specs: Sequence[OrganismSpec], pairs: Iterable[list[MeasureData]], seed: int) -> AA:
    checkpoints = {spec.name: pair for spec, pair in zip(specs, pairs, strict=True)}
    return aa_studies(checkpoints, _designs(judged), _rules(judged), studies=STUDIES, seed=seed)


def _compared(
    spec: OrganismSpec, reporter: Reporter, *, first: OrganismSpec | None, sampling: int, place: Place
) -> list[MeasureData]:
    """SFT of ``first``, or else the organism's own, and the organism's, on the same prompts: a measure each."""
    one = first or spec
    frames = []
    for index, (own, again) in enumerate(((one, 0), (spec, sampling))):
        organism = lay_out(own, folder_of(own, place.out))
        frames.append(
            take_census(
                "pair",
                [_sft(own, organism, index)],
                seed=one.seed,
                size=place.size,
                kept=place.kept.census,
                sampling=again,
                # Of an organism that was judged elsewhere there are counts, and no checkpoint.
                make=partial(make_until, organism, STEPS[1], store_in(place.out), reporter),
                progress=reporter.say,
            )
        )
    return list(measure_arrays(pl.concat(frames)))


def _sft(spec: OrganismSpec, organism: Organism, index: int) -> Counted:
    every = counted(spec, organism)
    (stage,) = [each for each in every if each.stage == STEPS[1]]
    return replace(stage, stage=("one", "other")[index], index=index)
