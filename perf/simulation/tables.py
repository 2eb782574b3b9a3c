"""What a section found: rows of estimates with their Monte Carlo errors, some of them judged against a goal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan

from simulation.trials import Tally

ERRORS = 2
"""How many Monte Carlo errors an estimate may lie on the wrong side of its goal."""


@dataclass(frozen=True, slots=True)
class Goal:
    """Bounds that an estimate has to keep, up to two Monte Carlo errors."""

    least: float | None = None
    most: float | None = None

    def met(self, tally: Tally) -> bool:
        """Whether the estimate does not contradict the goal."""
        slack = ERRORS * tally.error
        above = self.least is None or tally.mean >= self.least - slack
        return above and (self.most is None or tally.mean <= self.most + slack)

    def __str__(self) -> str:
        """The bounds in per cent."""
        bounds = (("≥", self.least), ("≤", self.most))
        return ", ".join(f"{sign} {100 * bound:.4g} %" for sign, bound in bounds if bound is not None)


@dataclass(frozen=True, slots=True)
class Entry:
    """One estimate of a row: a share of the replicates or a width; ``goal`` where it is judged."""

    tally: Tally
    goal: Goal | None = None

    @property
    def failed(self) -> bool:
        """Whether it misses its goal."""
        return self.goal is not None and not self.goal.met(self.tally)

    def __str__(self) -> str:
        """Per cent ± error, marked where the goal is missed."""
        if isnan(self.tally.mean):
            return ""
        text = f"{100 * self.tally.mean:.1f} ± {100 * self.tally.error:.1f}"
        return f"**{text} ✗**" if self.failed else text


@dataclass(frozen=True, slots=True)
class Row:
    """A design and its entries, by column; a column without an entry stays empty."""

    design: str
    entries: dict[str, Entry]

    @property
    def failed(self) -> bool:
        """Whether any entry misses its goal."""
        return any(entry.failed for entry in self.entries.values())


@dataclass(frozen=True, slots=True)
class Table:
    """A titled table; its numbers are per cent.

    ``note``: what is counted, in a sentence or two. ``shown``: how many rows are printed, all of them where it is None;
    the JSON file has them all.
    """

    section: str
    title: str
    note: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    shown: int | None = None

    @property
    def failures(self) -> int:
        """How many entries miss their goals."""
        return sum(entry.failed for row in self.rows for entry in row.entries.values())

    @property
    def judged(self) -> int:
        """How many entries have a goal."""
        return sum(entry.goal is not None for row in self.rows for entry in row.entries.values())

    def markdown(self) -> str:
        """The table as Markdown."""
        lines = [f"### {self.title}", "", self.note, ""]
        lines += [_line(["design", *self.columns, "goal"]), _line(["---"] * (len(self.columns) + 2))]
        for row in self.rows[: self.shown]:
            cells = [str(row.entries[column]) if column in row.entries else "" for column in self.columns]
            lines.append(_line([row.design, *cells, _judgement(row)]))
        return "\n".join([*lines, ""])

    def to_dict(self) -> dict[str, object]:
        """The table as plain JSON types: one record an estimate."""
        records = [
            {
                "design": row.design,
                "column": column,
                "estimate": entry.tally.mean,
                "error": entry.tally.error,
                "replicates": entry.tally.n,
                "least": entry.goal.least if entry.goal else None,
                "most": entry.goal.most if entry.goal else None,
                "met": None if entry.goal is None else not entry.failed,
            }
            for row in self.rows
            for column, entry in row.entries.items()
            if entry.tally.n
        ]
        return {"section": self.section, "title": self.title, "note": self.note, "estimates": records}


def _judgement(row: Row) -> str:
    goals = dict.fromkeys(str(entry.goal) for entry in row.entries.values() if entry.goal is not None)
    return f"{'missed' if row.failed else 'met'}: {'; '.join(goals)}" if goals else ""


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
