"""The smallest edits of a mixture that are predicted to reach a target. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from stagelens.audit.edits.curve import Change, predicted
from stagelens.audit.effects import Effect
from stagelens.errors import InputError

STEPS: Final = (0.75, 0.5, 0.25, 0.0)
"""Shares of a source that an edit may leave."""
MOST_SOURCES: Final = 2
"""How many sources one edit changes: with more, what they do together is less and less what they do alone."""

Measure = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Edit:
    """A change of a mixture, and what it is predicted to do.

    Attributes:
        kept: by source, the share of its rows that stays; the others stay whole.
        replaced: by source, the file whose rows come for those that go; empty where none do.
        rows: how many rows go.
        changes: by (benchmark, measure), the predicted change; measures of which nothing can be said are not there.
        reaches: whether the interval of the target's change lies beyond the target wholly.
        holds: whether each other measure's predicted interval lies within its margin; not where one is not predicted.
    """

    kept: Mapping[str, float]
    replaced: Mapping[str, str]
    rows: int
    changes: Mapping[Measure, Change]
    reaches: bool
    holds: bool


@dataclass(frozen=True, slots=True)
class Target:
    """A level that a measure is to come down to, or up to, 0 to 1 for a rate; ``now`` is the stage's level."""

    measure: Measure
    level: float
    now: float

    @property
    def wanted(self) -> float:
        """The change that reaches it."""
        return self.level - self.now

    def reached_by(self, change: Change) -> bool:
        """Whether the prediction reaches it."""
        return change.difference <= self.wanted if self.wanted < 0 else change.difference >= self.wanted

    def surely_reached_by(self, change: Change) -> bool:
        """Whether the whole interval of the prediction reaches it."""
        return change.high <= self.wanted if self.wanted < 0 else change.low >= self.wanted


def propose(
    target: Target,
    effects: Sequence[Effect],
    amounts: Mapping[str, int],
    margins: Mapping[Measure, float],
    *,
    replacements: Mapping[str, str] | None = None,
) -> tuple[Edit, ...]:
    """Edits that are predicted to reach the target, the best first.

    Those come first whose other measures are predicted to stay within their margins, by the point where not by the
    interval; of these the ones that leave out the fewest rows. Where rows of a file come in another's place, what the
    file itself does is not known beforehand: the prediction is that of leaving out.

    Args:
        target: what is to be reached.
        effects: of leaving sources out, wholly or in part, on every measure.
        amounts: rows by source.
        margins: of the other measures.
        replacements: by source, a file whose rows come for those that go; only these sources are then changed.

    Raises:
        InputError: the target is reached already.
    """
    if target.wanted == 0:
        raise InputError(f"{'/'.join(target.measure)} is at {target.level:g} already: name another target.")
    by_measure: dict[Measure, list[Effect]] = {}
    for effect in effects:
        by_measure.setdefault((effect.benchmark, effect.measure), []).append(effect)
    named = replacements or {}
    found = [
        edit
        for kept in _candidates(list(named or amounts))
        if (edit := _edit(kept, named, target, by_measure, amounts, margins)) is not None
    ]
    return tuple(sorted(found, key=lambda edit: _order(edit, target, margins)))


def _candidates(sources: Sequence[str]) -> Iterator[dict[str, float]]:
    for number in range(1, MOST_SOURCES + 1):
        for chosen in combinations(sources, number):
            yield from _shares(chosen)


def _shares(sources: Sequence[str]) -> Iterator[dict[str, float]]:
    if not sources:
        yield {}
        return
    first, *others = sources
    for share in STEPS:
        for rest in _shares(others):
            yield {first: share, **rest}


def _edit(
    kept: Mapping[str, float],
    replacements: Mapping[str, str],
    target: Target,
    effects: Mapping[Measure, Sequence[Effect]],
    amounts: Mapping[str, int],
    margins: Mapping[Measure, float],
) -> Edit | None:
    changes = {measure: change for measure, own in effects.items() if (change := predicted(own, kept)) is not None}
    change = changes.get(target.measure)
    rows = sum(amounts[source] - round(share * amounts[source]) for source, share in kept.items())
    if change is None or not rows or not target.reached_by(change):
        return None
    others = {measure: own for measure, own in changes.items() if measure != target.measure}
    return Edit(
        kept=kept,
        replaced={source: file for source, file in replacements.items() if source in kept},
        rows=rows,
        changes=changes,
        reaches=target.surely_reached_by(change),
        holds=set(margins) <= set(changes)
        and all(-margins[measure] <= own.low and own.high <= margins[measure] for measure, own in others.items()),
    )


def _order(edit: Edit, target: Target, margins: Mapping[Measure, float]) -> tuple[bool, int, bool, int]:
    """Best first: certain to hold, then by how many others are predicted beyond their margins, then small."""
    beyond = sum(
        abs(change.difference) > margins[measure]
        for measure, change in edit.changes.items()
        if measure != target.measure
    )
    return not (edit.holds and edit.reaches), beyond, not edit.reaches, edit.rows
