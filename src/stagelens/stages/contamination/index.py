"""Finds items of benchmarks in texts, verbatim or lightly edited.

Published decontaminations look for shared n-grams of a fixed length, 8 to 13 words (GPT-3, arXiv 2005.14165, appendix
C; Tulu 3, arXiv 2411.15124): they pass over every prompt that is shorter, XSTest's seven words among them. Here n
follows the item: short n-grams only *propose* a place, and an alignment of the whole item with the words around it
decides.

An item counts as found where at least ``SIMILAR`` of its words stand there in order (the longest common subsequence,
Hyyrö 2004's bit-parallel form), within a window of one and a half times its length, and as large a part of its words
that carry meaning. So up to a quarter of an item's words may have been replaced, left out or swapped. An item of three
words is found only verbatim, a shorter one only where it is the whole text.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from stagelens.stages.contamination.words import FUNCTION_WORDS, words

VERSION: Final = "contamination-1"
"""Changes whenever what is found may change."""
SIMILAR: Final = 0.75
CARRYING: Final = 0.6
"""Of an item's words that carry meaning, the share that has to stand in the window in order."""
SHORTEST: Final = 4
"""Words in an item that can be found lightly edited."""
_LONG: Final = 9
"""From so many words on, three in a row propose a place; below, two do."""
_COMMON: Final = 12
"""An n-gram that so many items have proposes none of them, unless an item has no rarer ones."""
_ENOUGH: Final = 4
"""N-grams of an item that propose it, common ones filled in where it has fewer rare ones."""
_SHOWN: Final = 160


@dataclass(frozen=True, slots=True)
class ItemText:
    """An item of a benchmark, and what it asks."""

    item: str
    text: str


@dataclass(frozen=True, slots=True)
class Hit:
    """An item that stands in a text. ``similarity``: the share of its words that are there in order, 0 to 1."""

    benchmark: str
    item: str
    exact: bool
    similarity: float
    passage: str


@dataclass(frozen=True, slots=True)
class _Item:
    benchmark: str
    item: str
    words: tuple[str, ...]
    carrying: tuple[str, ...]


Gram = tuple[str, ...]


class Index:
    """The items of benchmarks, to be looked for in texts; memory grows with the items, never with the texts.

    Args:
        items: the items of each benchmark, by its name. Items without a word are not looked for.
    """

    def __init__(self, items: Mapping[str, Sequence[ItemText]]) -> None:
        self._texts = {name: [(each.item, each.text) for each in texts] for name, texts in items.items()}
        self.counts: Mapping[str, int] = {name: len(each) for name, each in items.items()}
        """How many items each benchmark has."""
        self._items = [
            _Item(name, each.item, tuple(found), tuple(word for word in found if word not in FUNCTION_WORDS))
            for name, texts in items.items()
            for each in texts
            if (found := words(each.text))
        ]
        self._whole: dict[Gram, list[int]] = defaultdict(list)
        self._grams: dict[Gram, list[tuple[int, int]]] = defaultdict(list)
        frequency = Counter(gram for item in self._items for gram in set(_grams(item.words, _size(item.words))))
        for number, item in enumerate(self._items):
            if len(item.words) < SHORTEST - 1:
                self._whole[item.words].append(number)
                continue
            size = _size(item.words)
            places = list(enumerate(_grams(item.words, size)))
            rare = [each for each in places if frequency[each[1]] <= _COMMON]
            if len(rare) < _ENOUGH:
                rare = sorted(places, key=lambda each: (frequency[each[1]], each[0]))[:_ENOUGH]
            for place, gram in rare:
                self._grams[gram].append((number, place))

    def to_dict(self) -> dict[str, list[tuple[str, str]]]:
        """The items, as plain JSON."""
        return self._texts

    @staticmethod
    def from_dict(items: Mapping[str, Sequence[Sequence[str]]]) -> Index:
        """The index of what ``to_dict`` gave."""
        return Index({name: [ItemText(*each) for each in texts] for name, texts in items.items()})

    def search(self, texts: Sequence[str]) -> list[Hit]:
        """The items that stand in a row's texts, each once, as it stands there most nearly."""
        best: dict[int, Hit] = {}
        for text in texts:
            said = words(text)
            for number in self._whole.get(tuple(said), ()):
                item = self._items[number]
                best[number] = Hit(item.benchmark, item.item, exact=True, similarity=1.0, passage=_shown(said))
            for number, start, end in self._proposed(said):
                found = self._aligned(number, said[start:end])
                if found is not None and (number not in best or found.similarity > best[number].similarity):
                    best[number] = found
        return [best[number] for number in sorted(best)]

    def _proposed(self, said: Sequence[str]) -> Iterator[tuple[int, int, int]]:
        """Items that share an n-gram with the words, each with the window where all of it would stand."""
        seen: set[tuple[int, int]] = set()
        for size in (2, 3):
            for place in range(len(said) - size + 1):
                for number, at in self._grams.get(tuple(said[place : place + size]), ()):
                    length = len(self._items[number].words)
                    slack = max(2, length // 4)
                    diagonal = (number, (place - at) // slack)
                    if diagonal not in seen:
                        seen.add(diagonal)
                        start = max(0, place - at - slack)
                        yield number, start, place - at + length + slack

    def _aligned(self, number: int, window: Sequence[str]) -> Hit | None:
        item = self._items[number]
        common = common_words(item.words, window)
        exact = common == len(item.words) and _contains(window, item.words)
        if common < SIMILAR * len(item.words) or (len(item.words) < SHORTEST and not exact):
            return None
        carrying = common_words(item.carrying, window) if item.carrying else 0
        if carrying < CARRYING * len(item.carrying):
            return None
        return Hit(item.benchmark, item.item, exact, common / len(item.words), _shown(window))


def common_words(item: Sequence[str], window: Sequence[str]) -> int:
    """The length of the longest common subsequence of two lists of words (Hyyrö 2004: one integer step a word)."""
    masks: dict[str, int] = {}
    for place, word in enumerate(item):
        masks[word] = masks.get(word, 0) | (1 << place)
    whole = (1 << len(item)) - 1
    row = whole
    for word in window:
        matched = row & masks.get(word, 0)
        row = ((row + matched) | (row - matched)) & whole
    return len(item) - row.bit_count()


def _size(item: Sequence[str]) -> int:
    return 3 if len(item) >= _LONG else 2


def _grams(said: Sequence[str], size: int) -> list[Gram]:
    return [tuple(said[place : place + size]) for place in range(len(said) - size + 1)]


def _contains(window: Sequence[str], item: Sequence[str]) -> bool:
    length = len(item)
    return any(tuple(window[start : start + length]) == tuple(item) for start in range(len(window) - length + 1))


def _shown(said: Sequence[str]) -> str:
    text = " ".join(said)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
