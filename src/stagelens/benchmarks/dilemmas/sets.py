"""Where dilemmas lie: the built-in set, a file of one's own, and the manifest that says a file is as it was frozen."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any, Final

from stagelens.benchmarks.rows import Row, read_file
from stagelens.errors import InputError
from stagelens.study.fingerprint import file_digest

SET: Final = "set"
"""The folder of the built-in set, beside this module: every ``*.jsonl`` in it."""
MANIFEST: Final = ".manifest.json"
"""What a manifest's name adds to its file's."""
SCHEMA: Final = 1


def built_in() -> Iterator[tuple[str, list[Row]]]:
    """The built-in files, by name, with their rows. InputError where there are none, or one is not as it was frozen."""
    with resources.as_file(resources.files(__package__)) as package:
        paths = sorted((package / SET).glob("*.jsonl"))
        if not paths:
            raise InputError(
                "The built-in dilemmas are not in this installation: install stagelens again, or name a set of your "
                "own with `dilemmas: {path: FILE}`."
            )
        for path in paths:
            check_manifest(path)
            yield f"the built-in {path.name}", read_file(path)


def own(path: Path) -> Iterator[tuple[str, list[Row]]]:
    """A file of one's own with its rows. InputError where it is not usable, or is not as it was frozen."""
    rows = read_file(path)
    check_manifest(path)
    yield str(path), rows


def check_manifest(path: Path) -> None:
    """Compare a file with the manifest beside it, where there is one.

    A manifest is a JSON object with ``schema`` (1) and ``sha256``, 64 hex digits of the file's bytes; what else it says
    of the set's making is not read.

    Raises:
        InputError: the file has changed since, or the manifest cannot be read.
    """
    manifest = path.with_name(path.name + MANIFEST)
    if not manifest.is_file():
        return
    frozen = _read(manifest)
    if frozen.get("schema") != SCHEMA or not isinstance(frozen.get("sha256"), str):
        raise InputError(f"{manifest} needs `schema` {SCHEMA} and `sha256`: freeze the set again, or remove the file.")
    if frozen["sha256"].lower() != file_digest(path):
        raise InputError(
            f"{path} has changed since it was frozen ({manifest.name} has another sha256): freeze it again, or remove "
            "the manifest."
        )


def _read(manifest: Path) -> dict[str, Any]:
    try:
        found = json.loads(manifest.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{manifest} cannot be read ({error}): freeze the set again, or remove the file.") from None
    return found if isinstance(found, dict) else {}
