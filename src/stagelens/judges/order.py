"""In which order records are judged, and which are judged again. Pure, and blind: a record is known by its content.

The order is random and follows from the study's seed and the contents alone, so families, stages and items are mixed,
and what a judge drifts by falls on all of them alike. The first few records are *anchors*: they come again at regular
intervals, so that a judge that drifts disagrees with itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from stagelens.study.fingerprint import fingerprint

ANCHORS: Final = 4
ANCHOR_EVERY: Final = 100
"""Distinct contents from one repetition of the anchors to the next."""
FEWEST: Final = 20
"""Contents below which nothing is repeated."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One question to a judge.

    Attributes:
        content: what it is about.
        repeat: 0 for the judgement that counts, from 1 for an anchor's repetitions.
        failed: how often before the content was judged without a grade, at other times: it is asked anew, not read
            from a cache.
    """

    content: str
    repeat: int = 0
    failed: int = 0

    @property
    def name(self) -> str:
        """Unique among a judge's turns at one time."""
        return self.content if not self.repeat else f"{self.content}.{self.repeat}"


def content_id(message: str, group: str) -> str:
    """The name of a content: 32 hex digits of all that a judge is told, and of what its answer is read by."""
    return fingerprint([message, group])[:32]


def in_order(contents: Collection[str], seed: int) -> list[str]:
    """Each content once, in an order that is random and follows from ``seed`` and the contents."""
    return sorted(set(contents), key=lambda content: hashlib.sha256(f"{seed}\x1f{content}".encode()).hexdigest())


def repetitions(contents: int) -> int:
    """How often the anchors are repeated while so many distinct contents are judged."""
    return max(1, (contents + ANCHOR_EVERY // 2) // ANCHOR_EVERY) if contents >= FEWEST else 0


def calls(contents: int) -> int:
    """Questions to a judge for so many distinct contents, anchors included and nothing tried twice."""
    return contents + repetitions(contents) * min(ANCHORS, contents)


def turns(
    wanted: Sequence[str], *, known: Sequence[str], failed: Mapping[str, int], repeated: Mapping[str, int]
) -> list[Turn]:
    """What is still to be asked, in order. What a killed run left is gone on with where it stopped.

    Args:
        wanted: contents ``in_order``.
        known: contents that were judged before, in the order in which they were.
        failed: those of them that have no grade, with how often they were judged.
        repeated: how often each anchor has been repeated, with a grade.
    """
    seen = set(known)
    fresh = [content for content in wanted if content not in seen]
    again = [Turn(content, failed=failed[content]) for content in wanted if content in failed]
    anchors = [*known[:ANCHORS], *fresh[: max(0, ANCHORS - len(known))]]
    return [*again, *_with_anchors(fresh, anchors, len(seen), {each: repeated.get(each, 0) for each in anchors})]


def _with_anchors(fresh: Sequence[str], anchors: Sequence[str], count: int, done: dict[str, int]) -> Iterator[Turn]:
    def due(rounds: int) -> Iterator[Turn]:
        for anchor in anchors:
            if done[anchor] < rounds:
                done[anchor] += 1
                yield Turn(anchor, repeat=done[anchor])

    for content in fresh:
        yield Turn(content)
        count += 1
        yield from due(count // ANCHOR_EVERY)
    yield from due(repetitions(count))
