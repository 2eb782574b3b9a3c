"""The plan: what would be asked of whom, what it costs at most, and what it can be expected to show."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final, Protocol, TypeVar

from stagelens.outcomes.measures import KNOWN, Measure
from stagelens.outcomes.schema import CONTROL_MEASURE
from stagelens.statistics.data import Rules
from stagelens.study.asked import asked_stages
from stagelens.study.plan_json import measure_to_dict, rounded
from stagelens.study.power import Assumptions, Prospect, prospect
from stagelens.study.prospects import Extent, Pilots, Simulated, simulate
from stagelens.study.spec import Study

CHARACTERS_PER_TOKEN: Final = 4
TOKENS_PER_SECOND: Final = 1000.0


class Asked(Protocol):
    """What the plan has to know of an item."""

    @property
    def prompt(self) -> str: ...  # noqa: D102 - the item's own field

    @property
    def cluster(self) -> str: ...  # noqa: D102 - the item's own field


AnItem = TypeVar("AnItem", bound=Asked)


@dataclass(frozen=True, slots=True)
class BenchmarkInventory:
    """What a benchmark asks of every stage: all its items, and those that count towards each measure.

    ``turns``: how many answers one attempt asks for at most; ``shards``: in how many pieces a stage is asked.
    """

    extent: Extent
    epochs: int
    prompt_characters: int
    measures: Mapping[str, Extent]
    turns: int = 1
    shards: int = 1


@dataclass(frozen=True, slots=True)
class Cell:
    """One benchmark asked of one stage. ``answer_tokens`` is the most that the study's generation settings allow.

    Every turn of an agent reads the conversation so far again: its prompt, and at most all answers before. What tools
    say cannot be known, and is not counted.
    """

    family: str
    stage: str
    benchmark: str
    items: int
    clusters: int
    epochs: int
    prompt_tokens: int
    answer_tokens: int


@dataclass(frozen=True, slots=True)
class StageCost:
    """What asking one stage takes at most: all its cells together.

    Attributes:
        family: its family.
        stage: its name in the run folder.
        shards: pieces that are asked, kept or lost as one.
        prompt_tokens: to be read, estimated.
        answer_tokens: to be generated, at most.
        hours: of one worker, at the assumed rate.
        gpus: that a worker has, by the stage's ``resources``.
        gpu_hours: hours times GPUs.
    """

    family: str
    stage: str
    shards: int
    prompt_tokens: int
    answer_tokens: int
    hours: float
    gpus: float
    gpu_hours: float


@dataclass(frozen=True, slots=True)
class JudgingCost:
    """What one judge of one benchmark is asked, at most: ``calls`` with repeated anchors, and their tokens.

    ``assumed``: what a cascade's price rests on, in a sentence; None where every answer is judged.
    """

    benchmark: str
    judge: str
    calls: int
    prompt_tokens: int
    answer_tokens: int
    assumed: str | None = None


@dataclass(frozen=True, slots=True)
class PlannedMeasure:
    """One measure, the same for every contrast of the study, and its prospect (None where no item counts).

    ``prospect`` is by closed forms, ``simulated`` by simulation: None where that was not wanted, or is not possible.
    """

    benchmark: str
    measure: str
    items: int
    clusters: int
    margin: float
    prospect: Prospect | None
    simulated: Simulated | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """A study's cells in a fixed order (families, stages, benchmarks as written), its measures and its cost."""

    cells: tuple[Cell, ...]
    measures: tuple[PlannedMeasure, ...]
    tokens_per_second: float
    assumed: Assumptions
    judging: tuple[JudgingCost, ...] = ()
    shards: Mapping[str, int] = field(default_factory=dict)
    """Of each benchmark, at every stage."""
    gpus: Mapping[tuple[str, str], float] = field(default_factory=dict)
    """Of a worker of each (family, stage) that has ``resources``."""

    @property
    def stages(self) -> tuple[StageCost, ...]:
        """What each stage costs, in the order of the cells."""
        groups: dict[tuple[str, str], list[Cell]] = {}
        for cell in self.cells:
            groups.setdefault((cell.family, cell.stage), []).append(cell)
        return tuple(self._stage(family, stage, cells) for (family, stage), cells in groups.items())

    def _stage(self, family: str, stage: str, cells: Sequence[Cell]) -> StageCost:
        prompts, answers = (sum(cell.prompt_tokens for cell in cells), sum(cell.answer_tokens for cell in cells))
        hours, gpus = (prompts + answers) / self.tokens_per_second / 3600, self.gpus.get((family, stage), 0.0)
        shards = sum(self.shards[cell.benchmark] for cell in cells)
        return StageCost(family, stage, shards, prompts, answers, hours, gpus, hours * gpus)

    @property
    def gpu_hours(self) -> float:
        """Of all stages together."""
        return sum(stage.gpu_hours for stage in self.stages)

    @property
    def prompt_tokens(self) -> int:
        """To be read, estimated from the number of characters."""
        return sum(cell.prompt_tokens for cell in self.cells)

    @property
    def answer_tokens(self) -> int:
        """To be generated, at most."""
        return sum(cell.answer_tokens for cell in self.cells)

    @property
    def tokens(self) -> int:
        """Of prompts and answers together, at most; training and judging are not counted."""
        return self.prompt_tokens + self.answer_tokens

    @property
    def hours(self) -> float:
        """For all tokens at the assumed rate; training and judging are not counted."""
        return self.tokens / self.tokens_per_second / 3600

    def to_dict(self) -> dict[str, Any]:
        """The content of ``plan.json``."""
        return {
            "cells": [asdict(cell) for cell in self.cells],
            "tokens": self.tokens,
            "prompt_tokens": self.prompt_tokens,
            "answer_tokens": self.answer_tokens,
            "hours": rounded(self.hours),
            "gpu_hours": rounded(self.gpu_hours),
            "stages": [
                asdict(stage) | {"hours": rounded(stage.hours), "gpu_hours": rounded(stage.gpu_hours)}
                for stage in self.stages
            ],
            "judging": [asdict(cost) for cost in self.judging],
            "measures": [measure_to_dict(measure) for measure in self.measures],
            "assumptions": {
                "tokens_per_second": self.tokens_per_second,
                "characters_per_token": CHARACTERS_PER_TOKEN,
                **asdict(self.assumed),
            },
        }


