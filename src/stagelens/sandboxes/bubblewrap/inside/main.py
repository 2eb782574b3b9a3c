"""Answers requests until the pipe to the sandbox is closed."""
# ruff: noqa: PTH123

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import signal
import sys

from .command import Command
from .files import read, write
from .limits import Limits
from .pipes import GoneError, Pipes

KILL_WITH_PARENT, DUMPABLE = 1, 4
"""Options of prctl(2)."""


def answer(request: list[bytes], pipes: Pipes, wakeup: int, limits: Limits) -> tuple[bytes, ...]:
    """The parts that answer a request; none where it is late: a stop for a command that has ended."""
    kind, *rest = request
    try:
        if kind == b"run":
            argv, settings, cwd, seconds, most, given = rest
            variables = dict(pair.partition(b"=")[::2] for pair in settings.split(b"\0"))
            command = Command(argv.split(b"\0"), variables, cwd, given, int(most), limits)
            code, *others = command.run(int(seconds), pipes, wakeup)
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
    pipes = Pipes(os.dup(0), os.dup(1))
    nothing = os.open("/dev/null", os.O_RDWR)
    with open("/proc/self/oom_score_adj", "w") as score:
        score.write("1000")  # where the machine itself runs out of memory, sandboxes go first
    for end in (0, 1, 2):
        os.dup2(nothing, end)
    control = ctypes.CDLL(None).prctl
    control(DUMPABLE, 0, 0, 0, 0)
    control(KILL_WITH_PARENT, signal.SIGKILL, 0, 0, 0)
    wakeup, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    with contextlib.suppress(GoneError):
        pipes.send(b"ready")
        while True:
            parts = answer(pipes.receive(), pipes, wakeup, limits)
            if parts:
                pipes.send(*parts)
    os._exit(0)
