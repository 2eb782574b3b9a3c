"""What audits of sourced organisms found, on the terminal and as a page of the documents."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from stagelens.files import write_text
from stagelens.organisms.sourced.claims import is_null
from stagelens.organisms.sourced.judge import Finding
from stagelens.organisms.sourced.plants import PLANTED
from stagelens.organisms.validation.claims import ClaimCheck
from stagelens.report.units import Units

HEAD: Final = ["organism", "source", "carries", "measure", "it does", "95 %", "verdict"]
_INTRODUCTION: Final = """\
# Audits of organisms whose source is known

Written by `stagelens validate --audits`; nothing in it is edited by hand. In each organism one source of the SFT
mixture carries a behaviour, and beside it stand a placebo (the planted answers, shown and not trained on) and a decoy
(plain requests that quote the planted words). [audit.md](audit.md) says what an audit estimates.
"""
_UNITS: Final = Units("rate", 0.0, 1.0)


def print_audits(found: Sequence[Finding], claims: Sequence[ClaimCheck], console: Console) -> None:
    """Every finding on the measures that count what is planted, and the claims."""
    table = Table(title="What each source does", title_justify="left")
    for head in HEAD:
        table.add_column(head, overflow="fold")
    for line in _lines(found):
        table.add_row(*line)
    console.print(table)
    for claim in claims:
        console.print(_claimed(claim), highlight=False, markup=False, soft_wrap=True)


def write_audits(found: Sequence[Finding], claims: Sequence[ClaimCheck], page: Path) -> None:
    """Write the page, Markdown."""
    lines = [HEAD, ["---"] * len(HEAD), *_lines(found)]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    claimed = "\n".join(f"- {_claimed(claim)}" for claim in claims)
    page.parent.mkdir(parents=True, exist_ok=True)
    write_text(page, f"{_INTRODUCTION}\n## What is claimed\n\n{claimed}\n\n## Every source\n\n{table}\n")


def _lines(found: Sequence[Finding]) -> list[list[str]]:
    return [
        [
            each.organism,
            each.source,
            "the plant" if each.source == PLANTED else "nothing" if is_null(each) else "its own",
            f"{each.benchmark}/{each.measure}",
            _UNITS.difference(each.difference),
            _UNITS.interval(each.low, each.high),
            each.verdict,
        ]
        for each in found
        if each.asked
    ]


def _claimed(claim: ClaimCheck) -> str:
    return f"{'holds' if claim.holds else 'FAILS'}  {claim.text}: {claim.seen}; {claim.bound}"
