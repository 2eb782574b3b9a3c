"""Digests of everything that decides a result, and the words for what changed between two of them."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from stagelens.errors import InputError

_LEAVES: Final = (str, bool, int, float, type(None))
_SHOWN_CHANGES: Final = 3
_SHOWN_CHARACTERS: Final = 60
_ABSENT: Final = object()


def canonical(value: Any) -> str:
    """The one text of a value: JSON, keys sorted, floats in their shortest form, no spaces.

    Mappings with text keys, lists, tuples (as lists), text, whole numbers, finite floats, booleans and None have one.
    Equal values of different type differ (`1` and `1.0` and `true`); 0.0 and -0.0 do not.

    Raises:
        TypeError: the value holds something without a deterministic form: a set, bytes, a path, an object.
        ValueError: it holds a float that is not finite, or it holds itself.
    """
    return json.dumps(_plain(value, "value", ()), sort_keys=True, separators=(",", ":"), allow_nan=False)


def fingerprint(value: Any) -> str:
    """SHA-256, as 64 hex digits, of the value's canonical text. Raises as ``canonical`` does."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def _plain(value: Any, where: str, holders: tuple[int, ...]) -> Any:
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{where} is {value}: only finite numbers have a fingerprint")
        return float(value) + 0.0  # -0.0 becomes 0.0
    if isinstance(value, _LEAVES):
        return value
    if id(value) in holders:
        raise ValueError(f"{where} holds itself: it has no fingerprint")
    holders = (*holders, id(value))
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise TypeError(f"{where} has the key {key!r}: only text keys have a fingerprint")
        return {key: _plain(inner, f"{where}.{key}", holders) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner, f"{where}[{index}]", holders) for index, inner in enumerate(value)]
    raise TypeError(f"{where} is a {type(value).__name__}, which has no deterministic form and so no fingerprint")


def file_digest(path: Path) -> str:
    """SHA-256, as 64 hex digits, of a file's content. InputError where it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError as error:
        raise InputError(f"There is no file {path}.") from error
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}).") from error


def folder_digest(path: Path) -> dict[str, str]:
    """The sha256 of every file below a folder, by its path there; empty where there is no such folder."""
    files = sorted(each for each in path.rglob("*") if each.is_file())
    return {each.relative_to(path).as_posix(): file_digest(each) for each in files}


def explain_change(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    """The first differences between two sets of inputs: ``recipe.learning_rate: 0.001 → 0.002; seed: 0 → 1``.

    An entry that one side lacks is "absent" there. Equal inputs give "nothing".
    """
    changes = list(_changes(old, new, ""))
    shown = [f"{where}: {_short(before)} → {_short(after)}" for where, before, after in changes[:_SHOWN_CHANGES]]
    if len(changes) > _SHOWN_CHANGES:
        shown.append(f"and {len(changes) - _SHOWN_CHANGES} more")
    return "; ".join(shown) or "nothing"


def _changes(old: Any, new: Any, where: str) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in sorted({*old, *new}):
            yield from _changes(old.get(key, _ABSENT), new.get(key, _ABSENT), f"{where}.{key}" if where else str(key))
    elif isinstance(old, list | tuple) and isinstance(new, list | tuple):
        for index in range(max(len(old), len(new))):
            before = old[index] if index < len(old) else _ABSENT
            after = new[index] if index < len(new) else _ABSENT
            yield from _changes(before, after, f"{where}[{index}]")
    elif old is _ABSENT or new is _ABSENT or canonical(old) != canonical(new):
        yield where, old, new


def _short(value: Any) -> str:
    if value is _ABSENT:
        return "absent"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[: _SHOWN_CHARACTERS - 1]}…"
