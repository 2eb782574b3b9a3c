"""What there is to ask: cells (family × stage × benchmark), cut into shards of a fixed set of items.

A shard is the unit of work that is kept or redone whole. Its items, and with them the batches that a local model forms,
are a function of the study alone. It lies inside one look of a sequential run; any other run has one look.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from stagelens.benchmarks import get_benchmark
from stagelens.benchmarks.base import Benchmark, Bulk, Item, spread
from stagelens.engine.identity import Inputs, StageIdentity, cell_inputs
from stagelens.engine.looks import deal, measures_of
from stagelens.outcomes.bulk_answers import SUFFIX
from stagelens.study.spec import Study

ATTEMPTS_PER_SHARD: Final = 512
EPISODES_PER_SHARD: Final = 128
"""Of agents, whose attempts take many answers: less is lost where a run is killed."""

Portion = tuple[str, str, tuple[str, ...]]
"""A family, a benchmark, and measures: the items that count towards these, which a sequential run asks or leaves."""


@dataclass(frozen=True, slots=True)
class Questions:
    """One benchmark as the study asks it: its settings, read and checked, and its items.

    ``bulk``: how they are asked in bulk, None where through Inspect.
    """

    benchmark: Benchmark
    settings: Any
    items: tuple[Item, ...]
    bulk: Bulk | None = None

    @property
    def epochs(self) -> int:
        """Attempts at each item."""
        return int(self.settings.epochs)

    @property
    def notices(self) -> tuple[str, ...]:
        """What a user should know before they are asked, a line each."""
        said = self.benchmark.notices(self.settings, self.items)
        return tuple(f"{self.benchmark.name}: {notice}" for notice in said)

    @property
    def concurrency(self) -> int | None:
        """Attempts under way at once, None for as many as there are."""
        return self.benchmark.concurrency(self.settings)


@dataclass(frozen=True, slots=True)
class Shard:
    """A part of a cell: these items, asked of this stage.

    In a sequential run they are of one ``look``, and all count towards the same ``measures``.
    """

    stage: StageIdentity
    questions: Questions
    items: tuple[Item, ...]
    number: int
    inputs: Inputs
    look: int = 1
    measures: tuple[str, ...] = ()

    @property
    def portion(self) -> Portion:
        """What it is asked or left with, in a sequential run."""
        return self.stage.family, self.questions.benchmark.name, self.measures

    @property
    def piece(self) -> str:
        """Its name in the ledger."""
        return f"shard/{self.stage.family}/{self.stage.stage.name}/{self.questions.benchmark.name}/{self.number}"

    @property
    def attempts(self) -> int:
        """How many answers it asks for."""
        return len(self.items) * self.questions.epochs

    @property
    def log_name(self) -> str:
        """The name of its log: Inspect's, or Parquet where it is asked in bulk."""
        suffix = ".eval" if self.questions.bulk is None else SUFFIX
        return f"{self.questions.benchmark.name}-{self.number:04d}{suffix}"


def read_questions(study: Study, *, limit: int | None = None) -> tuple[Questions, ...]:
    """Every benchmark of the study with its items; with ``limit``, at most so many of each, spread evenly over them.

    Raises:
        InputError: a benchmark is unknown, its settings or its items are not usable.
    """
    questions = []
    for name, raw in study.benchmarks.items():
        benchmark = get_benchmark(name)
        settings = benchmark.settings(raw, where=study.where("benchmarks", name))
        items = benchmark.items(settings, study.folder)
        questions.append(Questions(benchmark, settings, spread(items, limit), benchmark.bulk(settings, study.folder)))
    return tuple(questions)


def cut_shards(study: Study, stage: StageIdentity, questions: Questions) -> Iterator[Shard]:
    """The cell's shards, in order; in a sequential run those of one look after those of another."""
    benchmark, size, number = questions.benchmark, _size(questions), 0
    for look, measures, part in _parts(study, questions):
        for start in range(0, len(part), size):
            items = part[start : start + size]
            content = benchmark.fingerprint(questions.settings, items)
            inputs = cell_inputs(study, stage, content, epochs=questions.epochs, shard=items)
            yield Shard(stage, questions, items, number, inputs, look, measures)
            number += 1


def count_shards(study: Study, questions: Questions) -> int:
    """How many ``cut_shards`` gives of one stage."""
    size = _size(questions)
    return sum(-(-len(part) // size) for _, _, part in _parts(study, questions))


def _size(questions: Questions) -> int:
    """Items in a shard."""
    single = questions.benchmark.turns(questions.settings) == 1
    return max(1, (ATTEMPTS_PER_SHARD if single else EPISODES_PER_SHARD) // questions.epochs)


def _parts(study: Study, questions: Questions) -> Iterator[tuple[int, tuple[str, ...], tuple[Item, ...]]]:
    """The items that may be asked together: all of them, or those of one look that count towards the same measures."""
    looks, benchmark = study.analysis.looks, questions.benchmark
    if looks == 1:
        yield 1, (), questions.items
        return
    dealt = deal(questions.items, benchmark.measures, looks=looks, key=f"{study.seed} {benchmark.name}")
    for look, items in enumerate(dealt, start=1):
        alike: dict[tuple[str, ...], list[Item]] = {}
        for item in items:
            alike.setdefault(measures_of(item, benchmark.measures), []).append(item)
        for measures, part in alike.items():
            yield look, measures, tuple(part)


def sendable(shard: Shard) -> Shard:
    """The same shard without the rest of its cell's items, as it is sent to another machine."""
    return replace(shard, questions=replace(shard.questions, items=()))


def by_asked_stage(shards: Sequence[Shard]) -> list[tuple[StageIdentity, list[Shard]]]:
    """Shards by the stage that they are asked of, in the order in which stages first appear."""
    groups: dict[str, tuple[StageIdentity, list[Shard]]] = {}
    for shard in shards:
        groups.setdefault(shard.stage.piece, (shard.stage, []))[1].append(shard)
    return list(groups.values())
