"""The one exception that says "the input is wrong", apart from every fault of ours; and what others' faults say."""

from __future__ import annotations

import errno
import re
from ast import literal_eval
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

_QUOTED: Final = re.compile(r"\w+\((?P<text>(['\"]).*\2)\)", re.DOTALL)
"""An error's ``repr``."""
_FULL: Final = re.compile(
    r"No space left on device|disk is full|Disk quota exceeded|File too large|PytorchStreamWriter failed writing", re.I
)
_UNWRITABLE: Final = re.compile(r"Read-only file system|readonly database|unable to open database file", re.I)
_NO_MEMORY: Final = re.compile(r"can't allocate memory|Cannot allocate memory|out of memory|bad_alloc", re.I)
_NUMBERS: Final = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT, errno.EFBIG), "full"),
    **dict.fromkeys((errno.EROFS, errno.EACCES, errno.EPERM), "unwritable"),
    errno.ENOMEM: "memory",
}
_LACKS: Final = {
    "full": "the disk is full{place}: make room and run the same command again; what is finished is kept.",
    "unwritable": "something cannot be written{place}: make it writable, or name another folder with --out.",
    "memory": "the machine has too little memory: free some, or ask for smaller batches, and run the same command "
    "again; what is finished is kept.",
}


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


def lack_of(error: BaseException) -> str | None:
    """What the machine lacks (room, permission, memory), in one sentence, where that is why ``error`` was raised."""
    for each in _behind(error):
        kind = _kind(each)
        if kind is not None:
            file = each.filename if isinstance(each, OSError) else None
            return _LACKS[kind].format(place=f" (at {file})" if file else "")
    return None


def _behind(error: BaseException) -> Iterator[BaseException]:
    """The error and all that led to it, each once."""
    due, seen = [error], set[int]()
    while due:
        each = due.pop(0)
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        due += each.exceptions if isinstance(each, BaseExceptionGroup) else ()
        due += [cause for cause in (each.__cause__, each.__context__) if cause is not None]


def _kind(error: BaseException) -> str | None:
    """Libraries that write by themselves pass on what the operating system said as text only."""
    if isinstance(error, MemoryError):
        return "memory"
    if isinstance(error, OSError) and error.errno in _NUMBERS:
        return _NUMBERS[error.errno]
    text = str(error)
    texts = (("full", _FULL), ("unwritable", _UNWRITABLE), ("memory", _NO_MEMORY))
    return next((kind for kind, pattern in texts if pattern.search(text)), None)
