"""What makes two rows the same, what a prompt is called, and where it stands in the draw.

The draw goes by content, not by the row's own id: two files with the same logs give the same prompts, whether or not
both kept the ids, in whatever order and in however many pieces.
"""

from __future__ import annotations

import unicodedata
from hashlib import sha256
from typing import Final

from stagelens.benchmarks.user_logs.reading.conversations import Conversation

_ROLE: Final = "\x1e"
_TEXT: Final = "\x1f"  # both count as whitespace, so no normalised text has them in it


def content_digest(conversation: Conversation) -> bytes:
    """32 bytes that equal conversations share; how letters with accents are coded and whitespace do not count."""
    parts = [_normalised(conversation.system or "")]
    parts += [f"{role}{_TEXT}{_normalised(text)}" for role, text in conversation.turns]
    return sha256(_ROLE.join(parts).encode()).digest()


def exact_digest(conversation: Conversation) -> bytes:
    """32 bytes that only conversations share that are equal to the character."""
    return sha256(repr((conversation.system, conversation.turns)).encode()).digest()


def draw_key(seed: int, digest: bytes, copy: str) -> bytes:
    """A prompt's place in the draw of ``seed``: 16 bytes, the smallest first. ``copy`` tells equal contents apart."""
    return sha256(f"{seed}{_TEXT}{copy}{_TEXT}".encode() + digest).digest()[:16]


def content_id(digest: bytes, copy: str) -> str:
    """The id of a prompt that has none of its own: 16 hexadecimal digits."""
    return (sha256(copy.encode() + digest).digest() if copy else digest).hex()[:16]


def short_hash(text: str) -> int:
    """The text in 64 bits."""
    return int.from_bytes(sha256(text.encode()).digest()[:8])


def _normalised(text: str) -> str:
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    return " ".join(text.split())
