"""The items of a contrast: what changed between its two stages, and what has no grade at one of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from stagelens.report.tabulate import Column, Table, tabulate
from stagelens.report.units import MINUS, MISSING, Units, count, units_of
from stagelens.report.words import verdict_with_side
from stagelens.statistics.results import Contrast, MeasureResult, Verdicts
from stagelens.view.links import ITEMS, KINDS, Choice, Kind, contrast_query, item_link, items_link
from stagelens.view.listing import Listing, listing
from stagelens.view.pages.frame import contrast_title, link, measure_crumb, measure_title, page, several
from stagelens.view.run import Run

_SIDES: Final = ("before", "after")
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Tab:
    """A kind of items: where it is listed, what it is called, how many there are, and whether it is shown now."""

    address: str
    text: str
    count: str
    here: bool


def items_page(run: Run, verdicts: Verdicts, result: MeasureResult, contrast: Contrast, choice: Choice) -> str:
    """The page of a contrast's items, as chosen."""
    attempts = run.attempts(result, contrast.from_stage, contrast.to_stage)
    return page(
        "items.html.j2",
        verdicts,
        measure_crumb(result),
        title=f"{contrast_title(contrast)}, {measure_title(result)}",
        measure=measure_title(result),
        contrast=contrast_title(contrast),
        verdict=verdict_with_side(result, contrast),
        facts=_facts(result, contrast),
        listed=None if attempts is None else _listed(run, result, contrast, choice, attempts),
    )


def _listed(
    run: Run, result: MeasureResult, contrast: Contrast, choice: Choice, attempts: pl.DataFrame
) -> dict[str, Any]:
    """What the template shows of the items."""
    shown = listing(attempts, choice)
    return {
        "tabs": _tabs(result, contrast, choice, shown),
        "action": ITEMS,
        "hidden": contrast_query(result, contrast) | ({} if choice.kind == Choice().kind else {"kind": choice.kind}),
        "strata": {name: count(number) for name, number in shown.strata.items()},
        "stratum": choice.stratum,
        "find": choice.find,
        "span": _span(shown),
        "table": _table(run, result, contrast, choice, attempts, shown) if shown.rows else None,
        "page": f"Page {count(shown.page)} of {count(shown.pages)}",
        "before": _page_link(result, contrast, choice, shown, -1),
        "after": _page_link(result, contrast, choice, shown, 1),
    }


def _facts(result: MeasureResult, contrast: Contrast) -> tuple[tuple[str, str], ...]:
    units = units_of(result)
    return (
        ("Difference", units.difference(contrast.difference)),
        ("Interval", units.interval(contrast.low, contrast.high)),
        ("Margin", f"±{units.width(result.margin)}"),
        ("Rests on", f"{count(contrast.pairs)} pairs in {count(contrast.clusters)} clusters"),
    )


def _tabs(result: MeasureResult, contrast: Contrast, choice: Choice, shown: Listing) -> tuple[Tab, ...]:
    worse, better = ("worse", "better") if result.higher_is_worse else ("better", "worse")
    words: dict[Kind, str] = {
        "changed": "Changed",
        "up": f"▲ Up ({worse})",
        "down": f"▼ Down ({better})",
        "same": "Same",
        "gaps": "Without a grade",
        "all": "All",
    }
    return tuple(
        Tab(
            items_link(result, contrast, choice.but(kind=kind)),
            words[kind],
            count(shown.counts[kind]),
            kind == choice.kind,
        )
        for kind in KINDS
    )


def _table(
    run: Run, result: MeasureResult, contrast: Contrast, choice: Choice, attempts: pl.DataFrame, shown: Listing
) -> Table:
    units = units_of(result)
    gaps = _gaps(run, result, contrast, attempts, [row["item"] for row in shown.rows if row["pairs"] < row["attempts"]])
    columns: list[Column[Row]] = [
        Column("item", lambda row: link(item_link(result, contrast, row["item"], choice), row["item"]), numeric=False)
    ]
    if shown.strata:
        columns.append(Column("stratum", lambda row: row["stratum"] or MISSING, numeric=False))
    columns += [
        Column(contrast.from_stage, lambda row: several(row["before"], row["pairs"], units)),
        Column(contrast.to_stage, lambda row: several(row["after"], row["pairs"], units)),
        Column("change", lambda row: _change(row["change"], row["pairs"], units)),
    ]
    if gaps:
        columns.append(Column("without a grade", lambda row: gaps.get(row["item"], ""), numeric=False, wide=True))
    return tabulate(columns, shown.rows, group=lambda row: row["item"])


def _change(value: float | None, pairs: int, units: Units) -> str:
    """`▲ +1` of a single attempt at a rate, else in the measure's units."""
    if not value:
        return MISSING if value is None else "0"
    single = pairs == 1 and units.kind == "rate" and abs(value) == 1
    return ("▲ " if value > 0 else "▼ ") + (("+1" if value > 0 else f"{MINUS}1") if single else units.difference(value))


def _gaps(
    run: Run, result: MeasureResult, contrast: Contrast, attempts: pl.DataFrame, items: list[str]
) -> dict[str, str]:
    """Of each of these items, what is not scored at which stage, and why."""
    if not items:
        return {}
    own = attempts.filter(pl.col("item").is_in(items))
    causes = {
        (item, stage, status): cause
        for item, stage, status, cause in run.rows(result, items)
        .drop_nulls("cause")
        .select(pl.col("item", "stage", "status", "cause").cast(pl.String))
        .reverse()  # the first of each stands
        .iter_rows()
    }
    found: dict[str, list[str]] = {}
    for side, stage in zip(_SIDES, (contrast.from_stage, contrast.to_stage), strict=True):
        status = f"{side}_status"
        counted = own.filter(pl.col(status) != "scored").group_by("item", status, maintain_order=True).len()
        for item, word, number in counted.iter_rows():
            cause = causes.get((item, stage, word))
            found.setdefault(item, []).append(
                f"{stage}: " + (f"{number} " if number > 1 else "") + word + (f" ({cause})" if cause else "")
            )
    return {item: "; ".join(parts) for item, parts in found.items()}


def _span(shown: Listing) -> str:
    if not shown.rows:
        return "No item is like that."
    last = shown.first + len(shown.rows) - 1
    return f"Items {count(shown.first)} to {count(last)} of {count(shown.total)}, the largest change first."


def _page_link(result: MeasureResult, contrast: Contrast, choice: Choice, shown: Listing, step: int) -> str | None:
    if not 1 <= shown.page + step <= shown.pages:
        return None
    return items_link(result, contrast, choice.but(page=shown.page + step))
