"""How the two ends of a sandbox's pipes write messages: lists of byte strings, each with its length before it.

A message is its number of parts (4 bytes), then for each its length (8 bytes) and its content. What the supervisor
sends is data to be bounded, never to be trusted: no format that can do more than carry bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

COUNT: Final = struct.Struct(">I")
LENGTH: Final = struct.Struct(">Q")

_MOST_PARTS: Final = 8


class BrokenMessageError(Exception):
    """The other end sent something that is no message."""


def pack(parts: Sequence[bytes]) -> bytes:
    """A message."""
    return COUNT.pack(len(parts)) + b"".join(LENGTH.pack(len(part)) + part for part in parts)


async def unpack(receive: Callable[[int], Awaitable[bytes]], *, most: int) -> list[bytes]:
    """The next message.

    Args:
        receive: gives exactly so many bytes.
        most: the bytes that a message may hold.

    Raises:
        BrokenMessageError: it says that it is longer, or has more parts than any message.
    """
    (count,) = COUNT.unpack(await receive(COUNT.size))
    if count > _MOST_PARTS:
        raise BrokenMessageError(f"a message of {count} parts")
    parts: list[bytes] = []
    for _ in range(count):
        (length,) = LENGTH.unpack(await receive(LENGTH.size))
        most -= length
        if most < 0:
            raise BrokenMessageError(f"a message longer by {-most} bytes than allowed")
        parts.append(await receive(length))
    return parts
