"""A running sandbox, as this process holds it: its process, the pipes to its supervisor, and what it is asked."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, Self, cast

import anyio
from anyio.abc import Process
from anyio.streams.buffered import BufferedByteReceiveStream

from stagelens.sandboxes.bubblewrap.command import bubblewrap_command, environment
from stagelens.sandboxes.bubblewrap.config import BubblewrapConfig
from stagelens.sandboxes.bubblewrap.wire import BrokenMessageError, pack, unpack

Cause = Literal["", "time", "output", "memory", "files", "stopped"]
"""Why a command was killed; nothing where it ended by itself."""

_START_SECONDS: Final = 60
_GRACE_SECONDS: Final = 15
"""How long the supervisor may be late before the sandbox is given up."""
_REPLY_OVERHEAD: Final = 4096


class SandboxLostError(Exception):
    """The sandbox did not start, or no longer answers; it is gone, and with it all that ran in it."""


class FileTooLargeError(Exception):
    """A file holds more than was allowed to be read."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A command that is over."""

    code: int
    cause: Cause
    stdout: bytes
    stderr: bytes


class Session:
    """One sandbox. Its commands run one at a time: others wait for their turn."""

    def __init__(self, config: BubblewrapConfig, process: Process) -> None:
        assert process.stdin is not None and process.stdout is not None
        self.config = config
        self._process = process
        self._stdin = process.stdin
        self._stdout = BufferedByteReceiveStream(process.stdout)
        self._turn = anyio.Lock()
        self._environment = environment(config)

    @classmethod
    async def start(cls, config: BubblewrapConfig) -> Self:
        """A new, empty sandbox.

        Raises:
            SandboxLostError: bubblewrap did not start it; says why.
            InputError: a package that ``config`` names is not installed.
        """
        with bubblewrap_command(config) as (command, files):
            try:
                process = await anyio.open_process(
                    command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, pass_fds=files
                )
            except OSError as error:
                raise SandboxLostError(f"bubblewrap could not be started: {error}") from error
        session = cls(config, process)
        try:
            await session._answer(_START_SECONDS, most=_REPLY_OVERHEAD)
        except SandboxLostError as lost:
            assert process.stderr is not None
            said = b"".join([part async for part in process.stderr]).decode(errors="replace").strip()
            raise SandboxLostError(f"bubblewrap did not start a sandbox: {said or lost}") from lost
        except BaseException:
            await session.close()
            raise
        return session

    async def run(
        self, argv: Sequence[str], *, variables: Mapping[str, str], cwd: str, seconds: float, output: int, given: bytes
    ) -> Ended:
        """Run a command, and end whatever it leaves in the background.

        Args:
            argv: the command, found through the sandbox's PATH.
            variables: set for it besides those that every command has.
            cwd: an absolute path.
            seconds: the time that it may take; the sandbox's own limit holds as well.
            output: bytes that it may write to stdout, and as many to stderr.
            given: its standard input.

        Raises:
            SandboxLostError: the sandbox is gone.
        """
        wall = max(1, round(min(seconds, self.config.wall_seconds)))
        settings = "\0".join(f"{name}={value}" for name, value in (self._environment | dict(variables)).items())
        parts = [b"run", _joined(argv), settings.encode(), cwd.encode(), b"%d" % wall, b"%d" % output, given]
        reply = await self._ask(parts, wait=wall + _GRACE_SECONDS, most=2 * output + _REPLY_OVERHEAD)
        if len(reply) != 5 or reply[0] != b"done":
            raise self._failure(reply)
        return Ended(int(reply[1]), cast(Cause, reply[2].decode()), reply[3], reply[4])

    async def read(self, path: str, most: int) -> bytes:
        """A file's content, followed through links inside the sandbox.

        Raises:
            FileTooLargeError: it holds more than ``most`` bytes.
            OSError: the one that reading it raised inside.
            SandboxLostError: the sandbox is gone.
        """
        parts = [b"read", path.encode(), b"%d" % most]
        reply = await self._ask(parts, wait=_START_SECONDS, most=most + _REPLY_OVERHEAD)
        if reply == [b"large"]:
            raise FileTooLargeError(path)
        if len(reply) != 2 or reply[0] != b"data":
            raise self._failure(reply, path)
        return reply[1]

    async def write(self, path: str, content: bytes) -> None:
        """Give a file this content, and make the folders that lead to it.

        Raises:
            OSError: the one that writing it raised inside.
            SandboxLostError: the sandbox is gone.
        """
        reply = await self._ask([b"write", path.encode(), content], wait=_START_SECONDS, most=_REPLY_OVERHEAD)
        if reply != [b"data"]:
            raise self._failure(reply, path)

    async def close(self) -> None:
        """End everything that runs in the sandbox."""
        with anyio.CancelScope(shield=True):
            await self._stdin.aclose()
            with anyio.move_on_after(_GRACE_SECONDS):
                await self._process.wait()
            if self._process.returncode is None:
                self._process.kill()
            await self._process.aclose()

    async def _ask(self, parts: Sequence[bytes], *, wait: float, most: int) -> list[bytes]:
        async with self._turn:
            try:
                await self._send(parts)
                return await self._answer(wait, most=most)
            except anyio.get_cancelled_exc_class():
                with anyio.CancelScope(shield=True):
                    await self._stop(most)
                raise

    async def _stop(self, most: int) -> None:
        """Take back what was asked. Where its request was cut short, nothing but the end of the sandbox does."""
        try:
            await self._send([b"stop"])
            await self._answer(_GRACE_SECONDS, most=most)
        except SandboxLostError:
            await self.close()

    async def _send(self, parts: Sequence[bytes]) -> None:
        try:
            await self._stdin.send(pack(parts))
        except (anyio.BrokenResourceError, anyio.ClosedResourceError, OSError) as error:
            raise SandboxLostError("the sandbox has ended") from error

    async def _answer(self, wait: float, *, most: int) -> list[bytes]:
        try:
            with anyio.fail_after(wait):
                return await unpack(self._stdout.receive_exactly, most=most)
        except TimeoutError as error:
            self._process.kill()
            raise SandboxLostError(f"the sandbox did not answer within {wait:g} seconds") from error
        except BrokenMessageError as error:
            self._process.kill()
            raise SandboxLostError(f"the sandbox sent {error}") from error
        except (anyio.IncompleteRead, anyio.EndOfStream, anyio.ClosedResourceError, anyio.BrokenResourceError) as error:
            raise SandboxLostError("the sandbox has ended") from error

    def _failure(self, reply: Sequence[bytes], path: str | None = None) -> Exception:
        if len(reply) == 3 and reply[0] == b"failed":
            return OSError(int(reply[1]), reply[2].decode(errors="replace"), path)
        return SandboxLostError("the sandbox sent an answer that was not asked for")


def _joined(argv: Sequence[str]) -> bytes:
    if not argv or any("\0" in part for part in argv):
        raise ValueError("a command needs a name, and none of its parts may hold a null character")
    return "\0".join(argv).encode(errors="surrogateescape")
