"""Names of files in a study file: which names are paths, and where they lead."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from stagelens.errors import InputError

LONGEST: Final = 255
"""Bytes in a file's name."""


def is_local(name: str) -> bool:
    """Whether a model or file is named by a path, rather than by a hub id or a provider's name."""
    return name.startswith(("./", "../", "/", "~"))


def resolve(name: str, folder: Path) -> Path:
    """The path that a study file means: relative ones start at the study file's folder.

    Raises:
        InputError: no file can have this name.
    """
    if "\0" in name or any(len(os.fsencode(part)) > LONGEST for part in Path(name).parts):
        raise InputError(f"No file can be called {name[:40]!r}…: a name has at most {LONGEST} bytes and no zero in it.")
    path = Path(name)
    if name.startswith("~"):
        path = Path(os.path.expanduser(name))  # noqa: PTH111 - unlike Path.expanduser, leaves an unknown user's ~name alone
    return path if path.is_absolute() else folder / path


def rebase(name: str, folder: Path, target: Path) -> str:
    """A relative path as it has to be written in another folder, so that it leads to the same place.

    Absolute paths and those that start with ``~`` stay. So does every path where the two folders are the same.
    """
    if name.startswith("~") or Path(name).is_absolute() or folder.resolve() == target.resolve():
        return name
    try:
        moved = Path(os.path.relpath(folder.resolve() / name, target.resolve())).as_posix()
    except ValueError:  # Windows: no relative way leads to another drive
        return (folder.resolve() / name).as_posix()
    return moved if moved.startswith("../") else f"./{moved}"
