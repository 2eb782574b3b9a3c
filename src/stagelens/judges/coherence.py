"""Whether a text says anything at all: babble, endless repetition and strings of symbols are no answer.

Every threshold is far from what ordinary answers reach, in any language: a broken model must not look cautious, and an
odd but real answer must not be thrown away.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from typing import Final

_WORD: Final = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_LINE_MARK: Final = re.compile(r"^\W*\d{0,3}\W*")
_CONSONANTS: Final = re.compile(r"[bcdfghjklmnpqrstvwxz]{6,}")
_VOWELS: Final = frozenset("aeiouy")
_ONE_RUN: Final = re.compile(r"([^\s\-=_.*#~+|])\1{39,}|(\S{2,8}?)\2{19,}")

MIN_WORDS_FOR_REPETITION: Final = 24
"""Shorter texts are too short to call a repetition endless (a chant, a chorus, "no, no, no")."""

MAX_LOOP_SHARE: Final = 0.7
"""A loop is a text of which more than this share of words lies in repetitions of earlier runs of four words."""

MAX_ONE_WORD_SHARE: Final = 0.6
"""More than this share of one and the same word is a loop too."""

SALAD_SCRIPTS: Final = 5
SALAD_WORDS: Final = 16
MAX_OTHER_SCRIPTS: Final = 0.35
"""Words of so many scripts, no more than this share of them outside the commonest one, are a list of translations."""

MIN_WORD_CHARACTERS: Final = 0.1
"""Under this share of letters and digits (of any script) a long text is a string of symbols; tables stay above it."""

MAX_NON_WORDS: Final = 0.5
"""More than this share of Latin tokens that cannot be words is babble."""


def is_incoherent(text: str) -> bool:
    """Whether ``text`` is empty, symbols only, an endless repetition or babble. Code, lists and any script pass."""
    if not any(character.isalnum() or _is_pictograph(character) for character in text):
        return True
    words = [word.lower() for word in _WORD.findall(text)]
    checks = (_mostly_symbols(text), _one_run_of_characters(text), _is_loop(words, text), _is_babble(words))
    return any(checks) or _is_salad(text)


def _is_pictograph(character: str) -> bool:
    """An emoji can be an answer; punctuation and control characters cannot."""
    return unicodedata.category(character) == "So" and character != "\ufffd"


def _mostly_symbols(text: str) -> bool:
    """A long text of punctuation, or of control characters and undecodable bytes."""
    solid = "".join(text.split())
    broken = sum(character == "\ufffd" or unicodedata.category(character) == "Cc" for character in solid)
    if broken > 0.2 * len(solid):
        return True
    if len(solid) < 16:
        return False
    wordlike = sum(map(str.isalnum, solid))
    if wordlike >= MIN_WORD_CHARACTERS * len(solid):
        return False
    wordlike += sum(unicodedata.category(character)[0] == "M" for character in solid)
    return wordlike < MIN_WORD_CHARACTERS * len(solid) and not any(map(_is_pictograph, solid))


def _one_run_of_characters(text: str) -> bool:
    """One character, or a short group of them, over and over without a space: "aaaaaaaa…", "hahaha…" of 60 and more."""
    return len(set(text)) <= 12 and _ONE_RUN.search(text) is not None


def _is_loop(words: list[str], text: str) -> bool:
    """Whether most of the text repeats itself word by word."""
    if len(words) < MIN_WORDS_FOR_REPETITION:
        return False
    if Counter(words).most_common(1)[0][1] > MAX_ONE_WORD_SHARE * len(words):
        return True
    # A repeated word is none that comes for the first time: too many different ones are proof, and quickly counted.
    if len(set(words)) >= (1 - MAX_LOOP_SHARE) * len(words):
        return False
    seen: set[tuple[str, ...]] = set()
    repeated = [False] * len(words)
    for start in range(len(words) - 3):
        run = tuple(words[start : start + 4])
        if run in seen:
            repeated[start : start + 4] = [True] * 4
        seen.add(run)
    return sum(repeated) > MAX_LOOP_SHARE * len(words) and not _is_table(text)


def _is_table(text: str) -> bool:
    """Code, tables and lists repeat their frame: most of their lines still differ (numbering aside)."""
    lines = [_LINE_MARK.sub("", line.strip()) for line in text.splitlines()]
    kept = [line for line in lines if line]
    return len(kept) >= 4 and len(set(kept)) > 0.6 * len(kept)


def _is_babble(words: list[str]) -> bool:
    """Whether most Latin tokens cannot be words: six consonants in a row, or four letters and more without a vowel."""
    latin = [word for word in words if len(word) > 3 and word.isascii() and word.isalpha()]
    if len(latin) < 4:
        return False
    return sum(map(_is_no_word, latin)) > MAX_NON_WORDS * len(latin)


def _is_salad(text: str) -> bool:
    """Whether words of many scripts stand in one another's midst, as tokens drawn at random do."""
    if text.isascii():
        return False
    scripts = [_script(word) for word in _WORD.findall(text) if not word[0].isdigit()]
    counts = Counter(scripts)
    if len(scripts) < SALAD_WORDS or len(counts) < SALAD_SCRIPTS:
        return False
    return counts.most_common(1)[0][1] < (1 - MAX_OTHER_SCRIPTS) * len(scripts)


def _script(word: str) -> str:
    """The script of a word's first letter; those that East Asian texts mix are one."""
    name = unicodedata.name(word[0], "?").split()[0]
    return "CJK" if name in ("HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO", "FULLWIDTH") else name


def _is_no_word(word: str) -> bool:
    return _CONSONANTS.search(word) is not None or _VOWELS.isdisjoint(word)
