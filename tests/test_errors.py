"""What others' faults say, in one line, and which of them are the machine's."""

from __future__ import annotations

import errno
import sqlite3

import pytest

from stagelens.errors import cause_of, lack_of

REQUEST = "\nRequest:\n{\n  \"messages\": []\n}\n\nBadRequestError('Error code: 400')"


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        (RuntimeError("no route to host\nTraceback"), "no route to host"),
        (TimeoutError(), "TimeoutError"),
        ("RuntimeError('the server is down')", "the server is down"),
        (repr(ValueError("a \"quoted\" 'word'")), "a \"quoted\" 'word'"),
        (REQUEST, "BadRequestError('Error code: 400')"),
        (f"ModelGenerateError({REQUEST!r})", "BadRequestError('Error code: 400')"),
        ("call(1) failed", "call(1) failed"),
        ("", ""),
    ],
)
def test_a_cause_is_one_line_of_what_was_said(fault: BaseException | str, cause: str) -> None:
    assert cause_of(fault) == cause


@pytest.mark.parametrize(
    ("fault", "lack"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "/run/a"), "the disk is full (at /run/a): make room"),
        (sqlite3.OperationalError("database or disk is full"), "the disk is full: make room"),
        (RuntimeError("I/O error: No space left on device (os error 28)"), "the disk is full: make room"),
        (OSError(errno.EROFS, "Read-only file system", "/run/b"), "something cannot be written (at /run/b)"),
        (MemoryError(), "too little memory"),
        (
            RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory"),
            "too little memory",
        ),
        (
            ExceptionGroup("several", [ValueError("no"), OSError(errno.EDQUOT, "Disk quota exceeded")]),
            "the disk is full",
        ),
    ],
)
def test_what_a_machine_lacks_is_a_sentence(fault: BaseException, lack: str) -> None:
    said = lack_of(fault)
    assert said is not None
    assert lack in said
    assert said.endswith(".")


def test_what_led_to_an_error_counts_and_a_fault_of_ours_is_none() -> None:
    outer = RuntimeError("training failed")
    outer.__cause__ = OSError(errno.ENOSPC, "No space left on device")
    assert lack_of(outer) is not None
    outer.__cause__.__context__ = outer  # a circle ends
    assert lack_of(ValueError("not enough values to unpack")) is None
    assert lack_of(FileNotFoundError(errno.ENOENT, "No such file", "x")) is None
