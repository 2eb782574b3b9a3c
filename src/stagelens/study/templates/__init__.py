"""Commented study files to start from; each loads as it stands."""

from __future__ import annotations

from importlib import resources

from stagelens.errors import InputError

_NAMES = ("minimal", "xstest", "full")


def names() -> tuple[str, ...]:
    """The templates' names, the simplest first."""
    return _NAMES


def template(name: str) -> str:
    """A template's text. InputError where there is none of that name."""
    if name not in _NAMES:
        raise InputError(f"There is no template {name!r}: choose one of {', '.join(_NAMES)}.")
    return resources.files(__package__).joinpath(f"{name}.yaml").read_text(encoding="utf-8")
