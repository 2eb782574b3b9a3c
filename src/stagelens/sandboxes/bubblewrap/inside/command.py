"""One command: started, fed, read, watched, and ended with all that came of it."""

from __future__ import annotations

import errno
import os
import select
import time

from .libc import libc
from .limits import Limits
from .pipes import Pipes

TICK = 0.025
"""Seconds between two looks at what a command uses."""
CHUNK = 1 << 16
MISSING = (errno.ENOENT, errno.ENOTDIR)
KILL = 9
IGNORED_BY_PYTHON = (13, 25)
"""SIGPIPE and SIGXFSZ: a command shall not ignore them."""


class Command:
    """One command from its start until nothing of it runs any more."""

    def __init__(
        self, argv: list[bytes], variables: dict[bytes, bytes], cwd: bytes, given: bytes, most: int, limits: Limits
    ) -> None:
        self.given, self.most, self.limits = memoryview(given), most, limits
        self.cause, self.status = b"", -1
        self.files_before = limits.files()
        stdin, stdout, stderr = os.pipe(), os.pipe(), os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            self._become(argv, variables, cwd, (stdin[0], stdout[1], stderr[1]))
        for end in (stdin[0], stdout[1], stderr[1]):
            os.close(end)
        self.stdin, self.streams = stdin[1], (stdout[0], stderr[0])
        self.outputs = {stdout[0]: bytearray(), stderr[0]: bytearray()}
        for end in (self.stdin, *self.streams):
            os.set_blocking(end, False)

    def _become(self, argv: list[bytes], variables: dict[bytes, bytes], cwd: bytes, ends: tuple[int, ...]) -> None:
        """Turn this child into the command."""
        try:
            for number in IGNORED_BY_PYTHON:
                libc.signal(number, None)
            os.setsid()
            for target, source in enumerate(ends):
                os.dup2(source, target)
            self.limits.bind_command()
            os.chdir(cwd)
            execute(argv, variables)
        except OSError as error:
            os.write(2, b"%s: %s\n" % (os.fsencode(error.filename), str(error.strerror).encode()))
            os._exit(127 if error.errno in MISSING else 126)
        finally:
            os._exit(126)

    def run(self, seconds: int, pipes: Pipes) -> tuple[int, bytes, bytes, bytes]:
        """Attend to it until it ends or has to be ended; its return code, the cause of its end, its outputs."""
        poll, started = select.poll(), time.monotonic()
        deadline, due = started + seconds, started + TICK
        ended = os.pidfd_open(self.pid)
        for end in (pipes.incoming, ended, *self.streams):
            poll.register(end, select.POLLIN)
        poll.register(self.stdin, select.POLLOUT)
        while self.status < 0 and not self.cause:
            for end, _ in poll.poll(TICK * 1000):
                if end == pipes.incoming:
                    pipes.receive()
                    self.cause = b"stopped"
                elif end != ended and not (self._feed() if end == self.stdin else self._take(end)):
                    poll.unregister(end)
            now = time.monotonic()
            self._reap()
            if self.status < 0 and now > due:
                self.cause = self.cause or (b"time" if now > deadline else self.limits.broken(self.files_before))
                due = now + TICK
        os.close(ended)
        self._end_everything()
        stdout, stderr = (bytes(self.outputs[end][: self.most]) for end in self.streams)
        return self._code(), self.cause, stdout, stderr

    def _feed(self) -> bool:
        """Give it more of its input; whether there is more to give."""
        try:
            self.given = self.given[os.write(self.stdin, self.given[:CHUNK]) :]
        except BlockingIOError:
            return True
        except BrokenPipeError:
            self.given = self.given[:0]
        if not self.given:
            os.close(self.stdin)
            self.stdin = -1
        return bool(self.given)

    def _take(self, end: int) -> bool:
        """Read what there is; whether there may be more to keep."""
        try:
            part = os.read(end, CHUNK)
        except BlockingIOError:
            return False
        kept = self.outputs[end]
        kept += part
        if len(kept) > self.most:
            self.cause = self.cause or b"output"
        return bool(part) and len(kept) <= self.most

    def _reap(self) -> None:
        """Take notice of children that have ended, orphans among them."""
        pid = -1
        while pid:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == self.pid:
                self.status = status

    def _end_everything(self) -> None:
        """Kill all processes but this one; they are all its children once their parents are dead."""
        while True:
            libc.kill(-1, KILL)
            try:
                pid, status = os.waitpid(-1, 0)
            except ChildProcessError:
                break
            if pid == self.pid:
                self.status = status
        for end in self.streams:
            while self._take(end):
                pass
            os.close(end)
        if self.stdin >= 0:
            os.close(self.stdin)

    def _code(self) -> int:
        return 128 + os.WTERMSIG(self.status) if os.WIFSIGNALED(self.status) else os.WEXITSTATUS(self.status)


def execute(argv: list[bytes], variables: dict[bytes, bytes]) -> None:
    """Become a program, looked for as a shell would; ``os.execvpe`` would load a module for that.

    Raises:
        OSError: there is no such program, or why none of that name can be run.
    """
    folders = [b""] if b"/" in argv[0] else variables.get(b"PATH", b"").split(b":")
    number = errno.ENOENT
    for folder in folders:
        try:
            os.execve(folder + b"/" + argv[0] if folder else argv[0], argv, variables)
        except OSError as error:
            if error.errno is not None and error.errno not in MISSING:
                number = error.errno
    raise OSError(number, os.strerror(number), argv[0])
