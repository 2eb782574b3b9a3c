"""Payment cards and IBANs: numbers that carry a check digit, so that few others are taken for one."""

from __future__ import annotations

import re
from typing import Final

from stagelens.benchmarks.user_logs.reading.extra import optional

_OTHERWISE: Final = "write `redact: false`"
_CARD: Final = re.compile(
    r"(?<![\w.+-])(?<!\d[ ,])\d{4}([ -]?)(?:\d{4}\1\d{4}\1\d{1,7}|\d{6}\1\d{4,5})(?![\w-]|[ .,]\d)"
)
"""Four groups of four and the like, all divided alike or not at all; American Express and Diners in 4-6-5 and 4-6-4."""

_ISSUED: Final = re.compile(
    r"(?:4(?:\d{12}|\d{15}|\d{18})"  # Visa
    r"|(?:5[1-5]\d\d|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}"  # Mastercard
    r"|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}"  # American Express, Diners
    r"|(?:6011|65\d\d|64[4-9]\d)\d{12}|35(?:2[89]|[3-8]\d)\d{12}"  # Discover, JCB
    r"|62\d{14,17}|(?:50|5[6-9]|6[37])\d{14}|220[0-4]\d{12})"  # UnionPay, Maestro, Mir
)
_IBAN: Final = re.compile(r"(?<![\w])[A-Za-z]{2}\d{2}(?:[ -]?[A-Za-z0-9]{4}){2,7}(?:[ -]?[A-Za-z0-9]{1,3})?(?!\w)")
_LAST_GROUP: Final = re.compile(r"[ -][A-Za-z0-9]+$")


class Numbers:
    """Finds them. InputError where python-stdnum is not installed."""

    def __init__(self) -> None:
        self._luhn = optional("stdnum.luhn", _OTHERWISE)
        self._iban = optional("stdnum.iban", _OTHERWISE)

    def without_cards(self, text: str) -> tuple[str, int]:
        """The text with ``[CARD]`` for every number with an issuer's length, beginning and check digit."""
        found = 0

        def mark(match: re.Match[str]) -> str:
            nonlocal found
            digits = match.group().replace(" ", "").replace("-", "")
            if not _ISSUED.fullmatch(digits) or not self._luhn.is_valid(digits):
                return match.group()
            found += 1
            return "[CARD]"

        return _CARD.sub(mark, text), found

    def without_ibans(self, text: str) -> tuple[str, int]:
        """The text with ``[IBAN]`` for every account number whose country, length and check digits agree."""
        found = 0

        def mark(match: re.Match[str]) -> str:
            nonlocal found
            number = match.group()
            while len(number) >= 15:
                if self._iban.is_valid(number):
                    found += 1
                    return "[IBAN]" + match.group()[len(number) :]
                shorter = _LAST_GROUP.sub("", number)  # the next word, taken for a group
                if shorter == number:
                    break
                number = shorter
            return match.group()

        return _IBAN.sub(mark, text), found
