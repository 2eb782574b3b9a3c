"""Texts as words: what is left of a text when case, punctuation, spacing and compatible forms are taken away."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_WORD: Final = re.compile(r"[぀-ヿ㐀-鿿가-힯]|[^\W_]+(?:['’][^\W_]+)*")
"""Scripts that are written without spaces give a word for each character."""

_ENGLISH: Final = """
a about after all also am an and any are as at be been but by can could did do does for from had has have he her him his
how i if in into is it its just like may me might more most must my no not of on one or our out over she should so some
such than that the their them then there these they this those to up us very was we were what when where which who why
will with would you your
"""
FUNCTION_WORDS: Final = frozenset(_ENGLISH.split())
"""English words that texts of every subject share: agreeing in these alone is no sign of a copy."""


def words(text: str) -> list[str]:
    """The words of a text in order, after NFKC and case folding."""
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold())
