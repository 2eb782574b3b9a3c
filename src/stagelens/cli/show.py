"""What commands print, and how they end."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console

if TYPE_CHECKING:
    from stagelens.engine import Outcome
    from stagelens.study.spec import Study


def reporter(*, aside: bool = False) -> Any:
    """What says how the work goes; ``aside``: on the error stream, where the output is for a program to read."""
    from stagelens.engine.progress import Reporter

    return Reporter(Console(stderr=aside))


def print_json(value: object) -> None:
    """JSON with sorted keys, for a program to read."""
    sys.stdout.write(json.dumps(value, indent=2, sort_keys=True) + "\n")


def _from_here(path: Path) -> Path:
    """The path as one would type it here."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def show(outcome: Outcome, *, as_json: bool) -> None:
    """Print what a run decided, and what it could not fill."""
    from stagelens.report.headline import headline
    from stagelens.report.terminal import print_verdicts

    if as_json:
        sys.stdout.write(outcome.verdicts.to_json())
    else:
        console = Console()
        print_verdicts(outcome.verdicts, console, outcome.confounds)
        # Once more: what came first has left the screen by now.
        console.print()
        for sentence in headline(outcome.verdicts):
            console.print(sentence, style="bold", highlight=False, markup=False)
        console.print(f"Report: {_from_here(outcome.folder.report)}", highlight=False, markup=False, soft_wrap=True)
    if outcome.missing:
        Console(stderr=True).print("\n".join(outcome.missing), highlight=False, markup=False, soft_wrap=True)


def end(outcome: Outcome, *, as_json: bool) -> None:
    """Show a run's end; exit with 3 where another run could fill what is missing."""
    show(outcome, as_json=as_json)
    if outcome.missing:
        raise typer.Exit(3)


def show_left_out(study: Study, console: Console) -> None:
    """Print which of the study's benchmarks this machine cannot ask, and what would change that."""
    from stagelens.engine.left_out import left_out, sentences

    for sentence in sentences(left_out(study)):
        console.print(f"--  {sentence}", highlight=False, markup=False, soft_wrap=True)


def write_import(frame: Any, output: Path) -> None:
    """Write an imported table and say what is in it."""
    from stagelens.outcomes.table import write_table

    write_table(frame, output)
    show_import(frame, output)


def write_imported(imported: Any, output: Path) -> None:
    """The same of what another tool measured, with what was left out of it."""
    write_import(imported.table, output)
    for note in imported.notes:
        Console().print(note, highlight=False, markup=False, soft_wrap=True)


def show_import(frame: Any, output: Path) -> None:
    """Say what is in an imported table, and where it was written."""
    from stagelens.outcomes.table import count_statuses

    counts = ", ".join(f"{count} {status}" for status, count in count_statuses(frame).items())
    Console().print(f"Wrote {output}: {frame.height} rows ({counts}).", highlight=False, markup=False, soft_wrap=True)
