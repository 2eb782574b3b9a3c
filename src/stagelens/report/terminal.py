"""The verdicts in a terminal: a compact table, then the sentences. Readable at 80 columns and without colour.

Names and sentences come from files that others wrote: nothing in them is read as markup, and control characters
(terminal escapes among them) are written out.
"""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from stagelens.report.units import MISSING, coverage, units_of
from stagelens.report.visible import one_line
from stagelens.report.words import (
    cause_words,
    certified_word,
    families,
    full_name,
    headline,
    headline_contrast,
    is_hollow,
    stage_word,
    verdict_with_side,
)
from stagelens.statistics.results import MeasureResult, Verdicts, VerdictWord

_STYLES: dict[VerdictWord, str] = {
    "equivalent": "green",
    "below_margin": "green",
    "changed_up": "bold magenta",
    "changed_down": "bold magenta",
    "inconclusive": "yellow",
    "uninformative": "dim",
}
_HOLLOW = "°"

# For terminals whose encoding cannot hold the symbols.
_ASCII = str.maketrans(
    {"−": "-", "–": "-", "→": "->", "≈": "=", "≲": "~", "▲": "^", "▼": "v", "∅": "0", "±": "+/-", "°": "*", "“": '"',
     "”": '"', "’": "'", "…": "...", "≥": ">=", "≤": "<=", "×": "x", "•": "-", "✓": "+", "✗": "x"}
)  # fmt: skip


def print_verdicts(verdicts: Verdicts, console: Console) -> None:
    """Print what was decided: the headline, a table with a row a measure, then reasons, claims and warnings."""
    for sentence in headline(verdicts):
        console.print(_text(sentence, console, style="bold"))
    names = families(verdicts)
    for family in names:
        results = [result for result in verdicts.results if result.family == family]
        console.print()
        if len(names) > 1:
            console.print(_text(family, console, style="bold underline"))
        console.print(_table(results, verdicts.alpha, console))
    if any(is_hollow(level) for result in verdicts.results for level in result.stages):
        console.print(_text(f"{_HOLLOW} more than a tenth of the answers incapable", console, style="dim"))
    several = len(names) > 1
    _list("Why", ((full_name(result, several_families=several), result.why) for result in verdicts.results), console)
    _list("Claims", ((certified_word(claim), claim.text) for claim in verdicts.claims), console)
    _list(
        "Warnings",
        (
            (full_name(result, several_families=several), warning)
            for result in verdicts.results
            for warning in result.warnings
        ),
        console,
    )


def _table(results: Iterable[MeasureResult], alpha: float, console: Console) -> Table:
    outer, _ = coverage(alpha)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("measure", overflow="fold", min_width=15)
    table.add_column("level of\neach stage", overflow="fold", min_width=16)
    table.add_column(f"difference,\n{outer} interval", overflow="fold")
    table.add_column("verdict", overflow="fold", min_width=15)
    table.add_column("established\nby; cause", overflow="fold")
    for result in results:
        if table.row_count:
            table.add_row()
        table.add_row(*_cells(result, console))
    return table


def _cells(result: MeasureResult, console: Console) -> tuple[Text, ...]:
    contrast = headline_contrast(result)
    units = units_of(result)
    levels = [
        f"{one_line(level.stage)} {units.level(level.estimate)}{_HOLLOW if is_hollow(level) else ''}"
        for level in result.stages
    ]
    difference, found, style = [MISSING], "no contrast", "dim"
    if contrast is not None:
        difference = [units.difference(contrast.difference), units.interval(contrast.low, contrast.high)]
        found, style = verdict_with_side(result, contrast), _STYLES[contrast.verdict]
    established = MISSING if result.established_by is None else stage_word(result.established_by)
    return (
        _lines([one_line(result.measure), one_line(result.benchmark)], console),
        _lines(levels, console),
        _lines(difference, console),
        _lines([found], console, style=style),
        _lines([f"{one_line(established)};", *one_line(cause_words(result)).split(" ", 1)], console),
    )


def _list(title: str, entries: Iterable[tuple[str, str]], console: Console) -> None:
    entries = tuple(entries)
    if not entries:
        return
    console.print()
    console.print(_text(title, console, style="bold"))
    for name, sentence in entries:
        line = Text.assemble(_text(f"{name}: ", console, style="bold"), _text(sentence, console))
        console.print(Padding(line, (0, 0, 0, 2), expand=False))


def _lines(lines: Iterable[str], console: Console, style: str = "") -> Text:
    return Text("\n").join(_text(line, console, style=style) for line in lines)


def _text(text: str, console: Console, style: str = "") -> Text:
    """Text that is never read as markup and that the terminal can show."""
    shown = one_line(text)
    if console.options.ascii_only:
        shown = shown.translate(_ASCII).encode("ascii", "replace").decode("ascii")
    return Text(shown, style=style)
