"""What a training's loss was, step by step, in at most 500 records: the ``losses.json`` of a trained checkpoint."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

LOSSES: Final = "losses.json"
MOST_RECORDS: Final = 500
DIGITS: Final = 6
"""Decimals in the file."""

Tally = Mapping[str, tuple[float, int]]
"""By source: the sum of the loss over its trained tokens, in nats, and how many they are."""


@dataclass(slots=True)
class Losses:
    """The losses of a training of ``total`` steps, gathered as it goes.

    Where there are more than ``MOST_RECORDS`` steps, a record is the mean over as many consecutive ones as it takes; it
    bears the number of the last. The steps that a record covers depend on ``total`` alone, so a training that is killed
    and goes on gathers the same records. A value that a step has not got is left out of the mean: missing is never
    zero.
    """

    total: int
    records: list[dict[str, Any]] = field(default_factory=list)
    steps: int = 0
    summed: float = 0.0
    _sums: dict[str, list[float]] = field(default_factory=dict)
    _sources: dict[str, list[float]] = field(default_factory=dict)

    @property
    def width(self) -> int:
        """Steps in a record."""
        return max(1, math.ceil(self.total / MOST_RECORDS))

    @property
    def mean(self) -> float:
        """The mean loss of the steps so far, NaN where there are none."""
        return self.summed / self.steps if self.steps else math.nan

    def add(self, values: Mapping[str, float], sources: Tally) -> None:
        """The next step: its ``values`` (``loss`` among them, in nats a trained token) and its loss by source."""
        self.steps += 1
        self.summed += values["loss"]
        for name, value in values.items():
            summed = self._sums.setdefault(name, [0.0, 0])
            summed[0] += value
            summed[1] += 1
        for name, (loss, tokens) in sources.items():
            gathered = self._sources.setdefault(name, [0.0, 0])
            gathered[0] += loss
            gathered[1] += tokens
        if self.steps % self.width == 0 or self.steps == self.total:
            self.records.append(self._record())
            self._sums, self._sources = {}, {}

    def content(self) -> dict[str, Any]:
        """What goes into the file, the steps of an unfinished record included."""
        return {"records": [*self.records, self._record()] if self._sums else list(self.records)}

    def state(self) -> dict[str, Any]:
        """All of it in plain JSON types, for ``from_state``."""
        return {
            "total": self.total,
            "records": self.records,
            "steps": self.steps,
            "summed": self.summed,
            "sums": self._sums,
            "sources": self._sources,
        }

    @staticmethod
    def from_state(state: Mapping[str, Any]) -> Losses:
        """What ``state`` described."""
        given = {name: state[name] for name in ("total", "records", "steps", "summed")}
        return Losses(**given, _sums=state["sums"], _sources=state["sources"])

    def _record(self) -> dict[str, Any]:
        record: dict[str, Any] = {"step": self.steps}
        record |= {name: round(summed / count, DIGITS) for name, (summed, count) in self._sums.items()}
        sources = {
            name: {"loss": round(loss / tokens, DIGITS), "tokens": int(tokens)}
            for name, (loss, tokens) in sorted(self._sources.items())
            if tokens
        }
        return record | ({"sources": sources} if sources else {})
