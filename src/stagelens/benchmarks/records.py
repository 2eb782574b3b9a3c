"""Outcome records: what a scorer leaves of every attempt, one for each measure (see ``benchmarks.base``)."""

from __future__ import annotations

from typing import Literal, TypedDict

Missing = Literal["incapable", "ungraded", "unattempted"]
Status = Literal["scored", "incapable", "ungraded", "unattempted"]

AWAITS_JUDGE = "not judged yet"
"""The cause of an outcome that only a model can judge, until one has."""

CONTENT_FILTER = "content_filter"
"""The stop reason of an answer that the provider withheld."""

FILTERED = "filtered by the provider"
"""The cause of its outcomes, which are ungraded."""

LEFT_OUT = "left out: "
"""How the cause of an item begins that no machine can ask: what it is made of is not whole."""


class Outcome(TypedDict):
    """One record of ``Score.metadata["outcomes"]``."""

    measure: str
    value: float | None
    status: Status
    cause: str | None
    judge: str | None


def scored(measure: str, value: float, judge: str) -> Outcome:
    """A value that ``judge`` gave."""
    return {"measure": measure, "value": value, "status": "scored", "cause": None, "judge": judge}


def missing(measure: str, status: Missing, cause: str, judge: str | None = None) -> Outcome:
    """No value, and why."""
    return {"measure": measure, "value": None, "status": status, "cause": cause, "judge": judge}
