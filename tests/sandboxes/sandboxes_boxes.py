"""Bubblewrap sandboxes for tests that are not asynchronous."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from anyio.from_thread import BlockingPortal, start_blocking_portal
from inspect_ai.util import ExecResult

from stagelens.sandboxes.bubblewrap import BubblewrapConfig
from stagelens.sandboxes.bubblewrap.provider import BubblewrapSandbox


class Box:
    """One sandbox, used from outside its event loop."""

    def __init__(self, portal: BlockingPortal, config: BubblewrapConfig) -> None:
        self._portal = portal
        self.sandbox = portal.call(BubblewrapSandbox.start, config)

    def run(self, *command: str, seconds: int = 20, **options: object) -> ExecResult[str]:
        """The result of a command."""
        call = partial(self.sandbox.exec, [*command], timeout=seconds, concurrency=False, **options)  # type: ignore[arg-type]
        return self._portal.call(call)

    def sh(self, script: str, *, seconds: int = 20, **options: object) -> ExecResult[str]:
        """The result of a shell script."""
        return self.run("sh", "-c", script, seconds=seconds, **options)

    def python(self, script: str, *, seconds: int = 20) -> ExecResult[str]:
        """The result of a Python script."""
        return self.run("python3", "-c", script, seconds=seconds)

    def read(self, path: str) -> str:
        """A text file."""
        return self._portal.call(self.sandbox.read_file, path)

    def read_bytes(self, path: str) -> bytes:
        """A file."""
        return self._portal.call(partial(self.sandbox.read_file, path, text=False))

    def write(self, path: str, contents: str | bytes) -> None:
        """Write a file."""
        self._portal.call(self.sandbox.write_file, path, contents)

    def works(self) -> bool:
        """Whether an ordinary command runs in it."""
        return self.sh("echo well").stdout == "well\n"

    def close(self) -> None:
        """End it."""
        self._portal.call(self.sandbox.close)


@contextmanager
def boxes(config: BubblewrapConfig | None = None, *, count: int = 1) -> Iterator[list[Box]]:
    """New sandboxes, all of the same kind."""
    with start_blocking_portal() as portal:
        made: list[Box] = []
        try:
            made.extend(Box(portal, config or BubblewrapConfig()) for _ in range(count))
            yield made
        finally:
            for box in made:
                box.close()
