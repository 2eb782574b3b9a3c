"""The optional packages of the ``logs`` extra, imported when they are first needed."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def optional(module: str, otherwise: str) -> Any:
    """The module. InputError says what to install, or ``otherwise`` what to write into the study file."""
    from stagelens.errors import InputError

    try:
        return import_module(module)
    except ImportError:
        package = module.partition(".")[0]
        raise InputError(
            f"The package `{package}` is not installed: pip install 'stagelens[logs]', or {otherwise}."
        ) from None
