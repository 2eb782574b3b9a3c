"""Other people's words inside our sentences: one printable line, not too long."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

_LONGEST_NAME: Final = 60
_LONGEST_REASON: Final = 240
_MOST_NAMES: Final = 8


def shown(name: object) -> str:
    """A name out of somebody's data: what is not printable is escaped, what is long is cut."""
    return _printable(_cut(str(name), _LONGEST_NAME))


def reason(error: BaseException) -> str:
    """What a library says of a fault, without line breaks and the final full stop."""
    return _printable(_cut(" ".join(str(error).split()), _LONGEST_REASON)).rstrip(".") or type(error).__name__


def listed(names: Iterable[object]) -> str:
    """Fields by name, the first eight of them; "no field" where there is none."""
    known = list(names)
    more = ["…"] if len(known) > _MOST_NAMES else []
    return ", ".join([f"`{shown(name)}`" for name in known[:_MOST_NAMES]] + more) or "no field"


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _printable(text: str) -> str:
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape", "surrogatepass").decode() for each in text
    )
