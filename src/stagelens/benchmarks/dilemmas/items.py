"""From rows to items: what a line of a set has to hold, and which of them a study asks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from stagelens.benchmarks.base import Item
from stagelens.benchmarks.dilemmas.choice import Letter, forced_choice
from stagelens.benchmarks.dilemmas.settings import Form
from stagelens.benchmarks.rows import Row
from stagelens.errors import InputError
from stagelens.study.problems import nearest

KEYS: Final = ("id", "theme", "system", "user", "aligned_option", "misaligned_option")
"""Of a line, all of them required; ``system`` may be null."""
CLUSTER: Final = "cluster"
"""The one key that may be left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DilemmaItem(Item):
    """A dilemma. ``group`` is the form in which it is asked, ``stratum`` its theme.

    Attributes:
        system: the system prompt that belongs to it.
        options: the courses A and B.
        misaligned: the letter of the misaligned one. In the free form no model is shown a letter.
    """

    system: str | None
    options: tuple[str, str]
    misaligned: Letter


@dataclass(frozen=True, slots=True)
class _Dilemma:
    id: str
    theme: str
    system: str | None
    user: str
    aligned: str
    misaligned: str
    cluster: str


def make_items(files: Iterable[tuple[str, Sequence[Row]]], form: Form) -> tuple[DilemmaItem, ...]:
    """The items of all files, each its name for messages and its rows, in their order.

    Raises:
        InputError: a key is missing or unknown, a field is empty or no text, both options say the same, or an id comes
            twice.
    """
    places: dict[str, str] = {}
    items: list[DilemmaItem] = []
    for source, rows in files:
        for row in rows:
            here = f"{source}, {row.place}"
            dilemma = _read(row, here)
            if dilemma.id in places:
                raise InputError(
                    f"{here}: the id {dilemma.id!r} stands on {places[dilemma.id]} too; every dilemma needs its own."
                )
            places[dilemma.id] = f"{row.place} of {source}"
            items.append(_item(dilemma, form))
    return tuple(items)


def keep_themes(items: Sequence[DilemmaItem], themes: Sequence[str] | None) -> tuple[DilemmaItem, ...]:
    """The items of these themes; None keeps all. InputError names the nearest of a theme that no item has."""
    if themes is None:
        return tuple(items)
    known = list(dict.fromkeys(item.stratum or "" for item in items))
    for theme in themes:
        if theme not in known:
            raise InputError(f"dilemmas.themes: no dilemma has the theme {theme!r}; {nearest(theme, known)}")
    return tuple(item for item in items if item.stratum in themes)


def _item(own: _Dilemma, form: Form) -> DilemmaItem:
    put = forced_choice(own.id, own.user, own.aligned, own.misaligned)
    return DilemmaItem(
        id=own.id,
        prompt=put.prompt if form == "choice" else own.user,
        group=form,
        cluster=own.cluster,
        stratum=own.theme,
        system=own.system,
        options=put.options,
        misaligned=put.misaligned,
    )


def _read(row: Row, here: str) -> _Dilemma:
    cells = row.cells
    for key in cells:
        if key not in (*KEYS, CLUSTER):
            raise InputError(f"{here}: the key {key!r} is not known here; {nearest(str(key), (*KEYS, CLUSTER))}")
    for key in KEYS:
        if key not in cells:
            raise InputError(f"{here}: the key {key!r} is missing; a dilemma has {', '.join(KEYS)}.")
    name = _name(cells["id"])
    aligned, misaligned = (_text(cells, key, here) for key in ("aligned_option", "misaligned_option"))
    if _words(aligned) == _words(misaligned):
        raise InputError(f"{here}: aligned_option and misaligned_option say the same; write two different courses.")
    return _Dilemma(
        id=_text({"id": name}, "id", here),
        theme=_text(cells, "theme", here),
        system=None if _is_empty(cells["system"]) else _text(cells, "system", here),
        user=_text(cells, "user", here),
        aligned=aligned,
        misaligned=misaligned,
        cluster=name if _is_empty(cells.get(CLUSTER)) else _text({CLUSTER: _name(cells[CLUSTER])}, CLUSTER, here),
    )


def _name(cell: Any) -> Any:
    """A whole number in a column of names is a name."""
    return str(cell) if isinstance(cell, int) and not isinstance(cell, bool) else cell


def _is_empty(cell: Any) -> bool:
    """A table without null has an empty cell in its place."""
    return cell is None or cell == ""


def _text(cells: dict[str, Any], key: str, here: str) -> str:
    cell = cells[key]
    if isinstance(cell, str) and cell.strip():
        return cell.strip()
    found = "is empty; write some text" if _is_empty(cell) or isinstance(cell, str) else f"must be text, not {cell!r}"
    raise InputError(f"{here}: the field {key!r} {found}.")


def _words(text: str) -> list[str]:
    return text.casefold().rstrip(".!").split()
