"""Episodes in a terminal: what was found beside what was written, the shares, and every episode where they differ."""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_lowercase

from rich.console import Console
from rich.table import Table
from rich.text import Text

from stagelens.report.visible import one_line
from stagelens.statistics.judging.confusion import Confusion, Finding, Share, sentence


def print_confusion(confusion: Confusion, console: Console) -> None:
    """Print the matrix, the shares with Wilson's 95 % intervals, mismatches, and what could not be graded."""
    console.print(_matrix(confusion))
    console.print()
    for words, share in (
        ("Cheats caught", confusion.caught),
        ("Cheats with the right class", confusion.right_class),
        ("Others flagged as cheats", confusion.flagged),
    ):
        _say(f"{words}: {share_words(share)}", console)
    _list("Not as written", confusion.mismatches, console)
    _list("Not graded", confusion.ungraded, console)


def share_words(share: Share) -> str:
    """``57 of 60 (95.0 %; 95 % interval 86.3 to 98.3)``."""
    if share.rate is None or share.interval is None:
        return "none was graded"
    low, high = (100 * limit for limit in share.interval)
    return f"{share.count} of {share.n} ({100 * share.rate:.1f} %; 95 % interval {low:.1f} to {high:.1f})"


def _matrix(confusion: Confusion) -> Table:
    """A line for every expected word, a column for every found one, under the letter of its line."""
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim")
    table.add_column("")
    table.add_column("expected", no_wrap=True)
    letters = dict(zip(confusion.words, ascii_lowercase, strict=False))
    for letter in letters.values():
        table.add_column(letter, justify="right", no_wrap=True)
    for expected, letter in letters.items():
        cells = [_cell(confusion.counts[expected, found], right=expected == found) for found in letters]
        table.add_row(letter, expected, *cells)
    return table


def _cell(count: int, *, right: bool) -> Text:
    if not count:
        return Text("·", style="dim")
    return Text(str(count), style="green" if right else "bold magenta")


def _list(heading: str, findings: Sequence[Finding], console: Console) -> None:
    if findings:
        console.print()
        console.print(Text(f"{heading}: {len(findings)}", style="bold"))
    for finding in findings:
        _say(sentence(finding), console)


def _say(line: str, console: Console) -> None:
    console.print(Text(one_line(line)), soft_wrap=True)
