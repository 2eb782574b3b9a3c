"""The verdicts as tables for other programs: CSV with every number, LaTeX with those that a paper shows.

CSV holds the numbers of ``verdicts.json``, six significant digits; LaTeX holds them as the report writes them, set with
booktabs.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from io import StringIO
from typing import Any, Final

from stagelens.report.tables import contrast_table, level_table
from stagelens.report.tabulate import Column, Table, tabulate
from stagelens.report.units import coverage, units_of
from stagelens.report.visible import one_line
from stagelens.report.words import (
    cause_words,
    established_words,
    families,
    full_name,
    headline_contrast,
    verdict_with_side,
)
from stagelens.statistics.results import MeasureResult, Verdicts

Sheet = Sequence[Mapping[str, Any]]
"""Rows that share their columns; values as in JSON."""

_OF_MEASURE: Final = ("family", "benchmark", "measure")
_FACTS: Final = (
    "higher_is_worse",
    "margin",
    "established_by",
    "cause",
    "pattern",
    "sensitivity",
    "scope",
    "runs",
    "why",
)
_SHOWN: Final = {
    "contrasts": ("measure", "contrast", "verdict", "difference", "95% interval", "90% interval", "margin"),
    "levels": ("measure", "stage", "level", "95% interval", "answers", "scored"),
}


def sheets(verdicts: Verdicts) -> dict[str, Sheet]:
    """Every table by name: measures, levels, contrasts, shares, strata, claims; those without rows are left out."""
    content: Any = verdicts.to_dict()
    results = content["results"]

    def parts(field: str) -> list[dict[str, Any]]:
        return [_named(result) | part for result in results for part in result[field]]

    found = {
        "measures": [_named(result) | {name: result[name] for name in _FACTS} for result in results],
        "levels": parts("stages"),
        "contrasts": parts("contrasts"),
        "shares": parts("shares"),
        "strata": parts("strata"),
        "claims": [
            claim | {name: "; ".join(claim[name]) for name in ("holds_for", "fails_for")} for claim in content["claims"]
        ],
    }
    return {name: rows for name, rows in found.items() if rows}


def csv_text(rows: Sheet) -> str:
    """Rows as CSV with a header; a text that a spreadsheet would take for a formula gets an apostrophe in front."""
    out = StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(rows[0])
    writer.writerows([[_cell(value) for value in row.values()] for row in rows])
    return out.getvalue()


def latex_tables(verdicts: Verdicts) -> dict[str, Table]:
    """The tables of a paper: a row a measure, every contrast, every level, each with the columns that fit a page."""
    outer, inner = coverage(verdicts.alpha)
    names = {"95% interval": f"{outer} interval", "90% interval": f"{inner} interval"}
    wide = {"contrasts": contrast_table(verdicts), "levels": level_table(verdicts)}
    return {
        "measures": _measures(verdicts),
        **{name: _narrowed(table, [names.get(head, head) for head in _SHOWN[name]]) for name, table in wide.items()},
    }


def latex_text(table: Table) -> str:
    """A table as a LaTeX tabular, for a document that uses booktabs and amssymb."""
    columns = "".join("r" if numeric else "l" for numeric in table.numeric)
    lines = [" & ".join(map(_latex, row)) + r" \\" for row in (table.heads, *(row.cells for row in table.rows))]
    for place in reversed([index for index, row in enumerate(table.rows) if row.first and index]):
        lines.insert(place + 1, r"\addlinespace")
    head, *body = lines
    return "\n".join(
        [
            r"% Needs \usepackage{booktabs,amssymb}.",
            rf"\begin{{tabular}}{{{columns}}}",
            r"\toprule",
            head,
            r"\midrule",
            *body,
            r"\bottomrule",
            r"\end{tabular}",
            "",
        ]
    )


def _measures(verdicts: Verdicts) -> Table:
    several = len(families(verdicts)) > 1
    outer, _ = coverage(verdicts.alpha)

    def difference(result: MeasureResult) -> str:
        contrast = headline_contrast(result)
        return units_of(result).difference(None if contrast is None else contrast.difference)

    def interval(result: MeasureResult) -> str:
        contrast = headline_contrast(result)
        return units_of(result).interval(*((None, None) if contrast is None else (contrast.low, contrast.high)))

    columns: tuple[Column[MeasureResult], ...] = (
        Column("measure", lambda result: full_name(result, several_families=several), numeric=False),
        Column("difference", difference),
        Column(f"{outer} interval", interval),
        Column("margin", lambda result: f"±{units_of(result).width(result.margin)}"),
        Column("verdict", lambda result: verdict_with_side(result, headline_contrast(result)), numeric=False),
        Column("established by", established_words, numeric=False),
        Column("cause", cause_words, numeric=False),
    )
    return tabulate(columns, verdicts.results, group=lambda result: result.family)


def _narrowed(table: Table, heads: Iterable[str]) -> Table:
    """Only these columns."""
    kept = [table.heads.index(head) for head in heads]

    def of(values: Sequence[Any]) -> tuple[Any, ...]:
        return tuple(values[index] for index in kept)

    rows = tuple(type(row)(of(row.cells), row.first, row.strong) for row in table.rows)
    return Table(of(table.heads), of(table.notes), of(table.numeric), of(table.wide), rows)


def _named(result: Mapping[str, Any]) -> dict[str, Any]:
    return {name: result[name] for name in _OF_MEASURE}


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return f"{value:.6g}" if isinstance(value, float) else str(value)
    text = one_line(str(value))
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text


_LATEX: Final = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "&": r"\&",
        "%": r"\%",
        "$": r"\$",
        "#": r"\#",
        "_": r"\_",
        "{": r"\{",
        "}": r"\}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        "|": r"\textbar{}",
        '"': "''",
        "±": r"$\pm$",
        "−": r"$-$",
        "–": "--",
        "→": r"$\to$",
        "≈": r"$\approx$",
        "≲": r"$\lesssim$",
        "≠": r"$\neq$",
        "▲": r"$\blacktriangle$",
        "▼": r"$\blacktriangledown$",
        "∅": r"$\emptyset$",
        "×": r"$\times$",
    }
)
"""What LaTeX reads as more than a character, and the signs that pdfTeX has no letter for."""


def _latex(text: str) -> str:
    return one_line(text).translate(_LATEX)
