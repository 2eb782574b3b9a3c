"""The inside of a source in a terminal: the examples that a ranking puts first, and how the rankings do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from stagelens.audit.findings import Audit
from stagelens.audit.showing.words import UNITS
from stagelens.audit.within import Judgement, Ranking
from stagelens.report.units import MISSING
from stagelens.report.visible import one_line, shorten

SHOWN: Final = 10
LONGEST: Final = 90
"""Characters of a text that are shown."""


def print_ranking(ranking: Ranking, console: Console) -> None:
    """The examples that come first by the ranking that is shown."""
    table = Table(title=Text(f"Inside {ranking.source}: first by {ranking.shown}"), title_justify="left")
    for head in ("score", "asked", "taught"):
        table.add_column(head, justify="right" if head == "score" else "left", overflow="fold")
    for score, example in ranking.first(SHOWN):
        texts = (Text(shorten(one_line(each), LONGEST)) for each in (example.asked, example.taught))
        table.add_row(f"{score:+.3f}", *texts)
    console.print(table)


def print_judgements(judged: Sequence[Judgement], top: int, audit: Audit, console: Console) -> None:
    """How well each ranking foretells retraining."""
    units = UNITS[audit.kind_of(*audit.asked)]
    table = Table(title="How the rankings do", title_justify="left")
    for head in ("by", "LDS", "error", f"without its first {top}"):
        table.add_column(head, justify="left" if head == "by" else "right")
    for each in judged:
        score = (MISSING, MISSING) if each.lds is None else (f"{each.lds.value:.2f}", f"{each.lds.error:.2f}")
        table.add_row(each.method, *score, units.level(each.after))
    console.print(table)
