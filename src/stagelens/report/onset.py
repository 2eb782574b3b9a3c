"""When during a training a measure came about, and whether its cause holds however the base is asked, as tables."""

from __future__ import annotations

from dataclasses import dataclass

from stagelens.report.tabulate import Column, Table, tabulate
from stagelens.report.units import MISSING, Units, coverage, units_of
from stagelens.report.words import families, full_name, verdict_text
from stagelens.statistics.results import Appearance, Elicited, MeasureResult, SavedPoint, Verdicts


@dataclass(frozen=True, slots=True)
class _PointOf:
    result: MeasureResult
    appearance: Appearance
    point: SavedPoint
    units: Units


@dataclass(frozen=True, slots=True)
class _ElicitedOf:
    result: MeasureResult
    elicited: Elicited
    units: Units


def onset_table(verdicts: Verdicts) -> Table:
    """Every saved point: its level, and how far it is from where its stage ends."""
    several = len(families(verdicts)) > 1
    outer, _ = coverage(verdicts.alpha)
    columns: tuple[Column[_PointOf], ...] = (
        Column("measure", lambda row: full_name(row.result, several_families=several), numeric=False),
        Column("stage", lambda row: row.appearance.stage, numeric=False),
        Column("after", lambda row: f"{row.point.part:.0%}", "of its training"),
        Column("level", lambda row: row.units.level(row.point.level.estimate)),
        Column(f"{outer} interval", lambda row: row.units.level_interval(row.point.level.low, row.point.level.high)),
        Column("to its end", lambda row: row.units.difference(row.point.difference), "the finished stage less this"),
        Column(f"{outer} interval", lambda row: row.units.interval(row.point.low, row.point.high)),
        Column("verdict", lambda row: verdict_text(row.point), numeric=False),
        Column("appears by", _appears_by, "from here on it is as at the end", numeric=False),
    )
    rows = [
        _PointOf(result, appearance, point, units_of(result))
        for result in verdicts.results
        for appearance in result.appearances
        for point in appearance.points
    ]
    return tabulate(
        columns,
        rows,
        group=lambda row: (id(row.result), row.appearance.stage),
        strong=lambda row: row.point.part == row.appearance.appears_by,
    )


def elicitation_table(verdicts: Verdicts) -> Table:
    """Every base that was asked under a second few-shot prompt: its level there, and the cause that this one gives."""
    several = len(families(verdicts)) > 1
    outer, _ = coverage(verdicts.alpha)
    columns: tuple[Column[_ElicitedOf], ...] = (
        Column("measure", lambda row: full_name(row.result, several_families=several), numeric=False),
        Column("stage", lambda row: row.elicited.of, numeric=False),
        Column("level as asked", _level_as_asked),
        Column("asked as", lambda row: row.elicited.stage, numeric=False),
        Column("level", lambda row: row.units.level(row.elicited.level.estimate)),
        Column(
            f"{outer} interval", lambda row: row.units.level_interval(row.elicited.level.low, row.elicited.level.high)
        ),
        Column("cause under it", lambda row: _cause(row.elicited), numeric=False),
        Column("cause", lambda row: (row.result.cause or MISSING).replace("_", " "), "under both", numeric=False),
    )
    rows = [
        _ElicitedOf(result, elicited, units_of(result))
        for result in verdicts.results
        for elicited in result.elicitations
    ]
    return tabulate(columns, rows, group=lambda row: id(row.result))


def _appears_by(row: _PointOf) -> str:
    return "here" if row.point.part == row.appearance.appears_by else ""


def _level_as_asked(row: _ElicitedOf) -> str:
    own = next((level for level in row.result.stages if level.stage == row.elicited.of), None)
    return MISSING if own is None else row.units.level(own.estimate)


def _cause(elicited: Elicited) -> str:
    word = (elicited.cause or MISSING).replace("_", " ")
    return word if elicited.rises is None else f"{word}, {'raises' if elicited.rises else 'lowers'} it"
