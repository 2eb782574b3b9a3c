"""The report's tables: columns declared once, each with the one thing that it says about a row."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from stagelens.report import units as write
from stagelens.report.context import LineageRow, ParityRow
from stagelens.report.units import MISSING, Units, coverage, units_of
from stagelens.report.visible import shorten
from stagelens.report.words import families, full_name, verdict_with_side
from stagelens.statistics.results import Contrast, Level, MeasureResult, Verdicts

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Column(Generic[Item]):
    """A heading, what stands beneath it, and a note that explains it."""

    head: str
    cell: Callable[[Item], str]
    note: str = ""
    numeric: bool = True


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
    rows: tuple[TableRow, ...]


@dataclass(frozen=True, slots=True)
class _ContrastOf:
    result: MeasureResult
    contrast: Contrast
    units: Units


@dataclass(frozen=True, slots=True)
class _LevelOf:
    result: MeasureResult
    level: Level
    units: Units


def contrast_table(verdicts: Verdicts) -> Table:
    """Every contrast of every measure with all that was decided on; the headline ones are strong."""
    several = len(families(verdicts)) > 1
    outer, inner = coverage(verdicts.alpha)
    columns: tuple[Column[_ContrastOf], ...] = (
        Column("measure", lambda row: full_name(row.result, several_families=several), numeric=False),
        Column("contrast", lambda row: f"{row.contrast.to_stage} − {row.contrast.from_stage}", numeric=False),
        Column("verdict", lambda row: verdict_with_side(row.result, row.contrast), numeric=False),
        Column("difference", lambda row: row.units.difference(row.contrast.difference), "pp: percentage points"),
        Column(f"{outer} interval", lambda row: row.units.interval(row.contrast.low, row.contrast.high)),
        Column(
            f"{inner} interval",
            lambda row: row.units.interval(row.contrast.equivalence_low, row.contrast.equivalence_high),
            "compared with the margin",
        ),
        Column("margin", lambda row: f"±{row.units.width(row.result.margin)}", "fixed before the run"),
        Column(f"{inner} ratio interval", _ratio_cell, "ratio of the two levels; rates only"),
        Column("p, difference", lambda row: write.probability(row.contrast.p_difference), "Holm-adjusted"),
        Column("raw", lambda row: write.probability(row.contrast.p_difference_raw), "p, difference, unadjusted"),
        Column("p, equivalence", lambda row: write.probability(row.contrast.p_equivalence), "Holm-adjusted"),
        Column("raw", lambda row: write.probability(row.contrast.p_equivalence_raw), "p, equivalence, unadjusted"),
        Column("pairs", lambda row: write.count(row.contrast.pairs), "attempts scored at both stages"),
        Column("clusters", lambda row: write.count(row.contrast.clusters), "the unit of inference"),
        Column("more clusters", lambda row: write.count(row.contrast.clusters_needed), "needed to decide"),
        Column(
            "detectable",
            lambda row: row.units.width(row.contrast.minimum_detectable_difference),
            "minimum detectable difference",
        ),
        Column(
            "certifiable",
            lambda row: row.units.width(row.contrast.smallest_certifiable_margin),
            "smallest margin that these data could certify",
        ),
        Column("method", lambda row: row.contrast.method, numeric=False),
    )
    rows = [
        _ContrastOf(result, contrast, units_of(result)) for result in verdicts.results for contrast in result.contrasts
    ]
    return _table(columns, rows, group=lambda row: id(row.result), strong=lambda row: row.contrast.headline)


def level_table(verdicts: Verdicts) -> Table:
    """Every stage's level, and how many answers it rests on."""
    several = len(families(verdicts)) > 1
    outer, _ = coverage(verdicts.alpha)
    columns: tuple[Column[_LevelOf], ...] = (
        Column("measure", lambda row: full_name(row.result, several_families=several), numeric=False),
        Column("stage", lambda row: row.level.stage, numeric=False),
        Column("level", lambda row: row.units.level(row.level.estimate)),
        Column(f"{outer} interval", lambda row: row.units.level_interval(row.level.low, row.level.high)),
        Column("answers", lambda row: write.count(row.level.n), "item × epoch × seed"),
        Column("scored", lambda row: write.count(row.level.scored)),
        Column("incapable", lambda row: write.count(row.level.incapable), "empty, incoherent, cut off, could not act"),
        Column("ungraded", lambda row: write.count(row.level.ungraded), "the judge failed"),
        Column("unattempted", lambda row: write.count(row.level.unattempted)),
        Column("items", lambda row: write.count(row.level.items)),
        Column("clusters", lambda row: write.count(row.level.clusters)),
        Column("competence", lambda row: write.share(row.level.competence), "plain control prompts answered"),
    )
    rows = [_LevelOf(result, level, units_of(result)) for result in verdicts.results for level in result.stages]
    return _table(columns, rows, group=lambda row: id(row.result))


def parity_table(rows: Iterable[ParityRow]) -> Table:
    """How each stage was asked; a heading ends in ≠ where stages of one family differ in it."""
    rows = tuple(rows)
    differing = set(parity_differences(rows))
    columns = tuple(
        Column(f"{column.head} ≠", column.cell, column.note, column.numeric) if column.head in differing else column
        for column in (*_PARITY_NAMES, *_PARITY_SETTINGS, *_PARITY_OBSERVED)
    )
    return _table(columns, rows, group=lambda row: row.family)


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
    return _table(columns, rows, group=lambda row: row.family)


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


def _ratio_cell(row: _ContrastOf) -> str:
    low, high = row.contrast.ratio_low, row.contrast.ratio_high
    if row.units.kind == "severity" or (low is None and high is None):
        return MISSING
    return f"{write.ratio(low)} to {'unbounded' if high is None else write.ratio(high)}"


def _table(
    columns: Iterable[Column[Item]],
    items: Iterable[Item],
    *,
    group: Callable[[Item], Hashable],
    strong: Callable[[Item], bool] = lambda _: False,
) -> Table:
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
        rows=tuple(rows),
    )
