"""Files of the sandbox, read and written while nothing else runs in it: nobody can change a path on the way."""
# ruff: noqa: PTH103, PTH112, PTH120

from __future__ import annotations

import errno
import os
import stat


def regular(file: int) -> int:
    """The open file, if it is one; pipes and devices are none."""
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise PermissionError(errno.EACCES, "not a regular file")
    return file


def read(path: bytes, most: int) -> tuple[bytes, ...]:
    """The parts of the answer: what a file holds."""
    if os.path.isdir(path):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    with open(regular(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)), "rb") as file:
        content = file.read(most + 1)
    return (b"large",) if len(content) > most else (b"data", content)


def write(path: bytes, content: bytes) -> tuple[bytes, ...]:
    """The parts of the answer: a file has this content."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_NONBLOCK | os.O_NOCTTY
    with open(regular(os.open(path, flags, 0o644)), "wb") as file:
        file.truncate()
        file.write(content)
    return (b"data",)
