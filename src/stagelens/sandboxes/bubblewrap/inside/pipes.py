"""The two ends of pipes that lead out of the sandbox, and the messages on them (see ``wire``)."""

from __future__ import annotations

import os


class GoneError(Exception):
    """The other end of the pipes is closed."""


class Pipes:
    """The two ends that lead out of the sandbox."""

    def __init__(self, incoming: int, outgoing: int) -> None:
        self.incoming, self.outgoing = incoming, outgoing

    def receive(self) -> list[bytes]:
        """The next message."""
        return [self._exactly(self._number(8)) for _ in range(self._number(4))]

    def send(self, *parts: bytes) -> None:
        """Send a message."""
        message = len(parts).to_bytes(4, "big") + b"".join(len(part).to_bytes(8, "big") + part for part in parts)
        view = memoryview(message)
        while view:
            try:
                view = view[os.write(self.outgoing, view) :]
            except BrokenPipeError:
                raise GoneError from None

    def _number(self, size: int) -> int:
        return int.from_bytes(self._exactly(size), "big")

    def _exactly(self, size: int) -> bytes:
        parts = []
        while size:
            part = os.read(self.incoming, min(size, 1 << 20))
            if not part:
                raise GoneError
            parts.append(part)
            size -= len(part)
        return b"".join(parts)
