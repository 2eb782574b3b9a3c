"""Work whose worker or node was lost: how often it is begun anew."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from stagelens.engine.progress import Reporter
from stagelens.errors import InputError

MOST: Final = 4
"""Workers that one piece of work may lose before it is taken for the cause."""


class Losses:
    """Counts them by piece."""

    def __init__(self, reporter: Reporter) -> None:
        self._counts: Counter[str] = Counter()
        self._reporter = reporter

    def note(self, piece: str, error: Exception) -> None:
        """The worker that was at ``piece`` is gone.

        Raises:
            InputError: too many were lost over it.
        """
        self._counts[piece] += 1
        cause = type(error).__name__
        if self._counts[piece] >= MOST:
            reason = next(iter(str(error).splitlines()), cause)
            raise InputError(
                f"{MOST} workers were lost over {piece} (the last: {cause}: {reason}): see what ends them (as a rule, "
                "memory: give the stage more in `resources`); the same command goes on from what there is."
            )
        self._reporter.say(f"a worker was lost at {piece} ({cause}); it is done again")


def lost_errors() -> tuple[type[Any], ...]:
    """Ray's exceptions that say that a worker, a node or a result is gone, and nothing of the work itself."""
    from ray import exceptions

    return (
        exceptions.WorkerCrashedError,
        exceptions.NodeDiedError,
        exceptions.LocalRayletDiedError,
        exceptions.OutOfMemoryError,
        exceptions.ObjectLostError,
    )