def take_inventory(
    items: Sequence[AnItem],
    measures: Callable[[Sequence[AnItem]], Mapping[str, int]],
    *,
    epochs: int,
    turns: int = 1,
    shards: int = 1,
) -> BenchmarkInventory:
    """Count a benchmark's items and clusters, in all and by measure.

    ``measures`` is the benchmark's own: asked about one item at a time, it says towards what each item counts.
    """
    counted: dict[str, list[AnItem]] = defaultdict(list)
    for item in items:
        for name, count in measures([item]).items():
            if count:
                counted[name].append(item)
    return BenchmarkInventory(
        extent=_extent(items),
        epochs=epochs,
        prompt_characters=sum(len(item.prompt) for item in items),
        measures={name: _extent(own) for name, own in counted.items()},
        turns=turns,
        shards=shards,
    )


def plan(
    study: Study,
    inventory: Mapping[str, BenchmarkInventory],
    *,
    tokens_per_second: float = TOKENS_PER_SECOND,
    assumed: Assumptions | None = None,
    simulated: bool = False,
    pilots: Pilots | None = None,
    judging: Sequence[JudgingCost] = (),
) -> Plan:
    """The plan of a study whose benchmarks hold what ``inventory`` says, by benchmark.

    Args:
        study: for its stages, generation settings and margins.
        inventory: an entry for every benchmark of the study.
        tokens_per_second: how fast tokens are read and generated, taken together; an assumption.
        assumed: what is assumed of the answers.
        simulated: whether what can be expected is simulated as well, which takes some tenths of a second a measure.
        pilots: what a simulation draws on, for the measures that a pilot had; the others rest on the assumptions.
        judging: what the judges are asked.
    """
    assumed = assumed or Assumptions()
    cells = tuple(
        _cell(study, family, asked.stage.name, benchmark, inventory[benchmark])
        for family in study.families
        for asked in asked_stages(study, family)
        for benchmark in study.benchmarks
    )
    measures = tuple(
        _measure(study, benchmark, name, inventory[benchmark], assumed)
        for benchmark in study.benchmarks
        for name in inventory[benchmark].measures
        if name != CONTROL_MEASURE
    )
    if simulated:
        measures = tuple(_with_simulation(measure, study, inventory, assumed, pilots or {}) for measure in measures)
    gpus = {
        (family, asked.stage.name): asked.stage.resources.gpus
        for family in study.families
        for asked in asked_stages(study, family)
        if asked.stage.resources is not None
    }
    shards = {benchmark: inventory[benchmark].shards for benchmark in study.benchmarks}
    return Plan(cells, measures, tokens_per_second, assumed, tuple(judging), shards, gpus)


def _cell(study: Study, family: str, stage: str, benchmark: str, holds: BenchmarkInventory) -> Cell:
    generation, items = study.generation, holds.extent.items
    characters = holds.prompt_characters + items * len(generation.system_prompt or "")
    attempts, budget = items * holds.epochs, generation.max_answer_tokens + generation.max_thinking_tokens
    read_again = attempts * budget * holds.turns * (holds.turns - 1) // 2
    return Cell(
        family=family,
        stage=stage,
        benchmark=benchmark,
        items=items,
        clusters=holds.extent.clusters,
        epochs=holds.epochs,
        prompt_tokens=-(-characters // CHARACTERS_PER_TOKEN) * holds.epochs * holds.turns + read_again,
        answer_tokens=attempts * budget * holds.turns,
    )


def _measure(
    study: Study, benchmark: str, name: str, holds: BenchmarkInventory, assumed: Assumptions
) -> PlannedMeasure:
    measure, extent = KNOWN.get(name, Measure(name)), holds.measures[name]
    rules = Rules(alpha=study.analysis.alpha, margins=study.analysis.margins)
    margin = rules.margin(benchmark, name, measure.kind)
    expected = prospect(
        measure,
        items=extent.items,
        clusters=extent.clusters,
        margin=margin,
        alpha=rules.alpha,
        assumed=assumed,
        epochs=holds.epochs,
    )
    return PlannedMeasure(benchmark, name, extent.items, extent.clusters, margin, expected)


def _with_simulation(
    planned: PlannedMeasure,
    study: Study,
    inventory: Mapping[str, BenchmarkInventory],
    assumed: Assumptions,
    pilots: Pilots,
) -> PlannedMeasure:
    holds = inventory[planned.benchmark]
    if planned.prospect is None:
        return planned
    found = simulate(
        KNOWN.get(planned.measure, Measure(planned.measure)),
        holds.measures[planned.measure],
        epochs=holds.epochs,
        margin=planned.margin,
        alpha=study.analysis.alpha,
        assumed=assumed,
        guess=planned.prospect.clusters_needed,
        pilot=pilots.get((planned.benchmark, planned.measure)),
        seed=study.seed,
    )
    return replace(planned, simulated=found)


def _extent(items: Sequence[Asked]) -> Extent:
    sizes = Counter(item.cluster for item in items)
    return Extent(len(items), len(sizes), tuple(sizes.values()))
