"""One text in, the same text with placeholders out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from typing import Final

from stagelens.benchmarks.user_logs.reading.prompts import Kind
from stagelens.benchmarks.user_logs.reading.redaction.keys import without_keys
from stagelens.benchmarks.user_logs.reading.redaction.numbers import Numbers
from stagelens.benchmarks.user_logs.reading.redaction.phones import Phones

_LETTER: Final = r"A-Za-z0-9\u00c0-\u024f"  # Latin only: Chinese and Japanese put no space before an address
_EMAIL: Final = re.compile(
    rf"(?<![{_LETTER}_.%+-])(?!git@)(?:[{_LETTER}_.%+-]|(?<=[{_LETTER}])'(?=[{_LETTER}])){{1,64}}"
    rf"@(?:[{_LETTER}-]{{1,63}}\.){{1,8}}(?:[a-z\u00df-\u024f]{{2,24}}|[A-Z]{{2,24}}|xn--[a-z0-9-]{{2,59}})"
    rf"(?![{_LETTER}_(-]|\.[{_LETTER}_])"
)
"""An address, and not a matrix product before a call (``q@k.transpose(``), a pinned package or git's remote."""

_DIGITS: Final = re.compile(r"\d(?:[^\d\n]{0,4}\d){6}")
"""Seven digits near each other: what a card, an IBAN or a phone number has at least."""


class Redactor:
    """Replaces what identifies somebody by ``[KEY]``, ``[EMAIL]``, ``[IBAN]``, ``[CARD]`` and ``[PHONE]``.

    ``phone_regions`` are the ISO 3166 codes of the countries whose local phone numbers are looked for; numbers with a
    country code are found everywhere.

    Raises:
        InputError: a package of the ``logs`` extra is missing, or a region is not known.
    """

    def __init__(self, phone_regions: tuple[str, ...]) -> None:
        numbers = Numbers()
        phones = Phones(phone_regions)
        self._by_digits: tuple[tuple[Kind, Callable[[str], tuple[str, int]]], ...] = (
            ("iban", numbers.without_ibans),
            ("card", numbers.without_cards),
            ("phone", phones.without_phones),
        )
        self.counts: Counter[Kind] = Counter()
        """How often each kind was replaced so far."""

    def __call__(self, text: str) -> str:
        """The text with its placeholders; what is replaced is counted."""
        redacted, found = self.redacted(text)
        self.counts.update(found)
        return redacted

    def redacted(self, text: str) -> tuple[str, dict[Kind, int]]:
        """The text with its placeholders, and how many of each kind; nothing is counted."""
        found: dict[Kind, int] = {}
        text, found["key"] = without_keys(text)
        if "@" in text:
            text, found["email"] = _EMAIL.subn("[EMAIL]", text)
        if _DIGITS.search(text):
            for kind, without in self._by_digits:
                text, found[kind] = without(text)
        return text, found
