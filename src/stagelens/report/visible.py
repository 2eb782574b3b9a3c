"""Text that others wrote, made safe to look at: nothing hidden, nothing that moves what stands around it.

Escaping of markup is not done here: the templates and the terminal view do it for everything they print.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

LONGEST, MOST_LINES = 800, 30
"""An answer is cut after so many characters or lines."""

# Control, format, surrogate, private-use, unassigned, line and paragraph separators.
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Line breaks and tabs are layout; the joiners spell words in Persian and Indic scripts, and emoji.
_PLAIN = frozenset("\n\t\u200c\u200d")


def visible(text: str) -> str:
    """``text`` with every control, bidirectional and invisible character written out.

    They become their code points: an escape is ``⟨U+001B⟩``. The result holds no character that XML forbids, and no
    lone surrogate, so that it can always be written as UTF-8.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(char) for char in text)


def one_line(text: str) -> str:
    """``visible``, with line breaks and tabs written out as well: for names and cells."""
    return visible(text).replace("\n", "↵").replace("\t", "⟨U+0009⟩")


@dataclass(frozen=True, slots=True)
class Cut:
    """The beginning of a long text; ``rest`` counts the characters left out, 0 where nothing was."""

    text: str
    rest: int


def cut(text: str, *, longest: int = LONGEST, most_lines: int = MOST_LINES) -> Cut:
    """At most ``longest`` characters and ``most_lines`` lines of ``text``."""
    kept = "\n".join(text[:longest].split("\n")[:most_lines])
    return Cut(kept, len(text) - len(kept))


def shorten(text: str, longest: int) -> str:
    """``text`` on one line, with an ellipsis where it is longer than ``longest`` characters."""
    line = one_line(text)
    return line if len(line) <= longest else f"{line[: longest - 1].rstrip()}…"


def _shown(char: str) -> str:
    if char in _PLAIN or unicodedata.category(char) not in _HIDDEN:
        return char
    return f"⟨U+{ord(char):04X}⟩"
