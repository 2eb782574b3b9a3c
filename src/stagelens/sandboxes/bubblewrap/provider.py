"""The sandbox provider ``stagelens_bubblewrap``: what Inspect, its tools and our loops see of a bubblewrap sandbox.

It differs from Docker's in this: commands of one sandbox run one after another, and what a command leaves in the
background is killed when the command is over (in Docker it goes on). There is one user. A command that took too long is
never tried again. What breaks a limit of the sandbox is killed, and its stderr says which limit it was.
"""

from __future__ import annotations

import errno
import os
import posixpath
from contextlib import AbstractAsyncContextManager, nullcontext
from logging import getLogger
from typing import Any, Final, Literal, overload

from inspect_ai.util import (
    ExecResult,
    OutputLimitExceededError,
    SandboxEnvironment,
    SandboxEnvironmentConfigType,
    SandboxEnvironmentLimits,
    SandboxUnavailableError,
    concurrency,
    sandboxenv,
)
from typing_extensions import override

from stagelens.sandboxes import BUBBLEWRAP_PROVIDER
from stagelens.sandboxes.bubblewrap.config import BubblewrapConfig
from stagelens.sandboxes.bubblewrap.session import Ended, FileTooLargeError, SandboxLostError, Session

_log = getLogger(__name__)

_KILLED: Final = {
    "memory": "Killed: the memory limit was exceeded.",
    "files": "Killed: the limit on the number of files was exceeded.",
    "stopped": "Killed: stopped from outside.",
}


@sandboxenv(name=BUBBLEWRAP_PROVIDER)
class BubblewrapSandbox(SandboxEnvironment):
    """One sandbox, from the sample's start to its end."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session

    @property
    def config(self) -> BubblewrapConfig:
        """What this sandbox was started with."""
        return self._session.config

    @classmethod
    async def start(cls, config: BubblewrapConfig) -> BubblewrapSandbox:
        """A new, empty sandbox.

        Raises:
            SandboxUnavailableError: bubblewrap did not start it; says why.
        """
        try:
            return cls(await Session.start(config))
        except SandboxLostError as lost:
            raise SandboxUnavailableError(str(lost)) from lost

    async def close(self) -> None:
        """End everything that runs in it."""
        await self._session.close()

    @override
    @classmethod
    async def sample_init(
        cls, task_name: str, config: SandboxEnvironmentConfigType | None, metadata: dict[str, str]
    ) -> dict[str, SandboxEnvironment]:
        if config is not None and not isinstance(config, BubblewrapConfig):
            raise TypeError(f"{BUBBLEWRAP_PROVIDER} takes a BubblewrapConfig, not {config!r}.")
        return {"default": await cls.start(config or BubblewrapConfig())}

    @override
    @classmethod
    async def sample_cleanup(
        cls,
        task_name: str,
        config: SandboxEnvironmentConfigType | None,
        environments: dict[str, SandboxEnvironment],
        interrupted: bool,
    ) -> None:
        for each in environments.values():
            await each.as_type(BubblewrapSandbox).close()

    @override
    @classmethod
    def config_deserialize(cls, config: dict[str, Any]) -> BubblewrapConfig:
        return BubblewrapConfig(**config)

    @override
    async def exec(
        self,
        cmd: list[str],
        input: str | bytes | None = None,
        cwd: str | None = None,
        env: dict[str, str] | None = None,
        user: str | None = None,
        timeout: int | None = None,
        timeout_retry: bool = True,
        concurrency: bool = True,
    ) -> ExecResult[str]:
        if user is not None:
            _log.warning("a bubblewrap sandbox has one user; it does not run commands as %r", user)
        most = SandboxEnvironmentLimits.MAX_EXEC_OUTPUT_SIZE
        try:
            async with _slot(concurrency):
                ended = await self._session.run(
                    cmd,
                    variables=env or {},
                    cwd=self._absolute(cwd or "."),
                    seconds=timeout or self.config.wall_seconds,
                    output=most,
                    given=_bytes(input or b""),
                )
        except SandboxLostError as lost:
            raise SandboxUnavailableError(str(lost)) from lost
        return _result(ended)

    @override
    async def write_file(self, file: str, contents: str | bytes) -> None:
        try:
            await self._session.write(self._absolute(file), _bytes(contents))
        except SandboxLostError as lost:
            raise SandboxUnavailableError(str(lost)) from lost
        except OSError as error:
            raise _as_contract(error) from error

    @overload
    async def read_file(self, file: str, text: Literal[True] = True) -> str: ...

    @overload
    async def read_file(self, file: str, text: Literal[False]) -> bytes: ...

    @override
    async def read_file(self, file: str, text: bool = True) -> str | bytes:
        try:
            content = await self._session.read(self._absolute(file), SandboxEnvironmentLimits.MAX_READ_FILE_SIZE)
        except SandboxLostError as lost:
            raise SandboxUnavailableError(str(lost)) from lost
        except FileTooLargeError as error:
            raise OutputLimitExceededError(SandboxEnvironmentLimits.MAX_READ_FILE_SIZE_STR, None) from error
        return content.decode() if text else content

    def _absolute(self, path: str) -> str:
        return posixpath.join(self.config.workdir, path)


def _slot(wanted: bool) -> AbstractAsyncContextManager[object]:
    """A place among the commands that run at once: one a processor, so that measured times mean something."""
    return concurrency(BUBBLEWRAP_PROVIDER, os.cpu_count() or 1) if wanted else nullcontext()


def _result(ended: Ended) -> ExecResult[str]:
    stdout, stderr = ended.stdout.decode(errors="replace"), ended.stderr.decode(errors="replace")
    if ended.cause == "time":
        raise TimeoutError
    if ended.cause == "output":
        raise OutputLimitExceededError(SandboxEnvironmentLimits.MAX_EXEC_OUTPUT_SIZE_STR, stdout or stderr)
    if ended.cause:
        stderr = f"{stderr}\n{_KILLED[ended.cause]}".lstrip("\n")
    return ExecResult(success=ended.code == 0, returncode=ended.code, stdout=stdout, stderr=stderr)


def _bytes(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content


def _as_contract(error: OSError) -> OSError:
    """What cannot be written because it is read-only is a PermissionError to Inspect."""
    if error.errno == errno.EROFS:
        return PermissionError(errno.EACCES, error.strerror, error.filename)
    return error
