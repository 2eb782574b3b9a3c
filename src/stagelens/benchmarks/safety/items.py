"""From rows to items: which column is what, and what an item may be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, get_args

from stagelens.benchmarks.base import Item
from stagelens.benchmarks.rows import Row
from stagelens.benchmarks.safety.settings import Columns, Group, SafetySettings
from stagelens.errors import InputError
from stagelens.study.problems import nearest

GROUPS: tuple[Group, ...] = get_args(Group)


def make_items(rows: Sequence[Row], settings: SafetySettings, source: str) -> tuple[Item, ...]:
    """The items of ``source`` (a file or dataset, for messages), in the order of its rows.

    Raises:
        InputError: a named column is missing, a prompt is empty, an item comes twice, a group is none of ours.
    """
    columns = _Columns(rows, settings.columns, source)
    groups = _groups(rows, columns, settings, source)
    items: list[Item] = []
    places: dict[str, str] = {}
    for number, (row, group) in enumerate(zip(rows, groups, strict=True), start=1):
        item = _text(row.cells.get(columns.item)) if columns.item else str(number)
        prompt = row.cells.get(columns.prompt)
        if not isinstance(prompt, str) or not prompt.strip():
            found = "is empty" if prompt is None or isinstance(prompt, str) else f"is no text ({_shown(prompt)})"
            raise InputError(f"{source}, {row.place}: the prompt (column {columns.prompt!r}) {found}.")
        if item is None:
            raise InputError(f"{source}, {row.place}: the item's id (column {columns.item!r}) is empty.")
        if item in places:
            raise InputError(f"{source}: the item {item!r} is on {places[item]} and on {row.place}; ids must differ.")
        places[item] = row.place
        cluster = _text(row.cells.get(columns.cluster)) if columns.cluster else None
        stratum = _text(row.cells.get(columns.stratum)) if columns.stratum else None
        items.append(Item(id=item, prompt=prompt, group=group, cluster=cluster or item, stratum=stratum))
    return tuple(items)


class _Columns:
    """The columns of a file by their part; None for an optional one that is not there."""

    def __init__(self, rows: Sequence[Row], named: Columns, source: str) -> None:
        self._known = list(dict.fromkeys(column for row in rows for column in row.cells))
        self._source = source
        self.prompt = self.must(named.prompt or "prompt", "prompt")
        self.item = self._may("item", named.item, ("item", "id"))
        self.cluster = self._may("cluster", named.cluster, ("cluster",))
        self.stratum = self._may("stratum", named.stratum, ("stratum",))

    def must(self, column: str, part: str) -> str:
        """The column, which has to be there."""
        if column not in self._known:
            hint = nearest(column, self._known)
            raise InputError(f"{self._source} has no column {column!r} ({part}, see `columns`); {hint}")
        return column

    def _may(self, part: str, named: str | None, usual: Sequence[str]) -> str | None:
        if named is not None:
            return self.must(named, part)
        return next((column for column in usual if column in self._known), None)

    def __contains__(self, column: str) -> bool:
        return column in self._known


def _groups(rows: Sequence[Row], columns: _Columns, settings: SafetySettings, source: str) -> list[Group]:
    if settings.group is not None:
        return [settings.group] * len(rows)
    harmful = settings.columns.harmful
    if harmful is not None:
        column = columns.must(harmful.column, "harmful")
        wanted = _text(harmful.equals)
        marks = [_text(row.cells.get(column)) for row in rows]
        if wanted not in marks:
            hint = nearest(str(wanted), _distinct(marks))
            raise InputError(f"{source}: no row has {wanted!r} in the column {column!r}, so none is harmful; {hint}")
        return ["harmful" if mark == wanted else "benign" for mark in marks]
    if settings.columns.group is None and "group" not in columns:
        raise InputError(
            f"{source} has no column 'group'; say which prompts are harmful with "
            "`columns: {harmful: {column: NAME, equals: VALUE}}`, or with `group: harmful` that all are."
        )
    column = columns.must(settings.columns.group or "group", "group")
    return [_group(row, column, source) for row in rows]


def _group(row: Row, column: str, source: str) -> Group:
    word = _text(row.cells.get(column))
    for group in GROUPS:
        if word == group:
            return group
    raise InputError(f"{source}, {row.place}: the group is {word!r}; {nearest(word or '', GROUPS)}")


def _text(cell: Any) -> str | None:
    """A cell as text; None where it is empty. Truth values are spelled as in YAML, whole floats as whole numbers."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return None if cell is None else str(cell).strip() or None


def _distinct(marks: Iterable[str | None], at_most: int = 8) -> list[str]:
    return list(dict.fromkeys(mark for mark in marks if mark is not None))[:at_most]


def _shown(value: Any) -> str:
    kinds: Mapping[type, str] = {dict: "a mapping", list: "a list"}
    return kinds.get(type(value), repr(value))
