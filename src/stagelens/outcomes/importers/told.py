"""What an import by a mapping file met: rows left out, words that are no numbers, names that were looked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from stagelens.errors import InputError
from stagelens.outcomes.checks import nearest
from stagelens.outcomes.importers.imported import LONGEST
from stagelens.outcomes.importers.mapping import TableMapping

SHOWN: Final = 10
"""So many kinds of one thing are named, the others only counted."""


@dataclass(slots=True)
class Told:
    """Counts of rows by what was met: ``left_out`` by the reason, ``stages`` and ``measures`` that were not asked for,
    ``words`` (measure, word) without a worth, ``dropped`` values by their status; columns that were not ``read``."""

    left_out: Counter[str] = field(default_factory=Counter)
    stages: Counter[str] = field(default_factory=Counter)
    measures: Counter[str] = field(default_factory=Counter)
    words: Counter[tuple[str, str]] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)
    columns: dict[str, None] = field(default_factory=dict)
    found: set[tuple[str, str]] = field(default_factory=set)

    def check_found(self, mapping: TableMapping) -> None:
        """Every stage and measure that the mapping names stood somewhere. InputError: one did not."""
        asked = [("stage", name, their, self.stages) for name, their in mapping.stages.items()]
        asked += [("measure", name, name, self.measures) for name, spec in mapping.measures.items() if not spec.column]
        for what, name, their, others in asked:
            # Where none was found and no other either, rows were left out for other reasons, which are said then.
            if (what, name) not in self.found and (others or self.found):
                hint = nearest(their, others) if others else "no other is there."
                path = (f"{what}s", name)
                raise InputError(f"{mapping.places.where(path)}: no row has the {what} {their!r}: {hint}")

    def notes(self) -> tuple[str, ...]:
        """It all in sentences."""
        return tuple(self._sentences())

    def _sentences(self) -> Iterator[str]:
        for reason, count in self.left_out.items():
            yield f"{count} row(s) were left out: {reason}."
        if self.stages:
            yield f"{self.stages.total()} row(s) of other stages were left out: {_listed(self.stages)}."
        if self.measures:
            yield f"{self.measures.total()} row(s) of other measures were left out: {_listed(self.measures)}."
        for (measure, word), count in self.words.most_common(SHOWN):
            yield f"{measure}: {word!r} is no number and stands {count} time(s): ungraded, until `values` says more."
        if len(self.words) > SHOWN:
            rest = self.words.total() - sum(count for _, count in self.words.most_common(SHOWN))
            yield f"{len(self.words) - SHOWN} other words that are no numbers stand {rest} time(s): ungraded."
        for status, count in self.dropped.items():
            yield f"{count} value(s) of rows whose status is {status} were not taken over."
        if self.columns:
            yield f"Columns that the mapping does not name: {_listed(Counter(list(self.columns)), counted=False)}."


def _listed(counts: Counter[str], *, counted: bool = True) -> str:
    shown = [f"{name[:LONGEST]} ({count})" if counted else name[:LONGEST] for name, count in counts.most_common(SHOWN)]
    more = [f"{len(counts) - SHOWN} more"] if len(counts) > SHOWN else []
    return ", ".join(shown + more)
