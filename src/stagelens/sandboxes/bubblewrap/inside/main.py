"""Answers requests until the pipe to the sandbox is closed."""
# ruff: noqa: PTH123

from __future__ import annotations

import errno
import os
import sys

from .command import KILL, Command
from .files import read, write
from .libc import DUMPABLE, KILL_WITH_PARENT, libc
from .limits import Limits
from .pipes import GoneError, Pipes


def answer(request: list[bytes], pipes: Pipes, limits: Limits) -> tuple[bytes, ...]:
    """The parts that answer a request; none where it is late: a stop for a command that has ended."""
    kind, *rest = request
    try:
        if kind == b"run":
            argv, settings, cwd, seconds, most, given = rest
            variables = dict(pair.partition(b"=")[::2] for pair in settings.split(b"\0"))
            command = Command(argv.split(b"\0"), variables, cwd, given, int(most), limits)
            code, *others = command.run(int(seconds), pipes)
            return (b"done", b"%d" % code, *others)
        if kind == b"read":
            return read(rest[0], int(rest[1]))
        return write(*rest) if kind == b"write" else ()
    except OSError as error:
        return b"failed", b"%d" % (error.errno or errno.EIO), str(error.strerror or error).encode()


def main() -> None:
    """Prepare this process, say that it is ready, and answer until the pipe is closed."""
    limits = Limits(
        {name: int(value) for name, value in (pair.split("=") for pair in sys.argv[2:])}, sys.argv[1].split(":")
    )
    limits.bind()
    pipes = Pipes(os.dup(0), os.dup(1))
    nothing = os.open("/dev/null", os.O_RDWR)
    with open("/proc/self/oom_score_adj", "w") as score:
        score.write("1000")  # where the machine itself runs out of memory, sandboxes go first
    for end in (0, 1, 2):
        os.dup2(nothing, end)
    libc.prctl(DUMPABLE, 0, 0, 0, 0)
    libc.prctl(KILL_WITH_PARENT, KILL, 0, 0, 0)
    try:
        pipes.send(b"ready")
        while True:
            parts = answer(pipes.receive(), pipes, limits)
            if parts:
                pipes.send(*parts)
    except GoneError:
        os._exit(0)
