"""Writes a run's figures and tables as files for papers: SVG and PNG, CSV and LaTeX."""

from __future__ import annotations

from pathlib import Path

from stagelens.errors import InputError
from stagelens.files import write_bytes
from stagelens.report.figures import figures, png
from stagelens.report.folder import read_verdicts
from stagelens.report.sheets import csv_text, latex_tables, latex_text, sheets


def export_report(folder: Path, target: Path) -> tuple[str, ...]:
    """``figures/*.svg``, ``figures/*.png``, ``tables/*.csv`` and ``tables/*.tex`` in ``target``; returns notes on them.

    Files of the same names are replaced, others are left alone.

    Raises:
        InputError: the folder holds no verdicts that can be read, or ``target`` cannot be written.
    """
    verdicts = read_verdicts(folder / "verdicts.json")
    from stagelens.report.gather import gather_context

    drawn = figures(verdicts, gather_context(folder))
    pictures = {name: png(svg) for name, svg in drawn.items()}
    files: dict[str, str | bytes] = {
        **{f"figures/{name}.svg": svg for name, svg in drawn.items()},
        **{f"figures/{name}.png": picture for name, picture in pictures.items() if picture is not None},
        **{f"tables/{name}.csv": csv_text(rows) for name, rows in sheets(verdicts).items()},
        **{f"tables/{name}.tex": latex_text(table) for name, table in latex_tables(verdicts).items()},
    }
    try:
        for name, content in files.items():
            write_bytes(target / name, content.encode("utf-8") if isinstance(content, str) else content)
    except OSError as error:
        raise InputError(f"{target} cannot be written ({error.strerror}): name another folder.") from error
    lacking = None in pictures.values()
    return ("No PNG was drawn: `pip install 'stagelens[figures]'` adds what draws them.",) if lacking else ()
