"""Sampling seeds that every stage shares, so that attempts pair."""

from __future__ import annotations

import hashlib


def attempt_seed(seed: int, benchmark: str, item: str, epoch: int) -> int:
    """The seed of one attempt, from 0 to 2³¹ − 1 (what every provider takes).

    A hash of the study's seed, the benchmark, the item and the epoch (from 1), and of nothing else: the same at every
    stage, whatever else is asked and in which order.
    """
    return _hashed(str(seed), benchmark, item, str(epoch))


def turn_seed(attempt: int, turn: int) -> int:
    """The seed of one turn of an attempt that asks several times, from 0 to 2³¹ − 1.

    ``attempt`` is the attempt's own seed, ``turn`` counts from 1.
    """
    return _hashed(str(attempt), str(turn))


def _hashed(*parts: str) -> int:
    return int.from_bytes(hashlib.sha256("\x1f".join(parts).encode()).digest()[:4], "big") >> 1
