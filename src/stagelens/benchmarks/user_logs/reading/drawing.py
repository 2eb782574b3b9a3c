"""Keeps the prompts that come first in the draw, and of all others no more than a few bytes each."""

from __future__ import annotations

import heapq
from array import array
from collections import Counter
from dataclasses import dataclass

import numpy as np

from stagelens.benchmarks.user_logs.reading.conversations import Conversation
from stagelens.benchmarks.user_logs.reading.identity import (
    content_digest,
    content_id,
    draw_key,
    exact_digest,
    short_hash,
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A row that passed every filter."""

    conversation: Conversation
    own_id: str | None
    language: str | None
    place: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """A candidate that is kept, with the id of its content, and whether its own id names nothing else."""

    candidate: Candidate
    content_id: str
    own_id_is_unique: bool


@dataclass(frozen=True, slots=True)
class _Entry:
    candidate: Candidate
    digest: bytes
    copy: str


class Draw:
    """Takes candidates in any order; gives those with the smallest keys.

    Memory: the kept conversations, and 8 bytes for each candidate, or 24 where rows have ids. Contents are counted as
    the same, and ids as shared, where 64 bits of their hashes agree: by chance once in some 40 million files of a
    million rows.
    """

    def __init__(self, *, seed: int, size: int | None, merge_equal: bool) -> None:
        self._seed = seed
        self._size = size
        self._merge_equal = merge_equal
        self._kept: dict[int, _Entry] = {}
        self._largest: list[int] = []  # a heap of the negated keys of what is kept
        self._contents = array("Q")
        self._named = array("Q")  # own ids, each followed by the content that it names
        self._copies: Counter[int] = Counter()

    def offer(self, candidate: Candidate) -> None:
        """Considers a candidate."""
        digest = content_digest(candidate.conversation)
        copy = "" if self._merge_equal else self._copy(candidate, digest)
        key = int.from_bytes(draw_key(self._seed, digest, copy))
        self._record(candidate, digest, copy)
        entry = _Entry(candidate, digest, copy)
        if key in self._kept:
            self._kept[key] = min(self._kept[key], entry, key=_rank)
        elif self._size is None:
            self._kept[key] = entry
        elif len(self._kept) < self._size:
            self._kept[key] = entry
            heapq.heappush(self._largest, -key)
        elif key < -self._largest[0]:
            self._kept[key] = entry
            del self._kept[-heapq.heappushpop(self._largest, -key)]

    def offered(self) -> int:
        """How many candidates there were."""
        return len(self._contents)

    def different(self) -> int:
        """How many of them are not the same as another, or all, where equals are not merged."""
        return len(np.unique(np.array(self._contents))) if self._merge_equal else len(self._contents)

    def drawn(self) -> list[Drawn]:
        """What is kept, in the order of the keys."""
        shared = self._shared_ids()
        return [
            Drawn(
                candidate=entry.candidate,
                content_id=content_id(entry.digest, entry.copy),
                own_id_is_unique=entry.candidate.own_id is not None
                and short_hash(entry.candidate.own_id) not in shared,
            )
            for _, entry in sorted(self._kept.items())
        ]

    def _copy(self, candidate: Candidate, digest: bytes) -> str:
        """What tells equal contents apart: the row's own id and, where that is equal too, how many came before."""
        own = candidate.own_id or ""
        same = int.from_bytes(draw_key(0, digest, own)[:8])
        self._copies[same] += 1
        before = self._copies[same] - 1
        return f"{own}\x1f{before}" if before else own

    def _record(self, candidate: Candidate, digest: bytes, copy: str) -> None:
        self._contents.append(int.from_bytes(digest[:8]))
        if candidate.own_id is not None:
            named = digest if self._merge_equal else draw_key(0, digest, copy)
            self._named.extend((short_hash(candidate.own_id), int.from_bytes(named[:8])))

    def _shared_ids(self) -> frozenset[int]:
        """The ids that name more than one content."""
        pairs = np.unique(np.array(self._named, dtype=np.uint64).reshape(-1, 2), axis=0)
        ids, times = np.unique(pairs[:, 0], return_counts=True)
        return frozenset(ids[times > 1].tolist())


def _rank(entry: _Entry) -> tuple[bool, str, str, bytes]:
    """Which of several rows with the same content is kept: by what they say, not by where they stand."""
    candidate = entry.candidate
    return (
        candidate.own_id is None,
        candidate.own_id or "",
        candidate.language or "",
        exact_digest(candidate.conversation),
    )
