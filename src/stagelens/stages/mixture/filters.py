"""``filter``: which rows of a source are kept, by their fields.

``{lang: en}`` keeps equal values, ``{lang: [en, de]}`` any of several; a block of conditions keeps what meets them all:
``{score: {min: 3, max: 5}}``, ``{id: {matches: "^wild"}}`` (a regular expression, found anywhere in the text),
``{licence: {not: [nc, null]}}``. ``meta.lang`` is the field ``lang`` of the field ``meta``, and
``messages.0.role`` counts messages from 0.

A row without the field is as one where it is null, and meets nothing but null: what is not known is not kept.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from datetime import date, time
from typing import Any, Final

from stagelens.errors import InputError
from stagelens.stages.mixture.origin import Fields
from stagelens.stages.mixture.wording import listed, reason

Test = Callable[[Any], bool]

_ABSENT: Final = object()
_CONDITIONS: Final = ("min", "max", "matches", "not")


class Filter:
    """A filter made ready; it notices which of its fields no row had.

    InputError, which names source and field, where a condition is none.
    """

    def __init__(self, wanted: Mapping[str, Any], source: str) -> None:
        self._wanted, self._where = wanted, f"Source {source!r}"
        self._tests = {field: _test(value, f"{self._where}: filter field `{field}`") for field, value in wanted.items()}
        self._unseen = set(wanted)
        self._known: dict[str, None] = {}

    @property
    def fields(self) -> frozenset[str]:
        """The fields at the top of a row that it looks into."""
        return frozenset(field.split(".")[0] for field in self._wanted)

    def keeps(self, row: Fields) -> bool:
        """Whether a row meets all conditions."""
        if not self._tests:
            return True
        kept = True
        for field, test in self._tests.items():
            value = row.get(field, _ABSENT)
            if value is _ABSENT and "." in field:
                value = _inside(row, field.split("."))
            if value is not _ABSENT:
                self._unseen.discard(field)
            kept = kept and test(None if value is _ABSENT else _plain(value))
        if self._unseen:
            self._known |= dict.fromkeys(row)
        return kept

    def check(self, origin: str, kept: int) -> None:
        """After the last row: InputError where no row had a field of the filter, or none was kept."""
        for field in self._wanted:
            if field in self._unseen:
                close = difflib.get_close_matches(field, self._known, n=1)
                hint = f"did you mean `{close[0]}`?" if close else f"its rows have {listed(self._known)}."
                raise InputError(f"{self._where}: no row of {origin} has the field `{field}` of its `filter`; {hint}")
        if not kept:
            raise InputError(f"{self._where}: no row of {origin} has {self._spelled()}; mend its `filter`.")

    def _spelled(self) -> str:
        return " and ".join(f"{field} = {value!r}" for field, value in self._wanted.items()) or "any field"


def _test(wanted: Any, where: str) -> Test:
    if isinstance(wanted, Mapping):
        return _all([_condition(key, value, where) for key, value in wanted.items()], where)
    if isinstance(wanted, list | tuple):
        if not wanted:
            raise InputError(f"{where}: an empty list keeps nothing; name the values that are wanted.")
        tests = [_test(each, where) for each in wanted]
        return lambda value: any(test(value) for test in tests)
    return lambda value: bool(value == wanted and isinstance(value, bool) == isinstance(wanted, bool))


def _all(tests: list[Test], where: str) -> Test:
    if not tests:
        raise InputError(f"{where}: a block of conditions needs one of {', '.join(_CONDITIONS)}.")
    return lambda value: all(test(value) for test in tests)


def _condition(key: Any, wanted: Any, where: str) -> Test:
    if key == "matches":
        return _matches(wanted, where)
    if key == "not":
        test = _test(wanted, where)
        names_null = test(None)
        return lambda value: (value is not None or names_null) and not test(value)
    if key not in ("min", "max"):
        close = difflib.get_close_matches(str(key), _CONDITIONS, n=1)
        hint = f"did you mean `{close[0]}`?" if close else f"known: {', '.join(_CONDITIONS)}."
        raise InputError(f"{where}: there is no condition `{key}`; {hint}")
    bound = _plain(wanted)
    if not _is_number(bound) and not isinstance(bound, str):
        raise InputError(f"{where}: `{key}` must be a number or a text (a date), not {wanted!r}.")

    def within(value: Any) -> bool:
        if isinstance(value, str) != isinstance(bound, str) or not (isinstance(value, str) or _is_number(value)):
            return False
        return bool(value >= bound if key == "min" else value <= bound)

    return within


def _matches(wanted: Any, where: str) -> Test:
    if not isinstance(wanted, str):
        raise InputError(f"{where}: `matches` must be a regular expression, a text, not {wanted!r}.")
    try:
        pattern = re.compile(wanted)
    except (re.error, OverflowError, RecursionError) as error:
        raise InputError(f"{where}: `matches` is no regular expression ({reason(error)}): {wanted!r}.") from None
    return lambda value: isinstance(value, str) and pattern.search(value) is not None


def _inside(value: Any, path: list[str]) -> Any:
    for step in path:
        if isinstance(value, Mapping):
            value = value.get(step, _ABSENT)
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            return _ABSENT
    return value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _plain(value: Any) -> Any:
    # Dates of Parquet files and of YAML: their ISO form sorts as they do.
    return value.isoformat() if isinstance(value, date | time) else value
