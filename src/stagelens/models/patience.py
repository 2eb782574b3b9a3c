"""How long a model behind an API is waited for, and how often it is tried again, before a cause is written down.

Left alone, Inspect tries for ever, with pauses of up to half an hour. Models on this machine are never hurried.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final, TypedDict

from stagelens.errors import InputError
from stagelens.models import LOCAL_PROVIDER

if TYPE_CHECKING:
    from inspect_ai.model import Model

RETRIES: Final = "STAGELENS_MAX_RETRIES"
SECONDS: Final = "STAGELENS_ATTEMPT_TIMEOUT"
OUTAGE: Final = "STAGELENS_OUTAGE"
_DEFAULTS: Final = {RETRIES: 6, SECONDS: 600, OUTAGE: 300}


class Patience(TypedDict, total=False):
    """Settings of Inspect's: retries after the first try, seconds a try may take."""

    max_retries: int
    attempt_timeout: int


def patience(model: Model) -> Patience:
    """What a request to ``model`` is allowed: six more tries, about five minutes of pauses in all, ten minutes a try.

    The environment variables ``STAGELENS_MAX_RETRIES`` and ``STAGELENS_ATTEMPT_TIMEOUT`` (seconds) change it. It
    decides whether an answer comes, never which, and so is no part of any fingerprint.

    Raises:
        InputError: a variable holds no whole number.
    """
    if str(model).startswith(f"{LOCAL_PROVIDER}/"):
        return {}
    return {"max_retries": _read(RETRIES, least=0), "attempt_timeout": _read(SECONDS, least=1)}


def outage() -> int:
    """Seconds without any answer after which a provider is not asked any more in a run (see ``models.watch``).

    Five minutes, or what the environment variable ``STAGELENS_OUTAGE`` says.

    Raises:
        InputError: it holds no whole number.
    """
    return _read(OUTAGE, least=1)


def _read(name: str, *, least: int) -> int:
    text = os.environ.get(name, "").strip()
    if not text:
        return _DEFAULTS[name]
    if not text.isdecimal() or int(text) < least:
        raise InputError(f"The environment variable {name} is {text!r}: set it to a whole number from {least} on.")
    return int(text)
