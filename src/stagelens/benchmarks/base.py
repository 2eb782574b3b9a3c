"""What every benchmark is: items that all stages are asked, and an Inspect task that asks and grades them.

A benchmark's scorer leaves, for every sample, one record per measure in ``Score.metadata["outcomes"]`` (see
``benchmarks.records``), and beside it, where a sandbox recorded any, ``Score.metadata["evidence"]``: text for a judge.
The sample's own ``metadata`` carries ``cluster``, ``stratum``, ``group`` and ``measures``. ``outcomes.inspect_logs``
reads nothing else.

A benchmark of very many single answers is asked in bulk instead (``Bulk``): no Inspect sample for each, the same
outcome records.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    import polars as pl
    from inspect_ai import Task

    from stagelens.judges.rubric import Rubric


@dataclass(frozen=True, slots=True)
class Item:
    """One question. ``group`` decides which measures its answer counts towards.

    A benchmark may keep more of an item in a subclass of its own.
    """

    id: str
    prompt: str
    group: str
    cluster: str
    stratum: str | None = None


Message = tuple[Literal["system", "user", "assistant"], str]
"""Who says what."""


@dataclass(frozen=True, slots=True)
class Bulk:
    """How a benchmark is asked in bulk, in batches that are written as Parquet (``outcomes.bulk_answers``).

    Attributes:
        conversation: what an item shows a model; it ends with the user's words.
        grade: from answers, as ``outcomes.bulk_answers.ANSWERED`` has them, to one row a measure of each: ``item``,
            ``epoch``, then the fields of ``outcomes.bulk_answers.RECORD``. An answer with an ``error`` is unattempted.
        version: of all that decides a grade. Where it changes, answers are graded again, never asked again.
    """

    conversation: Callable[[Item], tuple[Message, ...]]
    grade: Callable[[pl.DataFrame], pl.DataFrame]
    version: str


class Benchmark(Protocol):
    """A group of measures. Everything but ``task`` works without Inspect."""

    name: str

    def settings(self, raw: Mapping[str, Any], *, where: str) -> Any:
        """The study file's block for this benchmark, validated; InputError names ``where`` and the nearest key."""

    def items(self, settings: Any, folder: Path) -> tuple[Item, ...]:
        """The items in a fixed order; relative paths start at ``folder``. InputError where the file is not usable."""

    def measures(self, items: Sequence[Item]) -> dict[str, int]:
        """Each measure that these items give, with how many items count towards it."""

    def fingerprint(self, settings: Any, items: Sequence[Item]) -> dict[str, Any]:
        """All that decides a result besides the model: items, settings, the judge's version. Plain JSON types."""

    def lacks(self, settings: Any) -> str | None:
        """What this machine lacks to ask it, with the one command that adds it; None where nothing is missing."""

    def concurrency(self, settings: Any) -> int | None:
        """How many attempts may be under way at once; None where all of a shard may."""

    def turns(self, settings: Any) -> int:
        """How many answers one attempt asks for at most."""

    def bulk(self, settings: Any, folder: Path) -> Bulk | None:
        """How it is asked in bulk; None where every attempt is a sample of Inspect's."""

    def rubric(self, settings: Any, folder: Path) -> Rubric | None:
        """How a model judges the answers; None where only rules grade. Relative paths start at ``folder``."""

    def needs_judge(self, settings: Any, folder: Path) -> bool:
        """Whether no rule of its own grades some answers, so that a study in ``folder`` has to name a judge."""

    def notices(self, settings: Any, items: Sequence[Item]) -> tuple[str, ...]:
        """What a user should know before it is asked, a line each: items that are left out, settings that override."""

    def task(self, settings: Any, items: Sequence[Item], *, seed: int, epochs: int, system_prompt: str | None) -> Task:
        """The Inspect task. Sampling seeds depend on seed, item and epoch only, so that stages pair."""


def spread(items: Sequence[Item], limit: int | None) -> tuple[Item, ...]:
    """At most ``limit`` of the items, at even distances, so that every group keeps its part."""
    if limit is None or limit >= len(items):
        return tuple(items)
    return tuple(items[position * len(items) // limit] for position in range(limit))
