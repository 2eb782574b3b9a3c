"""What makes a run sequential: how items are dealt into looks, and which measures a look has decided."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, TypeAlias

from stagelens.benchmarks.base import Item
from stagelens.outcomes.schema import CONTROL_MEASURE
from stagelens.statistics.contrasts.words import CHANGED, SAME
from stagelens.statistics.results import MeasureResult, Verdicts

Measures: TypeAlias = Callable[[Sequence[Item]], Mapping[str, int]]
"""A benchmark's own account of the measures that items give."""

UNDECIDED: Final = ("inconclusive", "uninformative", "diffuse")
"""Causes that more items may still change: `diffuse` is said for as long as no single step is shown to be large."""


def deal(items: Sequence[Item], measures: Measures, *, looks: int, key: str) -> tuple[tuple[Item, ...], ...]:
    """The items of every look; in each they keep their order.

    Whole clusters are dealt in turn, those of one group and stratum after those of another, in an order that is random
    but follows from ``key`` alone: every look holds as many clusters of each as the others, give or take one. Control
    items, which are no evidence of a measure, are dealt one by one, first.

    Args:
        items: of one benchmark, in order.
        measures: the benchmark's own: asked about one item, it says towards what it counts.
        looks: how many, 1 or more.
        key: the study's seed and the benchmark.
    """
    if looks == 1:
        return (tuple(items),)
    members: dict[str, list[Item]] = {}
    kinds: dict[str, tuple[bool, str, str]] = {}
    for item in items:
        control = measures_of(item, measures) == (CONTROL_MEASURE,)
        unit = f"item {item.id}" if control else f"cluster {item.cluster}"
        members.setdefault(unit, []).append(item)
        kinds.setdefault(unit, (not control, item.group, item.stratum or ""))
    order = sorted(members, key=lambda unit: (*kinds[unit], _random(key, unit)))
    look = {item.id: place % looks for place, unit in enumerate(order) for item in members[unit]}
    return tuple(tuple(item for item in items if look[item.id] == number) for number in range(looks))


def undecided(verdicts: Verdicts, family: str, benchmark: str, measures: Iterable[str]) -> list[str]:
    """Those of a family's ``measures`` of a benchmark that are not decided; the control measure never has to be."""
    results = {
        result.measure: result
        for result in verdicts.results
        if (result.family, result.benchmark) == (family, benchmark)
    }
    return [
        name for name in measures if name != CONTROL_MEASURE and not (name in results and _is_decided(results[name]))
    ]


def measures_of(item: Item, measures: Measures) -> tuple[str, ...]:
    """The measures that an item counts towards, by name."""
    return tuple(sorted(name for name, count in measures([item]).items() if count))


def _is_decided(result: MeasureResult) -> bool:
    """By its headline as it is reported, and in a family with a base by its cause as well.

    The cause alone can be decided first: its own correction runs over fewer contrasts than the headlines'.
    """
    headlines = [contrast.verdict for contrast in result.contrasts if contrast.headline]
    if result.cause is None and not headlines:
        return False
    return result.cause not in UNDECIDED and all(verdict in (*SAME, *CHANGED) for verdict in headlines)


def _random(key: str, unit: str) -> str:
    return hashlib.sha256(f"{key}\x1f{unit}".encode()).hexdigest()
