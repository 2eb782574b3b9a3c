"""Which items of a contrast are shown: pure, from what became of every attempt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any, Final

import polars as pl

from stagelens.outcomes.changes import items_between
from stagelens.view.links import Choice, Kind

PER_PAGE: Final = 50

_OF_KIND: Final[dict[Kind, pl.Expr]] = {
    "changed": pl.col("change") != 0,
    "up": pl.col("change") > 0,
    "down": pl.col("change") < 0,
    "same": pl.col("change") == 0,
    "gaps": pl.col("pairs") < pl.col("attempts"),
    "all": pl.lit(True),
}


@dataclass(frozen=True, slots=True)
class Listing:
    """The items of a contrast that a choice leaves, and the page of them that is shown.

    ``counts``: how many items there are of every kind, whatever kind was chosen. ``strata``: all of the contrast, with
    how many items each has. ``rows``: as ``changes.items_between`` has them. ``total``: over all pages.
    """

    counts: Mapping[Kind, int]
    strata: Mapping[str, int]
    rows: tuple[Mapping[str, Any], ...]
    total: int
    page: int

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, ceil(self.total / PER_PAGE))

    @property
    def first(self) -> int:
        """The number of the first row shown, from 1."""
        return (self.page - 1) * PER_PAGE + 1


def listing(attempts: pl.DataFrame, choice: Choice) -> Listing:
    """The page that ``choice`` asks for; the last one where there are fewer."""
    items = items_between(attempts)
    strata = items.drop_nulls("stratum").group_by("stratum").len().sort("stratum")
    kept = _kept(items, choice)
    chosen = kept.filter(_OF_KIND[choice.kind])
    page = min(choice.page, max(1, ceil(chosen.height / PER_PAGE)))
    return Listing(
        counts={kind: kept.select(own.fill_null(False).sum()).item() for kind, own in _OF_KIND.items() if kind != "all"}
        | {"all": kept.height},
        strata=dict(strata.iter_rows()),
        rows=tuple(chosen.slice((page - 1) * PER_PAGE, PER_PAGE).iter_rows(named=True)),
        total=chosen.height,
        page=page,
    )


def neighbours(attempts: pl.DataFrame, choice: Choice, item: str) -> tuple[str | None, str | None]:
    """The items before and after one in the list that ``choice`` gives; None at an end, and for one not in it."""
    names = _kept(items_between(attempts), choice).filter(_OF_KIND[choice.kind])["item"]
    place = names.index_of(item)
    if place is None:
        return None, None
    return names[place - 1] if place else None, names[place + 1] if place + 1 < len(names) else None


def _kept(items: pl.DataFrame, choice: Choice) -> pl.DataFrame:
    if choice.stratum is not None:
        items = items.filter(pl.col("stratum") == choice.stratum)
    return items.filter(pl.col("item").str.contains(choice.find, literal=True)) if choice.find else items
