"""How each stage was asked and where it comes from, as tables."""

from __future__ import annotations

from collections.abc import Iterable

from stagelens.report import units as write
from stagelens.report.context import LineageRow, ParityRow
from stagelens.report.tabulate import Column, Table, tabulate
from stagelens.report.units import MISSING
from stagelens.report.visible import shorten


def parity_table(rows: Iterable[ParityRow]) -> Table:
    """How each stage was asked; a heading ends in ≠ where stages of one family differ in it."""
    rows = tuple(rows)
    differing = set(parity_differences(rows))
    columns = tuple(
        Column(f"{column.head} ≠", column.cell, column.note, column.numeric) if column.head in differing else column
        for column in (*_PARITY_NAMES, *_PARITY_SETTINGS, *_PARITY_OBSERVED)
    )
    return tabulate(columns, rows, group=lambda row: row.family)


def parity_differences(rows: Iterable[ParityRow]) -> tuple[str, ...]:
    """The settings in which two stages of one family differ, where both are known."""
    rows = tuple(rows)
    return tuple(
        column.head
        for column in _PARITY_SETTINGS
        if any(len(_known_cells(column, rows, family)) > 1 for family in {row.family for row in rows})
    )


def lineage_table(rows: Iterable[LineageRow]) -> Table:
    """Where each stage comes from."""
    columns: tuple[Column[LineageRow], ...] = (
        Column("family", lambda row: row.family, numeric=False),
        Column("stage", lambda row: row.stage, numeric=False),
        Column("kind", lambda row: row.kind or MISSING, numeric=False),
        Column("from", lambda row: row.from_stage or MISSING, numeric=False),
        Column("made", lambda row: row.made or MISSING, numeric=False),
    )
    return tabulate(columns, rows, group=lambda row: row.family)


def _system_prompt_cell(row: ParityRow) -> str:
    if row.system_prompt is None:
        return MISSING
    return shorten(row.system_prompt, 60) or "none"


_PARITY_NAMES: tuple[Column[ParityRow], ...] = (
    Column("family", lambda row: row.family, numeric=False),
    Column("stage", lambda row: row.stage, numeric=False),
    Column("kind", lambda row: row.kind or MISSING, numeric=False),
)
_PARITY_SETTINGS: tuple[Column[ParityRow], ...] = (
    Column("prompting", lambda row: row.prompting or MISSING, numeric=False),
    Column("chat template", lambda row: row.chat_template or MISSING, numeric=False),
    Column("ends before", lambda row: ", ".join(map(repr, row.stop)) or MISSING, "texts", numeric=False),
    Column("system prompt", _system_prompt_cell, numeric=False),
    Column("temperature", lambda row: write.plain(row.temperature)),
    Column("top p", lambda row: write.plain(row.top_p)),
    Column("answer tokens", lambda row: write.count(row.answer_tokens), "budget"),
    Column("thinking tokens", lambda row: write.count(row.thinking_tokens), "budget"),
)
_PARITY_OBSERVED: tuple[Column[ParityRow], ...] = (
    Column("answers", lambda row: write.count(row.answers)),
    Column("mean length", lambda row: write.plain(row.mean_answer_tokens), "tokens of an answer"),
    Column("truncated", lambda row: write.share(row.truncated), "answers that hit the budget"),
    Column("with thoughts", lambda row: write.share(row.thoughts), "answers that show their thinking"),
)


def _known_cells(column: Column[ParityRow], rows: tuple[ParityRow, ...], family: str) -> set[str]:
    return {column.cell(row) for row in rows if row.family == family} - {MISSING}
