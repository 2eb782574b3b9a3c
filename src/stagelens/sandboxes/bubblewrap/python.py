"""Which Python a sandbox has, and where the packages of the running one come from."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from stagelens.errors import InputError

PACKAGES: Final = "/opt/python"
"""Where packages lie in the sandbox."""

_SYSTEM: Final = Path("/usr/bin/python3")


@dataclass(frozen=True, slots=True)
class Python:
    """A Python for sandboxes.

    ``executable`` is its path inside and outside, ``prefix`` the folder to bind, None where it lies in ``/usr`` anyway;
    ``packages`` maps names below ``PACKAGES`` to what is bound there.
    """

    executable: Path
    prefix: Path | None
    packages: tuple[tuple[str, Path], ...]


def choose_python(packages: Sequence[str]) -> Python:
    """The system's Python, or where packages are wanted, or there is none, the one under the running environment.

    Compiled packages fit only the Python that they were installed for, so the two always come together.

    Raises:
        InputError: a package is not installed.
    """
    if not packages and _SYSTEM.exists():
        return Python(_SYSTEM, None, ())
    prefix = Path(sys.base_prefix).resolve()
    executable = prefix / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"
    found = tuple(place for name in packages for place in _places(name))
    return Python(executable, None if prefix.is_relative_to("/usr") else prefix, found)


def _places(name: str) -> Iterator[tuple[str, Path]]:
    """A package's folder or module, and the libraries that its wheel brought along beside it."""
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise InputError(f"python_packages: {name} is not installed where StageLens runs: pip install {name}.")
    origin = Path(spec.origin).resolve()
    if not spec.submodule_search_locations:
        yield origin.name, origin
        return
    yield name, origin.parent
    libraries = origin.parent.with_name(f"{name}.libs")
    if libraries.is_dir():
        yield libraries.name, libraries
