"""Phone numbers: by their country code, by a local way of writing them, or by a word before them.

Whether a number can be one is libphonenumber's word. It alone would take every second number of ten digits for
somebody's, so a local number must also look like one: brackets, hyphens or the zero in front that its country writes,
or "phone", "call", "tel" and their like before it. Dates, versions, addresses of machines and plain counts stay.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import partial
from itertools import pairwise
from typing import Final

from stagelens.benchmarks.user_logs.reading.extra import optional
from stagelens.errors import InputError

_MARK: Final = "[PHONE]"
_START: Final = r"(?<![\w.+\-/])(?<!\d[ ,:])"
_END: Final = r"(?![\w\-/]|[.,:]\d)"
_GAP: Final = r"[ .\-/()\u00a0\u2011\u2013]{0,3}"

_ABROAD: Final = re.compile(
    rf"(?<![\w+])(?:[(\[]?[+\uff0b]|(?<![.,\d\-])00(?=[1-9])) ?\d(?:{_GAP}\d){{6,14}}(?!\w|[.,]\d)"
)

_LOCAL: Final[tuple[tuple[re.Pattern[str], frozenset[str]], ...]] = (
    (
        re.compile(
            rf"{_START}(?:1[-. ])?(?:\([2-9]\d\d\) ?[2-9]\d\d[-. ]\d{{4}}"
            rf"|[2-9]\d\d(?P<g>[-.])[2-9]\d\d(?P=g)\d{{4}}|(?<=1[-. ])[2-9]\d\d ?[2-9]\d\d[- ]\d{{4}}){_END}"
        ),
        frozenset({"US", "CA"}),
    ),
    (re.compile(rf"{_START}8[ -]?\(\d{{3}}\)[ -]?\d{{3}}[ -]?\d\d[ -]?\d\d{_END}"), frozenset({"RU", "KZ"})),
    (re.compile(rf"{_START}8([ -])\d{{3}}\1\d{{3}}\1?\d\d[ -]\d\d{_END}"), frozenset({"RU", "KZ"})),
    (re.compile(rf"{_START}\(\d\d\) ?9?\d{{4}}-\d{{4}}{_END}"), frozenset({"BR"})),
    (re.compile(rf"{_START}[67]\d\d([ -])\d\d\1\d\d\1\d\d{_END}"), frozenset({"ES"})),
    (re.compile(rf"{_START}9\d([ -])\d{{3}}\1\d\d\1\d\d{_END}"), frozenset({"ES"})),
    (re.compile(rf"{_START}1[3-9]\d([- ])\d{{4}}\1\d{{4}}{_END}"), frozenset({"CN"})),
)
"""Ways of writing that few other numbers share, each with the countries that write so."""

_BARE_MOBILE: Final = re.compile(r"(?<![\w.+\-/])(?<!\d[ ,:])1[3-9]\d{9}(?![\d.\-/]|[A-Za-z_])")
_HAN: Final = re.compile(r"[\u4e00-\u9fff]")

_TRUNK: Final = re.compile(rf"{_START}(?:\(0\d{{1,5}}\)|0\d{{1,5}})(?:[ .\-/\u2013]{{1,3}}\d{{2,8}}){{1,5}}{_END}")
"""A number that starts with the zero for long distances, in groups."""

_WORDS: Final = (
    "phone", "telephone", "tel", "mobile", "mob", "cell", "cellphone", "whatsapp", "sms", "fax", "call", "dial", "text",
    "ring", "hotline", "téléphone", "portable", "teléfono", "telefono", "móvil", "movil", "celular", "cel", "telefone",
    "telefon", "telefoon", "handy", "handynummer", "mobil", "gsm", "cellulare", "hp", "тел", "телефон", "моб",
)  # fmt: skip
_JOINED_WORDS: Final = (
    "电话", "電話", "手机", "手機", "携帯", "联系方式", "전화", "휴대폰", "연락처",
    "फ़ोन", "फोन", "मोबाइल", "هاتف", "جوال", "טלפון",
)  # fmt: skip
"""Words that may stand right before or after other letters."""
_WORD: Final = rf"(?:(?<![A-Za-z])(?:{'|'.join(_WORDS)})(?![A-Za-zа-яё])|{'|'.join(_JOINED_WORDS)})"
_FILLER: Final = (
    r"(?:[\s:.#=()\"'*_|\-–—：,]{0,4}(?:me|us|him|her|at|on|is|no|nr|num|number|numbers|n°|nº|№|numéro|numero|número|nummer|"
    r"номер|my|mi|mon|es|est|ist|é|号码|號碼|番号|번호|号|是|为|は|는)?){0,4}[\s:.#=\"'*_|–—：]{0,4}"
)
_SPOKEN_OF: Final = re.compile(rf"({_WORD}{_FILLER})([(]?\d(?:{_GAP}\d){{6,14}})(?!\w|[.,]\d|-\d)", re.IGNORECASE)

_NEITHER: Final = re.compile(
    r"\(?(?:(?:19|20)\d\d([./ -])\d{1,2}\1\d{1,2}(?!\d)|\d{1,2}([./ -])\d{1,2}\2(?:19|20)\d\d(?!\d))"
    r"|(?:19|20)\d\d ?[-–/] ?(?:19|20)\d\d$"
    r"|0\d{4}-\d{4}$"
)
"""A date, a span of years, an American postcode."""
_LAST_GROUP: Final = re.compile(r"[ .\-/()\u00a0\u2011\u2013]+\d+\)?$")
_NO_DIGIT: Final = re.compile(r"\D")


class Phones:
    """Finds them, for the local numbers of ``regions``.

    Raises:
        InputError: phonenumbers is not installed, or does not know a region.
    """

    def __init__(self, regions: Iterable[str]) -> None:
        self._library = optional("phonenumbers", "write `redact: false`")
        self._regions = tuple(dict.fromkeys(region.strip().upper() for region in regions))
        for region in self._regions:
            if region not in self._library.SUPPORTED_REGIONS:
                raise InputError(
                    f"`phone_regions`: {region!r} is no country's code; write ISO 3166 codes such as US or DE."
                )
        local = ((form, tuple(region for region in self._regions if region in writers)) for form, writers in _LOCAL)
        self._local = tuple((form, regions) for form, regions in local if regions)

    def without_phones(self, text: str) -> tuple[str, int]:
        """The text with ``[PHONE]`` for every phone number, and how many there were."""
        found = 0

        def marking(is_phone: Callable[[str], bool], group: int = 0) -> Callable[[re.Match[str]], str]:
            def mark(match: re.Match[str]) -> str:
                nonlocal found
                number = match.group(group)
                length = self._length(number, is_phone)
                if not length:
                    return match.group()
                found += 1
                before = match.group()[: match.start(group) - match.start()]
                return before + _MARK + number[length:]

            return mark

        text = _ABROAD.sub(marking(self._reached_abroad), text)
        for form, regions in self._local:
            text = form.sub(marking(partial(self._valid, regions=regions)), text)
        text = _TRUNK.sub(marking(self._with_trunk_zero), text)
        if "CN" in self._regions and _HAN.search(text):
            text = _BARE_MOBILE.sub(marking(partial(self._valid, regions=("CN",))), text)
        lower = text.lower()
        if any(word in lower for word in (*_WORDS, *_JOINED_WORDS)):  # many times faster than the form alone
            text = _SPOKEN_OF.sub(marking(self._spoken_of, group=2), text)
        return text, found

    def _length(self, number: str, is_phone: Callable[[str], bool]) -> int:
        """How much of what was found is a phone number: all, or all but the last groups; 0 where nothing is."""
        while len(_NO_DIGIT.sub("", number)) >= 7:
            if is_phone(number):
                return len(number)
            shorter = _LAST_GROUP.sub("", number)
            if shorter == number:
                break
            number = shorter
        return 0

    def _valid(self, number: str, regions: tuple[str, ...]) -> bool:
        for region in regions:
            try:
                parsed = self._library.parse(number, region)
            except self._library.NumberParseException:
                continue
            if self._library.is_valid_number(parsed):
                return True
        return False

    def _reached_abroad(self, number: str) -> bool:
        """Grouped numbers need only have a length that their country has; others must be given out there."""
        plain = "+" + _NO_DIGIT.sub("", number).removeprefix("00" if number.lstrip("([").startswith("00") else "")
        try:
            parsed = self._library.parse(plain, None)
        except self._library.NumberParseException:
            return False
        if self._library.is_valid_number(parsed):
            return True
        groups = re.findall(r"\d+", number)
        return len(groups) >= 3 and not number.startswith("00") and self._library.is_possible_number(parsed)

    def _with_trunk_zero(self, number: str) -> bool:
        digits = _NO_DIGIT.sub("", number)
        if not 9 <= len(digits) <= 12 or _NEITHER.match(number) or set(digits) <= {"0", "1"}:
            return False
        return not _counts(number) and self._valid(number, self._regions)

    def _spoken_of(self, number: str) -> bool:
        """After a word for phones, a number in groups needs no country; a bare one must be given out somewhere."""
        if _NEITHER.match(number):
            return False
        groups = re.findall(r"\d+", number)
        return (len(groups) >= 2 and all(len(group) >= 2 for group in groups)) or self._valid(number, self._regions)


def _counts(number: str) -> bool:
    """Whether the groups go on like ``01 02 03 04`` or ``02 04 08 16``. Steps above 20 are those of ``01 23 45 67``."""
    groups = [int(group) for group in re.findall(r"\d+", number)]
    steps = {after - before for before, after in pairwise(groups)}
    ratios = {after / before if before else None for before, after in pairwise(groups)}
    return len(groups) >= 4 and ((len(steps) == 1 and abs(min(steps)) <= 20) or len(ratios) == 1)
