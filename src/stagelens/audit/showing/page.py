"""The page of an audit: one self-contained file that loads nothing and runs nothing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from stagelens.audit.effects import Effect
from stagelens.audit.findings import Audit, source_of
from stagelens.audit.inventory.table import Holding
from stagelens.audit.inventory.tags import TAGS
from stagelens.audit.regression import Addition
from stagelens.audit.showing.picture import PACKAGE, picture
from stagelens.audit.showing.words import author, conclusion, held, lacking, taught_sentence, units_of, verdict_of
from stagelens.files import write_text
from stagelens.report.render import render
from stagelens.report.tabulate import Column, Table, tabulate
from stagelens.report.units import MISSING, coverage, probability

PAGE: Final = "audit.html"


def write_audit_page(audit: Audit, margins: Mapping[tuple[str, str], float], path: Path) -> None:
    """Write the page of an audit: the same bytes for the same findings.

    Args:
        audit: what was found.
        margins: by (benchmark, measure), in its unit.
        path: of the file.
    """
    outer, _ = coverage(audit.alpha)
    page = render(
        "audit.html.j2",
        package=PACKAGE,
        study=audit.study,
        stage=f"{audit.family}/{audit.stage}",
        measure="/".join(audit.asked),
        sentences=(conclusion(audit), *taught_sentence(audit)),
        scope=_scope(audit),
        picture=picture(audit, margins[audit.asked]),
        outer=outer,
        effects=_effects(audit),
        holdings=_holdings(audit),
        lacks=lacking(audit.absent, audit.lacks),
        tags=tuple(TAGS.values()),
    )
    write_text(path, str(page) + "\n")


def _scope(audit: Audit) -> str:
    return (
        f"{audit.design.seeds} training run(s) of the whole and of each of {len(audit.design.variants)} other "
        f"mixtures: as much as {audit.trainings:.1f} trainings of the stage."
    )


def _effects(audit: Audit) -> Table:
    found = [each for measure in audit.measures for each in audit.found_on(*measure)]
    columns: tuple[Column[Effect | Addition], ...] = (
        Column("measure", lambda each: f"{each.benchmark}/{each.measure}", numeric=False),
        Column("source", source_of, numeric=False),
        Column("it does", lambda each: units_of(each).difference(each.difference)),
        Column("interval", lambda each: units_of(each).interval(each.low, each.high)),
        Column("p", lambda each: probability(each.p), "of no difference, by Holm"),
        Column("verdict", lambda each: verdict_of(audit, each), numeric=False),
    )
    return tabulate(columns, found, group=lambda each: each.measure, strong=audit.carries)


def _holdings(audit: Audit) -> Table:
    said = {each.name: author(each.provenance) for each in audit.sources}
    columns: tuple[Column[Holding], ...] = (
        Column("source", lambda each: each.source, numeric=False),
        Column("rows", lambda each: f"{each.rows:,}"),
        Column("different", lambda each: f"{each.distinct:,}"),
        Column("characters", lambda each: f"{each.characters:,}"),
        Column("tokens", lambda each: MISSING if each.tokens is None else f"{each.tokens:,}"),
        Column("written by", lambda each: said[each.source], numeric=False),
        Column("holds", held, "share of its rows, by tag", numeric=False, wide=True),
    )
    return tabulate(columns, audit.holdings, group=lambda each: each.source)
