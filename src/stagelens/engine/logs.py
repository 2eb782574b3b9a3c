"""Inspect logs appear in their place whole or not at all."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final

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


def end_log(partial: Path, place: Path) -> None:
    """Move the log that Inspect wrote into ``partial`` to its place."""
    (written,) = partial.glob("*.eval")
    written.replace(place)
    shutil.rmtree(partial)


def is_whole(log: EvalLog) -> bool:
    """Whether every item of a log's shard was asked and graded without an error; a header is enough to tell."""
    results = log.results
    return log.status == "success" and results is not None and results.completed_samples == results.total_samples
