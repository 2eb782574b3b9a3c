"""Tables: columns declared once, each with the one thing that it says about a row."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Column(Generic[Item]):
    """A heading, what stands beneath it, and a note that explains it; ``wide`` holds sentences, which are wrapped."""

    head: str
    cell: Callable[[Item], str]
    note: str = ""
    numeric: bool = True
    wide: bool = False


@dataclass(frozen=True, slots=True)
class TableRow:
    """Cells as written. ``first`` opens a group of rows, ``strong`` marks the one that counts most."""

    cells: tuple[str, ...]
    first: bool
    strong: bool


@dataclass(frozen=True, slots=True)
class Table:
    """What the template shows."""

    heads: tuple[str, ...]
    notes: tuple[str, ...]
    numeric: tuple[bool, ...]
    wide: tuple[bool, ...]
    rows: tuple[TableRow, ...]


def tabulate(
    columns: Iterable[Column[Item]],
    items: Iterable[Item],
    *,
    group: Callable[[Item], Hashable],
    strong: Callable[[Item], bool] = lambda _: False,
) -> Table:
    """A row for each item, those of one ``group`` together."""
    columns = tuple(columns)
    rows, before = [], None
    for item in items:
        here = group(item)
        rows.append(TableRow(tuple(column.cell(item) for column in columns), here != before, strong(item)))
        before = here
    return Table(
        heads=tuple(column.head for column in columns),
        notes=tuple(column.note for column in columns),
        numeric=tuple(column.numeric for column in columns),
        wide=tuple(column.wide for column in columns),
        rows=tuple(rows),
    )
