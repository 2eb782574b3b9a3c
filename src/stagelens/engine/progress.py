"""Progress of long work: bars on a terminal, nothing at all elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

Step = Callable[[int, int], None]
"""Called with (steps done, steps in all)."""


@dataclass(frozen=True, slots=True)
class Reporter:
    """Says what is going on. ``console`` is where lines go; bars appear only where it is a terminal."""

    console: Console

    def say(self, line: str) -> None:
        """One line that stays."""
        self.console.print(line, highlight=False, markup=False)

    @contextmanager
    def bar(self, label: str) -> Iterator[Step]:
        """A bar that is gone when the work is."""
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=self.console, transient=True, disable=not self.console.is_terminal) as progress:
            task = progress.add_task(label, total=None)

            def step(done: int, total: int) -> None:
                progress.update(task, completed=done, total=total)

            yield step


def silent() -> Reporter:
    """A reporter that says nothing, for use as a library."""
    return Reporter(Console(quiet=True))
