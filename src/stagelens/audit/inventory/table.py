"""The inventory of a mixture: a table of its examples, what each source holds, and what no source does."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from stagelens.audit.inventory.example import Example, read_example
from stagelens.audit.inventory.tags import TAGS, TOPICS, tags_of, topics
from stagelens.stages.mixture.rows import Row
from stagelens.stages.mixture.texts import characters
from stagelens.study.spec import Provenance

SCHEMA: Final[Mapping[str, pl.DataType | type[pl.DataType]]] = {
    "source": pl.String,
    "row": pl.String,
    "times": pl.Int64,
    "characters": pl.Int64,
    "tokens": pl.Int64,
    "author": pl.String,
    "teacher": pl.String,
    "teacher_stage": pl.String,
    "tags": pl.List(pl.String),
    "topics": pl.List(pl.String),
    "asked": pl.String,
    "taught": pl.String,
}
"""Columns of ``examples.parquet``. ``row`` names a row by what it says, ``times`` is how often it is trained on."""


@dataclass(frozen=True, slots=True)
class Holding:
    """What a source holds.

    Attributes:
        source: its name.
        rows: examples trained on, repeats counted.
        distinct: different ones.
        characters: of all of them.
        tokens: of all of them; None where no tokenizer was at hand.
        tags: by tag, how many rows have it.
        topics: by topic, how many.
    """

    source: str
    rows: int
    distinct: int
    characters: int
    tokens: int | None
    tags: Mapping[str, int]
    topics: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Lack:
    """A safety topic of which the mixture says nothing, and which a benchmark asks about in so many items."""

    topic: str
    benchmark: str
    items: int


@dataclass(frozen=True, slots=True)
class Inventory:
    """``examples`` has the columns of ``SCHEMA``, a row a different example of a source."""

    examples: pl.DataFrame
    holdings: tuple[Holding, ...]
    lacks: tuple[Lack, ...]

    @property
    def absent(self) -> tuple[str, ...]:
        """Tags that no example has."""
        return absent(self.holdings)


def absent(holdings: Sequence[Holding]) -> tuple[str, ...]:
    """Tags that no example of these sources has."""
    return tuple(name for name in TAGS if not any(holding.tags[name] for holding in holdings))


def take_inventory(
    rows: Iterable[Row],
    provenance: Mapping[str, Provenance],
    *,
    asked: Mapping[str, Sequence[str]],
    tokens: Callable[[str], int] | None = None,
) -> Inventory:
    """The inventory of what a stage is trained on.

    Args:
        rows: as drawn, each with its ``source``.
        provenance: by source, in the mixture's order.
        asked: by benchmark, its prompts.
        tokens: counts a text's tokens; left out where no tokenizer is at hand.
    """
    times, first = Counter[tuple[str, str]](), dict[tuple[str, str], Row]()
    for row in rows:
        key = str(row["source"]), _name(row)
        times[key] += 1
        first.setdefault(key, row)
    lines = []
    for (source, name), row in first.items():
        example, said = read_example(row), provenance[source]
        lines.append(
            {
                "source": source,
                "row": name,
                "times": times[source, name],
                "characters": characters(row),
                "tokens": None if tokens is None else tokens(example.text),
                "author": said.author,
                "teacher": said.teacher,
                "teacher_stage": said.teacher_stage,
                "tags": list(tags_of(example)),
                "topics": list(topics(example)),
                "asked": example.asked,
                "taught": example.taught,
            }
        )
    examples = pl.DataFrame(lines, schema=SCHEMA)
    parts = {str(source): part for (source,), part in examples.group_by("source", maintain_order=True)}
    holdings = tuple(_holding(source, parts[source]) for source in provenance if source in parts)
    return Inventory(examples, holdings, tuple(_lacks(holdings, asked)))


def _holding(source: str, examples: pl.DataFrame) -> Holding:
    times = examples["times"]
    tokens = None if examples["tokens"].null_count() else int((examples["tokens"] * times).sum())
    return Holding(
        source=source,
        rows=int(times.sum()),
        distinct=len(examples),
        characters=int((examples["characters"] * times).sum()),
        tokens=tokens,
        tags=_counted(examples, "tags", tuple(TAGS)),
        topics=_counted(examples, "topics", TOPICS),
    )


def _counted(examples: pl.DataFrame, column: str, names: Sequence[str]) -> dict[str, int]:
    return {name: int(examples.filter(pl.col(column).list.contains(name))["times"].sum()) for name in names}


def _lacks(holdings: Sequence[Holding], asked: Mapping[str, Sequence[str]]) -> Iterable[Lack]:
    for benchmark, prompts in asked.items():
        found = Counter(topic for prompt in prompts for topic in topics(Example(prompt, "", False, (), ())))
        for topic in TOPICS:
            if found[topic] and not any(holding.topics[topic] for holding in holdings):
                yield Lack(topic, benchmark, found[topic])


def _name(row: Row) -> str:
    said = {key: value for key, value in row.items() if key != "source"}
    return hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:16]
