"""The run folder: where everything of a run lies, and the lock that keeps two runs out of it at once."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from stagelens.errors import InputError
from stagelens.outcomes.controls import CONTROLS


@dataclass(frozen=True, slots=True)
class RunFolder:
    """``runs/<study>/``, laid out as docs/design.md says."""

    root: Path

    @property
    def study(self) -> Path:
        """The study as run, every default written out."""
        return self.root / "study.yaml"

    @property
    def plan(self) -> Path:
        """Cells, items, clusters, tokens, expected half-widths."""
        return self.root / "plan.json"

    @property
    def ledger(self) -> Path:
        """Which stage and which shard is done, and from what."""
        return self.root / "ledger.sqlite"

    @property
    def outcomes(self) -> Path:
        """The outcome table."""
        return self.root / "outcomes.parquet"

    @property
    def verdicts(self) -> Path:
        """The verdicts, a pure function of outcomes and study."""
        return self.root / "verdicts.json"

    @property
    def report(self) -> Path:
        """The report, one file."""
        return self.root / "report.html"

    @property
    def judging(self) -> Path:
        """Who judged, how often, and how far they agree with themselves; only where models judge."""
        return self.root / "judging.json"

    @property
    def controls(self) -> Path:
        """What the positive controls showed; only where a run had them made."""
        return self.root / CONTROLS

    def checkpoint(self, family: str, stage: str) -> Path:
        """Where a trained stage's checkpoint lies."""
        return self.root / "checkpoints" / family / stage

    def training(self, family: str, stage: str) -> Path:
        """Where a stage that is being trained keeps what it needs to go on after a kill."""
        return self.root / "checkpoints" / family / f".{stage}.training"

    def logs(self, family: str, stage: str) -> Path:
        """Where a stage's Inspect logs lie."""
        return self.root / "logs" / family / stage

    def judgements(self, benchmark: str) -> Path:
        """Where the Inspect logs of a benchmark's judges lie."""
        return self.root / "judgements" / benchmark

    @contextmanager
    def claimed(self) -> Iterator[None]:
        """Make the folder and hold it for this process; the operating system lets go when the process ends.

        Raises:
            InputError: the folder cannot be made or written, or another process holds it.
        """
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            lock = os.open(self.root / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise InputError(
                f"The run folder {self.root} cannot be written ({error.strerror}): name another with --out."
            ) from error
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise InputError(
                    f"Another process is running in {self.root}: wait for it, or name another folder with --out."
                ) from error
            yield
        finally:
            os.close(lock)
