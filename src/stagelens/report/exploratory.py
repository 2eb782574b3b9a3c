"""The headline change looked at in parts: inside each stratum, and at each grade of a severity."""

from __future__ import annotations

from dataclasses import dataclass

from stagelens.report import units as write
from stagelens.report.tabulate import Column, Table, tabulate
from stagelens.report.units import Units, coverage, units_of
from stagelens.report.words import families, full_name, headline_contrast, verdict_text
from stagelens.statistics.results import MeasureResult, StratumResult, Verdicts


@dataclass(frozen=True, slots=True)
class _StratumOf:
    result: MeasureResult
    stratum: StratumResult
    units: Units


@dataclass(frozen=True, slots=True)
class _Part:
    """A change of a rate or of a probability, with its interval, and what it is of."""

    result: MeasureResult
    what: str
    difference: float
    low: float
    high: float


def strata_table(verdicts: Verdicts) -> Table:
    """The headline contrast inside each stratum."""
    several = len(families(verdicts)) > 1
    outer, _ = coverage(verdicts.alpha)
    columns: tuple[Column[_StratumOf], ...] = (
        Column("measure", lambda row: full_name(row.result, several_families=several), numeric=False),
        Column("contrast", lambda row: _headline(row.result), numeric=False),
        Column("stratum", lambda row: row.stratum.stratum, numeric=False),
        Column("verdict", lambda row: verdict_text(row.stratum), numeric=False),
        Column("difference", lambda row: row.units.difference(row.stratum.difference)),
        Column(f"{outer} interval", lambda row: row.units.interval(row.stratum.low, row.stratum.high)),
        Column("p, difference", lambda row: write.probability(row.stratum.p_difference), "Benjamini–Hochberg"),
        Column("raw", lambda row: write.probability(row.stratum.p_difference_raw), "unadjusted"),
        Column("items", lambda row: write.count(row.stratum.items)),
        Column("clusters", lambda row: write.count(row.stratum.clusters)),
    )
    rows = [_StratumOf(result, stratum, units_of(result)) for result in verdicts.results for stratum in result.strata]
    return tabulate(columns, rows, group=lambda row: id(row.result))


def ordinal_table(verdicts: Verdicts) -> Table:
    """Every severity's headline change in the rate of each grade or worse, then in who is graded higher."""
    several = len(families(verdicts)) > 1
    outer, _ = coverage(verdicts.alpha)
    points = Units("rate", 0.0, 1.0)
    columns: tuple[Column[_Part], ...] = (
        Column("measure", lambda row: full_name(row.result, several_families=several), numeric=False),
        Column("contrast", lambda row: _headline(row.result), numeric=False),
        Column("change in", lambda row: row.what, numeric=False, wide=True),
        Column("difference", lambda row: points.difference(row.difference)),
        Column(f"{outer} interval", lambda row: points.interval(row.low, row.high)),
    )
    rows = [part for result in verdicts.results for part in _parts(result)]
    return tabulate(columns, rows, group=lambda row: id(row.result))


def _parts(result: MeasureResult) -> list[_Part]:
    ordinal = result.ordinal
    if ordinal is None:
        return []
    rates = [
        _Part(result, f"answers graded {step.at_least:g} or more", step.difference, step.low, step.high)
        for step in ordinal.exceedances
    ]
    superiority = _Part(
        result,
        "superiority: pairs graded higher at the later stage, less those graded lower",
        ordinal.superiority,
        ordinal.superiority_low,
        ordinal.superiority_high,
    )
    return [*rates, superiority]


def _headline(result: MeasureResult) -> str:
    contrast = headline_contrast(result)
    return "" if contrast is None else f"{contrast.to_stage} − {contrast.from_stage}"
