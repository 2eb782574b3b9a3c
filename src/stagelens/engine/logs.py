"""Inspect logs appear in their place whole or not at all."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final

from stagelens.errors import InputError, cause_of

if TYPE_CHECKING:
    from inspect_ai.log import EvalLog

METADATA_KEY: Final = "stagelens"
"""Under which a log's own metadata holds what it is and its inputs."""


def begin_log(place: Path) -> Path:
    """An empty folder beside ``place`` for Inspect to write one log into; what a killed process left there is gone."""
    partial = place.parent / ".partial"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    return partial


def end_log(partial: Path, place: Path, log: EvalLog) -> None:
    """Move the log that Inspect wrote into ``partial`` to its place.

    Raises:
        InputError: it wrote none, which it says in ``log`` alone: a machine has no room or no memory left.
    """
    written = next(partial.glob("*.eval"), None)
    if written is None:
        cause = cause_of(log.error.message) if log.error is not None else "no cause given"
        raise InputError(
            f"Inspect wrote no log for {place} ({cause}): see that there is disk and memory left, and run the same "
            "command again; what is finished is kept."
        )
    written.replace(place)
    shutil.rmtree(partial)


def is_whole(log: EvalLog) -> bool:
    """Whether every item of a log's shard was asked and graded without an error; a header is enough to tell."""
    results = log.results
    return log.status == "success" and results is not None and results.completed_samples == results.total_samples
