"""A measure: what was decided and why, every level, and every contrast with what it rests on."""

from __future__ import annotations

from dataclasses import replace

from stagelens.report import units as write
from stagelens.report.pairs import is_side_by_side
from stagelens.report.picture import picture
from stagelens.report.sections import measure_texts
from stagelens.report.tables import level_table
from stagelens.report.tabulate import Column, Table, tabulate
from stagelens.report.units import coverage, units_of
from stagelens.report.words import families, verdict_with_side
from stagelens.statistics.results import Contrast, MeasureResult, Verdicts
from stagelens.view.links import items_link
from stagelens.view.pages.frame import contrast_title, link, measure_title, page


def measure_page(verdicts: Verdicts, result: MeasureResult) -> str:
    """The page of one measure of one family."""
    alone = replace(verdicts, results=(result,))
    title = measure_title(result, several_families=len(families(verdicts)) > 1)
    return page(
        "measure.html.j2",
        verdicts,
        title=title,
        picture=None if is_side_by_side(result) else picture(alone),
        texts=measure_texts(alone),
        warnings=result.warnings,
        contrasts=contrasts_table(result, verdicts.alpha),
        levels=level_table(alone),
    )


def contrasts_table(result: MeasureResult, alpha: float) -> Table:
    """A row a contrast; its name opens its items. The headline contrast is strong."""
    units = units_of(result)
    outer, inner = coverage(alpha)
    columns: tuple[Column[Contrast], ...] = (
        Column("contrast", lambda row: link(items_link(result, row), contrast_title(row)), numeric=False),
        Column("verdict", lambda row: verdict_with_side(result, row), numeric=False),
        Column("difference", lambda row: units.difference(row.difference)),
        Column(f"{outer} interval", lambda row: units.interval(row.low, row.high)),
        Column(
            f"{inner} interval",
            lambda row: units.interval(row.equivalence_low, row.equivalence_high),
            "compared with the margin",
        ),
        Column("pairs", lambda row: write.count(row.pairs), "attempts scored at both stages"),
        Column("clusters", lambda row: write.count(row.clusters), "the unit of inference"),
        Column("detectable", lambda row: units.width(row.minimum_detectable_difference)),
        Column("method", lambda row: row.method, numeric=False),
    )
    return tabulate(columns, result.contrasts, group=lambda row: row.to_stage, strong=lambda row: row.headline)
