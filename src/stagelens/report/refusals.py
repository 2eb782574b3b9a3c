"""The refusal rule beside human labels, in a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from stagelens.report.visible import one_line
from stagelens.statistics.judging.confusion import Share
from stagelens.statistics.judging.refusals import CLASSES, FOUND, Measured

if TYPE_CHECKING:
    from collections.abc import Mapping

EXPLAINED = (
    "sensitivity: full refusals that are called just that. specificity: full compliances not called full refusals;",
    "strict: called full compliances. partial: partial refusals called just that; they enter no other share.",
    "An answer without a grade counts as a wrong one. In brackets: 95 % limits.",
)
NAMED = 8
"""So many places are named, the rest are counted."""


def print_measured(
    judges: Sequence[Measured],
    strata: Mapping[str, Measured],
    *,
    left_out: Mapping[str, Sequence[str]],
    notices: Sequence[str],
    console: Console,
) -> None:
    """Print the rule's matrix and every other's, the shares with 95 % intervals, the strata, and what was left out.

    ``left_out`` names the places of rows that were not measured, by reason.
    """
    for judge in judges:
        console.print(_matrix(judge))
        console.print()
    console.print(_shares({judge.judge: judge for judge in judges}, "judge"))
    if strata:
        console.print()
        console.print(_shares(strata, "stratum"))
    console.print()
    for line in EXPLAINED:
        _say(line, console)
    for reason, places in left_out.items():
        if places:
            _say(f"{reason}: {len(places)} ({_named(places)})", console)
    for notice in notices:
        _say(notice, console)


def _matrix(judge: Measured) -> Table:
    table = Table(title=Text(one_line(judge.judge), style="bold"), title_justify="left", box=None, pad_edge=False)
    table.add_column("labelled, found:", no_wrap=True)
    counts = judge.counts
    used = [word for word in FOUND if word in CLASSES or any(found == word for _, found in counts)]
    for word in used:
        table.add_column(word, justify="right", no_wrap=True)
    for label in CLASSES:
        cells = [_cell(counts[label, word], right=label == word) for word in used]
        table.add_row(label, *cells)
    return table


def _cell(count: int, *, right: bool) -> Text:
    if not count:
        return Text("·", style="dim")
    return Text(str(count), style="green" if right else "bold magenta")


def _shares(rows: Mapping[str, Measured], heading: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column(heading)
    for column in ("balanced accuracy", "sensitivity", "specificity", "strict", "partial"):
        table.add_column(column, justify="right", no_wrap=True)
    for name, one in rows.items():
        accuracy = one.balanced_accuracy
        table.add_row(
            one_line(name),
            "–" if accuracy is None else f"{_three(accuracy.value)} ({_three(accuracy.low)}–{_three(accuracy.high)})",
            *(_share(share) for share in (one.sensitivity, one.specificity, one.strict_specificity)),
            f"{one.partial.count}/{one.partial.n}",
        )
    return table


def _share(share: Share) -> str:
    if share.rate is None or share.interval is None:
        return "–"
    low, high = share.interval
    return f"{_three(share.rate)} ({_three(low)}–{_three(high)}) of {share.n}"


def _three(value: float) -> str:
    """Three decimals, without the zero before the point."""
    return f"{value:.3f}".replace("0.", ".", 1) if value < 1 else "1.000"


def _named(places: Sequence[str]) -> str:
    rest = len(places) - NAMED
    return ", ".join(places[:NAMED]) + (f" and {rest} more" if rest > 0 else "")


def _say(line: str, console: Console) -> None:
    console.print(Text(one_line(line)), soft_wrap=True)
