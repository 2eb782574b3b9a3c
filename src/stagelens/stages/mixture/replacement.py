"""``replace``: the rows of some sources make room for as much text of others, and all other rows stay."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from stagelens.errors import InputError
from stagelens.stages.mixture.content import Content
from stagelens.stages.mixture.rows import gathered
from stagelens.stages.mixture.texts import characters

Pick = tuple[int, int]
"""A row: which source, and its place there."""

_AT_ONCE: Final = 256
"""Rows that are read together: a file is gone through once for all of them."""


@dataclass(frozen=True, slots=True)
class Stream:
    """A source that gives rows: its place in the mixture, its weight among such sources, and its next rows' places."""

    index: int
    weight: float
    places: Iterator[int]


def replaced(
    picks: Sequence[Pick], going: set[int], coming: Sequence[Stream], contents: Sequence[Content]
) -> list[Pick]:
    """The same picks, those of the sources ``going`` replaced by rows of ``coming``.

    Rows come in proportion to the weights, each source's next ones in its own shuffled order: those that are not drawn
    yet first. The last is the one with which at least as many characters have come as went, so the difference is less
    than a row. They stand where the others stood, spread evenly; the rows that stay keep their order.

    Raises:
        InputError: a source that rows should come from has none.
    """
    slots = [pick for pick in picks if pick[0] in going]
    if not slots:
        return list(picks)
    gone = sum(
        characters(row)
        for index in sorted(going)
        for row in gathered(contents[index].rows, [place for source, place in slots if source == index])
    )
    fresh: list[Pick] = []
    for pick, size in _incoming(coming, contents):
        fresh.append(pick)
        gone -= size
        if gone <= 0:
            break
    spread = iter(range(len(slots)))
    result: list[Pick] = []
    for pick in picks:
        if pick[0] not in going:
            result.append(pick)
            continue
        slot = next(spread)
        result += fresh[slot * len(fresh) // len(slots) : (slot + 1) * len(fresh) // len(slots)]
    return result


def _incoming(coming: Sequence[Stream], contents: Sequence[Content]) -> Iterator[tuple[Pick, int]]:
    """Rows without end, with their characters: the source that is furthest behind its weight comes next."""
    giving = [stream for stream in coming if stream.weight]
    for stream in giving:
        if not len(contents[stream.index].rows):
            raise InputError(f"Source {contents[stream.index].name!r} has no row to replace others by; name another.")
    rows = [_sized(stream, contents[stream.index]) for stream in giving]
    given = [0] * len(giving)
    while True:
        turn = min(range(len(giving)), key=lambda place: (given[place] + 1) / giving[place].weight)
        given[turn] += 1
        yield next(rows[turn])


def _sized(stream: Stream, content: Content) -> Iterator[tuple[Pick, int]]:
    while True:
        places = list(islice(stream.places, _AT_ONCE))
        for place, row in zip(places, gathered(content.rows, places), strict=True):
            yield (stream.index, place), max(characters(row), 1)
