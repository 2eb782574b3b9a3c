"""Files that a worker needs: seen where they lie, on a file system that it shares with the driver, or else sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Packed: TypeAlias = "Mapping[str, NDArray[np.uint8]]"
"""Files' bytes by their names in a folder, in arrays, which Ray hands to a process without a copy."""

ITSELF = "."
"""The name of what is one file and no folder."""


@dataclass(frozen=True, slots=True)
class Needed:
    """Files of the driver's.

    Attributes:
        place: the folder, or the file, where they lie.
        files: bytes and time of the last change (ns) of each, by its name in the folder.
        sent: once a worker has asked for them, Ray's reference to their bytes. It stands inside of another object,
            so that Ray fetches them only for who needs them.
    """

    place: Path
    files: Mapping[str, tuple[int, int]]
    sent: Any = None

    def are_here(self) -> bool:
        """Whether these very files lie in that place here too: a copy of them has been changed at another time."""
        return all(_mark(self.place / name) == mark for name, mark in self.files.items())

    def packed(self) -> Packed:
        """Their bytes."""
        return packed(self.place, self.files)


def needed(place: Path, names: Iterable[str] | None = None) -> Needed:
    """Files of a folder, by default all in it and below; or one file."""
    marks = {name: _mark(place / name) for name in (names_in(place) if names is None else names)}
    return Needed(place, {name: mark for name, mark in marks.items() if mark is not None})


def names_in(place: Path) -> list[str]:
    """The files of a folder and below; of a file its own name for itself."""
    if place.is_file():
        return [ITSELF]
    return [str(path.relative_to(place)) for path in sorted(place.rglob("*")) if path.is_file()]


def packed(place: Path, names: Iterable[str]) -> Packed:
    """The bytes of these files of a folder."""
    return {name: np.fromfile(place / name, dtype=np.uint8) for name in names}


def unpack(files: Packed, place: Path) -> None:
    """Write files to ``place``."""
    place.parent.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        content.tofile(path)


def _mark(path: Path) -> tuple[int, int] | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_size, stat.st_mtime_ns
