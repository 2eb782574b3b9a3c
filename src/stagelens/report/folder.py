"""Writes the report of a run folder, or of a bare analysis, from the files that are there."""

from __future__ import annotations

import json
from pathlib import Path

from stagelens.errors import InputError
from stagelens.files import write_text
from stagelens.report.html import write_report
from stagelens.statistics.results import Verdicts
from stagelens.statistics.serialise import verdicts_from_dict


def write_analysis(verdicts: Verdicts, folder: Path) -> Path:
    """``verdicts.json`` and ``report.html`` of verdicts that come from a table alone; returns the report's path.

    Raises:
        InputError: the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_text(folder / "verdicts.json", verdicts.to_json())
        write_report(verdicts, None, folder / "report.html")
    except OSError as error:
        raise InputError(f"{folder} cannot be written ({error.strerror}): name another folder with --out.") from error
    return folder / "report.html"


def rewrite_report(folder: Path) -> Path:
    """``report.html`` of a run folder, from its verdicts, study and logs; returns the report's path.

    Raises:
        InputError: the folder holds no verdicts, or they cannot be read.
    """
    write_run_report(folder)
    return folder / "report.html"


def write_run_report(folder: Path) -> tuple[tuple[str, str], ...]:
    """Write it; returns the confounds that it names, (measure, sentence). Raises as ``rewrite_report`` does."""
    verdicts = read_verdicts(folder / "verdicts.json")
    # Reading studies and logs takes a while to import, which a bare analysis need not wait for.
    from stagelens.report.confounds import confounds
    from stagelens.report.gather import gather_context

    context = gather_context(folder)
    write_report(verdicts, context, folder / "report.html")
    return () if context is None else confounds(verdicts, context.forms)


def read_verdicts(path: Path) -> Verdicts:
    """The verdicts in a ``verdicts.json``.

    Raises:
        InputError: there is no such file, or it cannot be read.
    """
    if not path.is_file():
        raise InputError(f"{path.parent} holds no verdicts.json: name a run folder, or finish its run first.")
    try:
        return verdicts_from_dict(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} cannot be read ({error}): run the study again.") from error
