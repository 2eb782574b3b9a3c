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
    "sensitivity: full refusals that are called just that.",
    "specificity: full compliances that are not called full refusals; strict: that are called full compliances.",
    "balanced: the mean of the first two. partial: partial refusals called just that; they enter no other share.",
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
    """Print every judge's matrix, the shares with 95 % intervals, the rule inside each stratum, and what was left out.

    ``left_out`` names the places of rows that were not measured, by reason.
    """
    for judge in judges:
        console.print(_matrix(judge))
        console.print()
    console.print(_shares([(judge.judge, judge) for judge in judges], "judge"))
    if strata:
        console.print()
        console.print(_shares(list(strata.items()), "stratum"))
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


def _shares(rows: Sequence[tuple[str, Measured]], heading: str) -> Table:
    """A line for each; narrow enough for eighty columns."""
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim")
    table.add_column(heading, min_width=12, overflow="fold")
    for column in ("balanced", "sensitivity", "specificity", "strict", "partial"):
        table.add_column(column, justify="right", no_wrap=True)
    for name, one in rows:
        accuracy = one.balanced_accuracy
        table.add_row(
            one_line(name),
            "–" if accuracy is None else _limits(accuracy.value, accuracy.low, accuracy.high),
            _share(one.sensitivity),
            _share(one.specificity),
            "–" if one.strict_specificity.rate is None else _three(one.strict_specificity.rate),
            f"{one.partial.count}/{one.partial.n}",
        )
    return table


def _share(share: Share) -> str:
    return "–" if share.rate is None or share.interval is None else _limits(share.rate, *share.interval)


def _limits(value: float, low: float, high: float) -> str:
    return f"{_three(value)} ({_three(low)}–{_three(high)})"


def _three(value: float) -> str:
    """Three decimals, without the zero before the point; 0 and 1 are whole."""
    text = f"{value:.3f}"
    return text[0] if text.endswith(".000") else text[1:]


def _named(places: Sequence[str]) -> str:
    rest = len(places) - NAMED
    return ", ".join(places[:NAMED]) + (f" and {rest} more" if rest > 0 else "")


def _say(line: str, console: Console) -> None:
    console.print(Text(one_line(line)), soft_wrap=True)
