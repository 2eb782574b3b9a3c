"""Which requests are generated together: a pure function of the set of requests, never of the order they came in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby


@dataclass(frozen=True, slots=True)
class Sampling:
    """What all rows of a batch share. Temperature 0 is greedy; ``top_p`` 1 and ``top_k`` None leave every token in.

    An answer ends before the first of ``stops``, and with the first of ``closes``, which stays in it.
    """

    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int | None = None
    stops: tuple[str, ...] = ()
    closes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """One prompt and how it is answered.

    ``max_tokens`` is at least 1; ``seed`` None is chance that never repeats; ``markup`` keeps the special tokens in the
    answer's text, but for the one that ends it.
    """

    prompt: str
    max_tokens: int
    seed: int | None = None
    sampling: Sampling = Sampling()
    markup: bool = False


def compose(requests: Sequence[Request], lengths: Sequence[int], size: int) -> list[list[int]]:
    """Cut requests into batches of ``size`` rows of similar length.

    Args:
        requests: in any order.
        lengths: tokens in each request's prompt.
        size: rows in a batch; the last batch of each kind of sampling may have fewer.

    Returns:
        Positions in ``requests``, batch by batch. Requests that sort alike are equal in all that decides an answer.
    """

    def kind(place: int) -> tuple[float, float, int, tuple[str, ...], tuple[str, ...]]:
        sampling = requests[place].sampling
        return sampling.temperature, sampling.top_p, sampling.top_k or 0, sampling.stops, sampling.closes

    def order(place: int) -> tuple[int, str, bool, int, int]:
        request = requests[place]
        return lengths[place], request.prompt, request.seed is None, request.seed or 0, request.max_tokens

    places = sorted(range(len(requests)), key=lambda place: (kind(place), order(place)))
    return [
        row[start : start + size]
        for row in (list(group) for _, group in groupby(places, key=kind))
        for start in range(0, len(row), size)
    ]
