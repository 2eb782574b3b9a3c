"""From rows to items: which rows are asked, what an item may be, and how each is wrapped."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from stagelens.benchmarks.base import Item
from stagelens.benchmarks.records import LEFT_OUT
from stagelens.benchmarks.rows import Row
from stagelens.benchmarks.safety.columns import ColumnMap, cell_text, groups_of
from stagelens.benchmarks.safety.presets import LeftOut
from stagelens.benchmarks.safety.settings import SafetySettings
from stagelens.benchmarks.safety.wrappers import KNOWN, PLAIN
from stagelens.errors import InputError

ID_DIGITS = 12
"""Hexadecimal digits of an id that is made from a prompt's text: two of 80,000 meet once in 90,000 sets."""


@dataclass(frozen=True, slots=True)
class SafetyItem(Item):
    """A prompt as it is asked.

    Attributes:
        wrapper: the frame around it.
        notices: what a user should know of the source that it comes from; the same for every item of one source.
    """

    wrapper: str = PLAIN
    notices: tuple[str, ...] = ()


def wrapper_of(item: Item) -> str:
    """The frame around an item's request."""
    return item.wrapper if isinstance(item, SafetyItem) else PLAIN


def make_items(rows: Sequence[Row], settings: SafetySettings, source: str) -> tuple[SafetyItem, ...]:
    """The items of ``source`` (a file or dataset, for messages), in the order of its rows; harmful ones once a wrapper.

    Wrapped items follow all plain ones, wrapper by wrapper, so that a part at even distances holds something of each.

    Raises:
        InputError: a named column is missing, a prompt is empty, an item comes twice, a group is none of ours, or
            no row can be asked.
    """
    columns = ColumnMap(rows, settings, source)
    kept, notices = _kept(rows, settings, source)
    items = _items(kept, columns, settings, source)
    if settings.published is not None and columns.item is None:
        items, twice = _once(items, source)
        if twice:
            notices = (*notices, f"{LEFT_OUT}{_rows(twice)}: the same prompt stands in an earlier row")
    return tuple(replace(item, notices=notices) for item in _wrapped(items, settings.wrappers))


def _kept(rows: Sequence[Row], settings: SafetySettings, source: str) -> tuple[list[Row], tuple[str, ...]]:
    """The rows that are asked, and a line for each reason why others are not."""
    rules = settings.published.left_out if settings.published else ()
    kept: list[Row] = []
    reasons: Counter[str] = Counter()
    for row in rows:
        why = next((rule.why for rule in rules if _matches(rule, row)), None)
        if why is None:
            kept.append(row)
        else:
            reasons[why] += 1
    notices = tuple(f"{LEFT_OUT}{_rows(count)} of {len(rows)}: they {why}" for why, count in reasons.items())
    if not kept:
        raise InputError(f"{source}: no row can be asked as a plain prompt: they {' or '.join(reasons)}.")
    return kept, notices


def _matches(rule: LeftOut, row: Row) -> bool:
    return rule.column in row.cells and rule.pattern.fullmatch(cell_text(row.cells[rule.column]) or "") is not None


def _items(rows: Sequence[Row], columns: ColumnMap, settings: SafetySettings, source: str) -> list[SafetyItem]:
    groups = groups_of(rows, columns, settings, source)
    items: list[SafetyItem] = []
    places: dict[str, str] = {}
    for number, (row, group) in enumerate(zip(rows, groups, strict=True), start=1):
        prompt = _prompt(row, columns, source)
        item = _id(row, number, prompt, columns, settings, source)
        if columns.item is not None and item in places:
            raise InputError(f"{source}: the item {item!r} is on {places[item]} and on {row.place}; ids must differ.")
        places[item] = row.place
        cluster = cell_text(row.cells.get(columns.cluster)) if columns.cluster else None
        stratum = cell_text(row.cells.get(columns.stratum)) if columns.stratum else None
        items.append(SafetyItem(id=item, prompt=prompt, group=group, cluster=cluster or item, stratum=stratum))
    return items


def _id(row: Row, number: int, prompt: str, columns: ColumnMap, settings: SafetySettings, source: str) -> str:
    """What the file calls the item; without such a column its number, or, in a published set, a hash of its text.

    The hash does not depend on the order of the rows.
    """
    if columns.item is None:
        hashed = hashlib.sha256(prompt.encode()).hexdigest()[:ID_DIGITS]
        return str(number) if settings.preset is None else f"{settings.preset}-{hashed}"
    item = cell_text(row.cells.get(columns.item))
    if item is None:
        raise InputError(f"{source}, {row.place}: the item's id (column {columns.item!r}) is empty.")
    return item


def _prompt(row: Row, columns: ColumnMap, source: str) -> str:
    """The text to be asked, its context before it. A list of one turn is that turn."""
    prompt = row.cells.get(columns.prompt)
    if isinstance(prompt, list) and len(prompt) == 1:
        prompt = prompt[0]
    if not isinstance(prompt, str) or not prompt.strip():
        found = "is empty" if prompt is None or isinstance(prompt, str) else f"is no text ({_shown(prompt)})"
        raise InputError(f"{source}, {row.place}: the prompt (column {columns.prompt!r}) {found}.")
    context = cell_text(row.cells.get(columns.context)) if columns.context else None
    return f"{context}\n\n{prompt}" if context else prompt


def _once(items: Sequence[SafetyItem], source: str) -> tuple[list[SafetyItem], int]:
    """Each prompt once, and how many rows were more of the same.

    Raises:
        InputError: one prompt is in two groups.
    """
    found: dict[str, SafetyItem] = {}
    for item in items:
        first = found.setdefault(item.id, item)
        if first.group != item.group:
            raise InputError(f"{source}: the prompt {item.prompt[:60]!r} is both {first.group} and {item.group}.")
    return list(found.values()), len(items) - len(found)


def _wrapped(items: Sequence[SafetyItem], wrappers: Sequence[str]) -> list[SafetyItem]:
    """The items under each wrapper; over-refusal and competence are measured plain.

    Where there is more than the plain prompt, the stratum of a harmful item is its wrapper: one level for each.
    """
    wraps = tuple(wrappers) != (PLAIN,)
    asked = []
    for item in items:
        if item.group != "harmful":
            asked.append(item)
        elif PLAIN in wrappers:
            asked.append(replace(item, stratum=PLAIN) if wraps else item)
    for name in wrappers:
        if name != PLAIN:
            asked += [_under(name, item) for item in items if item.group == "harmful"]
    return asked


def _under(name: str, item: SafetyItem) -> SafetyItem:
    prompt = KNOWN[name].ask(item.prompt)
    return replace(item, id=f"{item.id}+{name}", prompt=prompt, stratum=name, wrapper=name)


def _rows(count: int) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}"


def _shown(value: Any) -> str:
    kinds: Mapping[type, str] = {dict: "a mapping", list: "a list"}
    return kinds.get(type(value), repr(value))
