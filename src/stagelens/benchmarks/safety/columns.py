"""Which column of a prompt file is what, and which group its rows belong to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, get_args

from stagelens.benchmarks.rows import Row
from stagelens.benchmarks.safety.presets import Group
from stagelens.benchmarks.safety.settings import SafetySettings
from stagelens.errors import InputError
from stagelens.study.problems import nearest

GROUPS: tuple[Group, ...] = get_args(Group)


class ColumnMap:
    """The columns of a file by their part; None for an optional one that is not there.

    Raises:
        InputError: a named column, or one of the preset's, is missing.
    """

    def __init__(self, rows: Sequence[Row], settings: SafetySettings, source: str) -> None:
        self._known = list(dict.fromkeys(column for row in rows for column in row.cells))
        self._source = source
        self._preset = settings.preset
        named = settings.columns
        self.prompt = self.must(named.prompt or "prompt", "prompt")
        self.item = self._may("item", named.item, ("item", "id"))
        self.cluster = self._may("cluster", named.cluster, ("cluster",))
        self.stratum = self._may("stratum", named.stratum, ("stratum",))
        self.context = self._may("context", named.context, ())

    def must(self, column: str, part: str) -> str:
        """The column, which has to be there."""
        if column in self._known:
            return column
        if self._preset is not None:
            raise InputError(
                f"{self._source} has no column {column!r}, the {part} of preset {self._preset}; its columns are "
                f"{', '.join(self._known)}: name the right one under `columns`, or choose another preset."
            )
        hint = nearest(column, self._known)
        raise InputError(f"{self._source} has no column {column!r} ({part}, see `columns`); {hint}")

    def _may(self, part: str, named: str | None, usual: Sequence[str]) -> str | None:
        if named is not None:
            return self.must(named, part)
        if self._preset is not None:
            # What a published set calls `id` is an id only where its preset says so.
            return None
        return next((column for column in usual if column in self._known), None)

    def __contains__(self, column: str) -> bool:
        return column in self._known


def groups_of(rows: Sequence[Row], columns: ColumnMap, settings: SafetySettings, source: str) -> list[Group]:
    """The group of every row. InputError where one has none, or none of ours."""
    if settings.group is not None:
        return [settings.group] * len(rows)
    harmful = settings.columns.harmful
    if harmful is not None:
        column = columns.must(harmful.column, "harmful")
        wanted = cell_text(harmful.equals)
        marks = [cell_text(row.cells.get(column)) for row in rows]
        if wanted not in marks:
            hint = nearest(str(wanted), _distinct(marks))
            raise InputError(f"{source}: no row has {wanted!r} in the column {column!r}, so none is harmful; {hint}")
        if None in marks:
            place = rows[marks.index(None)].place
            raise InputError(
                f"{source}, {place}: the column {column!r} is empty, so nothing says whether it is harmful."
            )
        return ["harmful" if mark == wanted else "benign" for mark in marks]
    if settings.columns.group is None and "group" not in columns:
        raise InputError(
            f"{source} has no column 'group'; say which prompts are harmful with "
            "`columns: {harmful: {column: NAME, equals: VALUE}}`, or with `group: harmful` that all are."
        )
    column = columns.must(settings.columns.group or "group", "group")
    return [_group(row, column, source) for row in rows]


def _group(row: Row, column: str, source: str) -> Group:
    word = cell_text(row.cells.get(column))
    for group in GROUPS:
        if word == group:
            return group
    raise InputError(f"{source}, {row.place}: the group is {word!r}; {nearest(word or '', GROUPS)}")


def cell_text(cell: Any) -> str | None:
    """A cell as text; None where it is empty. Truth values are spelled as in YAML, whole floats as whole numbers."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return None if cell is None else str(cell).strip() or None


def _distinct(marks: Iterable[str | None], at_most: int = 8) -> list[str]:
    return list(dict.fromkeys(mark for mark in marks if mark is not None))[:at_most]
