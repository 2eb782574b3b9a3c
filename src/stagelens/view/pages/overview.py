"""The first page: the report's own picture, and every measure with its verdict."""

from __future__ import annotations

from dataclasses import dataclass, replace

from stagelens.report.headline import headline
from stagelens.report.pairs import is_side_by_side, pairs_sentence
from stagelens.report.pairs_picture import pairs_picture
from stagelens.report.picture import picture
from stagelens.report.render import render
from stagelens.report.sections import claim_texts
from stagelens.report.tabulate import Column, Table, tabulate
from stagelens.report.units import MISSING, coverage, units_of
from stagelens.report.words import (
    cause_words,
    established_words,
    families,
    full_name,
    headline_contrast,
    verdict_with_side,
)
from stagelens.statistics.results import Contrast, MeasureResult, Verdicts
from stagelens.view.links import REPORT, items_link, measure_link
from stagelens.view.pages.frame import PACKAGE, contrast_title, link


def overview_page(verdicts: Verdicts, *, has_report: bool) -> str:
    """The page at the front."""
    beside = tuple(result for result in verdicts.results if is_side_by_side(result))
    ladder = replace(verdicts, results=tuple(result for result in verdicts.results if not is_side_by_side(result)))
    shown = render(
        "overview.html.j2",
        package=PACKAGE,
        study=verdicts.study,
        crumbs=(),
        title="overview",
        headline=headline(verdicts),
        picture=picture(ladder) if ladder.results else None,
        pairs_picture=pairs_picture(beside, verdicts.alpha) if beside else None,
        measures=measures_table(verdicts),
        claims=claim_texts(verdicts.claims),
        report=REPORT if has_report else None,
    )
    return str(shown)


@dataclass(frozen=True, slots=True)
class _Row:
    result: MeasureResult
    contrast: Contrast | None


def measures_table(verdicts: Verdicts) -> Table:
    """A row a measure; its name leads to the measure, its headline contrast to the items."""
    several = len(families(verdicts)) > 1
    outer, _ = coverage(verdicts.alpha)
    columns: tuple[Column[_Row], ...] = (
        Column(
            "measure",
            lambda row: link(measure_link(row.result), full_name(row.result, several_families=several)),
            numeric=False,
        ),
        Column("headline contrast", _contrast, "opens the items", numeric=False),
        Column("verdict", _verdict, numeric=False),
        Column("difference", lambda row: _of(row, "difference")),
        Column(f"{outer} interval", lambda row: _of(row, "interval")),
        Column("margin", lambda row: f"±{units_of(row.result).width(row.result.margin)}"),
        Column(
            "established by",
            lambda row: MISSING if row.contrast is None else established_words(row.result),
            numeric=False,
        ),
        Column("cause", lambda row: cause_words(row.result), numeric=False),
    )
    rows = [_Row(result, headline_contrast(result)) for result in verdicts.results]
    return tabulate(columns, rows, group=lambda row: (row.result.family, row.result.benchmark))


def _contrast(row: _Row) -> str:
    if row.contrast is None:
        return MISSING
    return link(items_link(row.result, row.contrast), contrast_title(row.contrast))


def _verdict(row: _Row) -> str:
    if row.contrast is None:
        return pairs_sentence(row.result) if is_side_by_side(row.result) else MISSING
    return verdict_with_side(row.result, row.contrast)


def _of(row: _Row, what: str) -> str:
    if row.contrast is None:
        return MISSING
    units = units_of(row.result)
    if what == "difference":
        return units.difference(row.contrast.difference)
    return units.interval(row.contrast.low, row.contrast.high)
