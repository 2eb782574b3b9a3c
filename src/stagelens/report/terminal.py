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

from stagelens.report.certify import all_certifiable
from stagelens.report.controls import control_sentences
from stagelens.report.headline import headline
from stagelens.report.judging import agreement, correction
from stagelens.report.pairs import Matrix, has_matrix, is_pairwise, is_side_by_side, matrix
from stagelens.report.scope import look_words, scope_sentence
from stagelens.report.units import MISSING, coverage, units_of
from stagelens.report.visible import one_line, shorten
from stagelens.report.words import (
    cause_words,
    certified_word,
    families,
    full_name,
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
_MOST_WARNINGS = 4
"""Of a measure whose stages are compared in pairs: there may be one for every pair, and the report has them all."""

# For terminals whose encoding cannot hold the symbols.
_ASCII = str.maketrans(
    {"−": "-", "–": "-", "→": "->", "≈": "=", "≲": "~", "▲": "^", "▼": "v", "∅": "0", "±": "+/-", "°": "*", "“": '"',
     "”": '"', "’": "'", "…": "...", "≥": ">=", "≤": "<=", "×": "x", "·": ".", "α": "alpha", "•": "-", "✓": "+",
     "✗": "x"}
)  # fmt: skip


def print_verdicts(verdicts: Verdicts, console: Console, confounds: Iterable[tuple[str, str]] = ()) -> None:
    """Print what was decided: the headline, tables, then reasons, what can be certified, judges, claims, warnings.

    ``confounds``: (measure, sentence), what the form of the answers says beside; they stand before the warnings.
    """
    for sentence in headline(verdicts):
        console.print(_text(sentence, console, style="bold"))
    names = families(verdicts)
    for family in names:
        results = [result for result in verdicts.results if result.family == family]
        ladder = [result for result in results if not is_side_by_side(result)]
        console.print()
        if len(names) > 1:
            console.print(_text(family, console, style="bold underline"))
        if ladder:
            console.print(_table(ladder, verdicts.alpha, console))
        for result in filter(has_matrix, results):
            # Where the stages are no ladder, the headline has said it.
            _print_pairs(matrix(result, verdicts.alpha), console, summed=not is_side_by_side(result))
    if any(is_hollow(level) for result in verdicts.results for level in result.stages):
        console.print(_text(f"{_HOLLOW} more than a tenth of the answers incapable", console, style="dim"))
    several = len(names) > 1
    named = [(full_name(result, several_families=several), result) for result in verdicts.results]
    _list("Why", ((name, _reason(result)) for name, result in named if not is_side_by_side(result)), console)
    _list(
        "What these items can certify",
        (
            (full_name(one.result, several_families=several), f"{one.sentence} {one.reach}")
            for one in all_certifiable(verdicts)
        ),
        console,
    )
    _list("Positive controls", control_sentences(verdicts), console)
    _list("Judges", ((name, words) for name, result in named if (words := _judges(result, verdicts.alpha))), console)
    _list("Claims", ((certified_word(claim), claim.text) for claim in verdicts.claims), console)
    _list("Confounds", confounds, console)
    _list("Warnings", ((name, warning) for name, result in named for warning in _warnings(result)), console)
    if verdicts.results:
        console.print()
        console.print(_text(scope_sentence(verdicts), console, style="dim"))


def _reason(result: MeasureResult) -> str:
    look = look_words(result)
    return f"{result.why} ({look[:1].upper()}{look[1:]}.)" if look else result.why


def _judges(result: MeasureResult, alpha: float) -> str:
    if result.judging is None:
        return ""
    found = agreement(result.judging, alpha)
    judges = f"{len(result.judging.judges)} judges, Krippendorff's alpha {found}; " if found else ""
    return judges + correction(result.judging) + "."


def _warnings(result: MeasureResult) -> tuple[str, ...]:
    if not is_pairwise(result) or len(result.warnings) <= _MOST_WARNINGS:
        return result.warnings
    more = len(result.warnings) - _MOST_WARNINGS
    return (*result.warnings[:_MOST_WARNINGS], f"and {more} more on single pairs, which the report lists.")


def _print_pairs(found: Matrix, console: Console, *, summed: bool) -> None:
    """A symbol for every pair; long names are cut to what the symbols leave of the line."""
    console.print(_text(f"{found.name}: row minus column, {found.about}", console, style="dim"))
    width = console.width - 2 * len(found.lines) - 14
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim", show_header=True)
    table.add_column("")
    table.add_column("stage", no_wrap=True)
    table.add_column("level", justify="right", no_wrap=True)
    for line in found.lines:
        table.add_column(line.letter, no_wrap=True)
    for line in found.lines:
        table.add_row(
            line.letter,
            _text(shorten(line.stage, max(width, 8)), console),
            _text(line.written + (_HOLLOW if is_hollow(line.level) else ""), console),
            *(
                _text("·", console, style="dim")
                if cell is None
                else _text(cell.symbol, console, style=_STYLES[cell.word])
                for cell in line.cells
            ),
        )
    console.print(table)
    if summed:
        console.print(_text(found.sentence, console))
    console.print()


def _table(results: Iterable[MeasureResult], alpha: float, console: Console) -> Table:
    outer, _ = coverage(alpha)
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim")
    table.add_column("measure", overflow="fold", min_width=15)
    table.add_column("level of\neach stage", overflow="fold", min_width=16)
    table.add_column(f"difference,\n{outer} interval", overflow="fold")
    table.add_column("verdict", overflow="fold", min_width=15)
    table.add_column("established\nby; cause", overflow="fold", min_width=len("uninformative"))
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
    """Sentences under a title; one that holds of several names is said once."""
    names: dict[str, dict[str, None]] = {}
    for name, sentence in entries:
        names.setdefault(sentence, {})[name] = None
    if not names:
        return
    console.print()
    console.print(_text(title, console, style="bold"))
    for sentence, own in names.items():
        line = Text.assemble(_text(f"{', '.join(own)}: ", console, style="bold"), _text(sentence, console))
        console.print(Padding(line, (0, 0, 0, 2), expand=False))


def _lines(lines: Iterable[str], console: Console, style: str = "") -> Text:
    return Text("\n").join(_text(line, console, style=style) for line in lines)


def _text(text: str, console: Console, style: str = "") -> Text:
    """Text that is never read as markup and that the terminal can show."""
    shown = one_line(text)
    if console.options.ascii_only:
        shown = shown.translate(_ASCII).encode("ascii", "replace").decode("ascii")
    return Text(shown, style=style)
