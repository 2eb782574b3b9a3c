"""The one exception that says "the input is wrong", apart from every fault of ours; and what others' faults say."""

from __future__ import annotations

import re
from ast import literal_eval
from contextlib import suppress
from typing import Final

_QUOTED: Final = re.compile(r"\w+\((?P<text>(['\"]).*\2)\)", re.DOTALL)
"""An error's ``repr``."""


class InputError(Exception):
    """Bad input or bad usage.

    The message is one sentence for the person who made the input: what is wrong, where (file, line, field)
    and how to mend it. The command line prints it without a traceback and exits with code 2.
    """


def cause_of(fault: BaseException | str) -> str:
    """What another library says of a fault, in one line: the cause that a missing outcome is recorded with.

    Inspect puts the whole request before what the provider said, and logs name an error by its ``repr``.
    """
    text = fault if isinstance(fault, str) else str(fault)
    quoted = _QUOTED.fullmatch(text.strip())
    if quoted is not None:
        with suppress(ValueError, SyntaxError):
            text = str(literal_eval(quoted["text"]))
    if text.lstrip().startswith("Request:\n"):
        text = text.rstrip().rpartition("\n\n")[2]
    line = next(iter(text.strip().splitlines()), "").strip()
    return line or (type(fault).__name__ if isinstance(fault, BaseException) else "")
