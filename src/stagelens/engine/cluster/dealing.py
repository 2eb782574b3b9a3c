"""How shards are dealt to tasks: pure functions of how many there are and how many tasks run at once."""

from __future__ import annotations

from typing import Final

LARGEST: Final = 16
"""Shards a task at most: a model is loaded once for so many."""
AHEAD: Final = 2
"""Tasks that wait or run, for each that can run: a worker that is done never waits for the driver."""


def next_size(left: int, slots: int) -> int:
    """How many shards the next task gets: fewer towards the end, so that all workers end together.

    Args:
        left: shards of the stage that no task has, 1 or more.
        slots: tasks that the cluster can run at once.
    """
    return max(1, min(LARGEST, left // (AHEAD * max(1, slots))))
