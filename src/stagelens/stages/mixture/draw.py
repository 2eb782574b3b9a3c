"""Which rows come, and in which order: a matter of counts, names and the seed."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from itertools import islice

from stagelens.errors import InputError
from stagelens.stages.mixture.content import Content
from stagelens.stages.mixture.replacement import Pick, Stream, replaced
from stagelens.stages.mixture.rows import Row, gathered
from stagelens.study.spec import Mixture


def draw(contents: Sequence[Content], mixture: Mixture, seed: int) -> list[Row]:
    """The training rows, each with its ``source``, in a shuffled order that the seed fixes.

    A source with a ``count`` gives so many rows. With ``examples`` the others give their shares by weight of what is
    left (largest remainders), and every source goes round its shuffled rows as often as it must; else every row of a
    source with a weight comes once. A source's own rows are drawn from the seed and its name alone, so another source
    can be taken away without changing which of them come first. What ``replace`` names is replaced last, in its places.

    Raises:
        InputError: a source has no row to give, or the mixture's counts do not go together.
    """
    counts = amounts(contents, mixture)
    streams = [_rounds(len(content.rows), random.Random(f"{seed}:{content.name}")) for content in contents]
    picks: list[Pick] = [
        (index, place)
        for index, (count, places) in enumerate(zip(counts, streams, strict=True))
        for place in islice(places, count)
    ]
    random.Random(f"{seed}:order").shuffle(picks)
    if mixture.replace is not None:
        picks = _replaced(picks, contents, mixture, counts, streams)
    return _read(picks, contents)


def amounts(contents: Sequence[Content], mixture: Mixture) -> list[int]:
    """How many rows each source gives."""
    given = [source.count for source in mixture.sources]
    if mixture.examples is None:
        weights = [source.weight for source in mixture.sources]
        counts = [
            (len(content.rows) if weight else 0) if count is None else count
            for content, weight, count in zip(contents, weights, given, strict=True)
        ]
    else:
        left = mixture.examples - sum(count or 0 for count in given)
        weights = [source.weight if source.count is None else 0.0 for source in mixture.sources]
        if left < 0 or (left and not any(weights)):
            fault = "more than" if left < 0 else "fewer than"
            raise InputError(
                f"The sources' counts make {mixture.examples - left} rows, {fault} the {mixture.examples} `examples` "
                "of the mixture; change one of the two, or give a source a `weight`."
            )
        shared = shares(weights, left) if left else [0] * len(weights)
        counts = [shared[index] if count is None else count for index, count in enumerate(given)]
    for content, count in zip(contents, counts, strict=True):
        if count and not len(content.rows):
            raise InputError(
                f"Source {content.name!r} has no row left to draw from: all of them repeat others or hold items of a "
                "benchmark; take the source out."
            )
    return counts


def shares(weights: Sequence[float], total: int) -> list[int]:
    """``total`` split by weight into whole numbers, by largest remainder; ties go to the earlier one."""
    exact = [weight / sum(weights) * total for weight in weights]
    counts = [math.floor(value) for value in exact]
    by_remainder = sorted(range(len(exact)), key=lambda index: counts[index] - exact[index])
    for index in by_remainder[: total - sum(counts)]:
        counts[index] += 1
    return counts


def _rounds(rows: int, rng: random.Random) -> Iterator[int]:
    """Places of a source's rows without end: all of them shuffled, then all of them shuffled again."""
    while rows:
        yield from rng.sample(range(rows), rows)


def _replaced(
    picks: list[Pick], contents: Sequence[Content], mixture: Mixture, counts: list[int], streams: list[Iterator[int]]
) -> list[Pick]:
    assert mixture.replace is not None
    names = [content.name for content in contents]
    by = [names.index(name) for name in mixture.replace.by]
    # Sources with a count have no weight; beside them, what each gives is its weight.
    counted = any(mixture.sources[index].count is not None for index in by)
    weights = [float(counts[index]) if counted else mixture.sources[index].weight for index in by]
    coming = [
        Stream(index, weight if any(weights) else 1.0, streams[index])
        for index, weight in zip(by, weights, strict=True)
    ]
    return replaced(picks, {names.index(name) for name in mixture.replace.sources}, coming, contents)


def _read(picks: Sequence[Pick], contents: Sequence[Content]) -> list[Row]:
    found: list[dict[int, Row]] = []
    for index, content in enumerate(contents):
        places = sorted({place for source, place in picks if source == index})
        found.append(dict(zip(places, gathered(content.rows, places), strict=True)))
    return [{**found[index][place], "source": contents[index].name} for index, place in picks]
