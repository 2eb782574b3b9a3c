"""The two ends of pipes that lead out of the sandbox, and the messages on them (see ``wire``)."""

from __future__ import annotations

import os
import struct


class GoneError(Exception):
    """The other end of the pipes is closed."""


class Pipes:
    """The two ends that lead out of the sandbox."""

    def __init__(self, incoming: int, outgoing: int) -> None:
        self.incoming, self.outgoing = incoming, outgoing

    def receive(self) -> list[bytes]:
        """The next message."""
        (count,) = struct.unpack(">I", self._exactly(4))
        return [self._exactly(struct.unpack(">Q", self._exactly(8))[0]) for _ in range(count)]

    def send(self, *parts: bytes) -> None:
        """Send a message."""
        message = struct.pack(">I", len(parts)) + b"".join(struct.pack(">Q", len(part)) + part for part in parts)
        view = memoryview(message)
        while view:
            try:
                view = view[os.write(self.outgoing, view) :]
            except BrokenPipeError:
                raise GoneError from None

    def _exactly(self, size: int) -> bytes:
        parts = []
        while size:
            part = os.read(self.incoming, min(size, 1 << 20))
            if not part:
                raise GoneError
            parts.append(part)
            size -= len(part)
        return b"".join(parts)
