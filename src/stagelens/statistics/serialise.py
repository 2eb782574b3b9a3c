"""Verdicts to ``verdicts.json`` and back. The records' own fields are the file's keys."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, Final, TypeVar

from stagelens.errors import InputError
from stagelens.statistics import results
from stagelens.statistics.results import Control, Verdicts

SCHEMA: Final = 1
KEYS: Final = {"from_stage": "from", "to_stage": "to"}
"""Fields whose names Python reserves in the file's own words."""

RECORDS: Final[Mapping[str, type]] = {
    name: record for name, record in vars(results).items() if isinstance(record, type) and is_dataclass(record)
}
"""The file's records by name, as the annotations of fields name them."""

Record = TypeVar("Record")
AGAIN: Final = "make it again with `stagelens analyze`"


def verdicts_to_dict(verdicts: Verdicts) -> dict[str, object]:
    """The content of ``verdicts.json``: plain JSON types, six significant digits, null for what is not finite.

    ``controls`` is there only where a run had positive controls.
    """
    content = {"schema": SCHEMA, **_plain(verdicts)}
    if not verdicts.controls:
        del content["controls"]
    return content


def verdicts_to_json(verdicts: Verdicts) -> str:
    """The text of ``verdicts.json``: keys sorted, two-space indent, a newline at the end."""
    return json.dumps(verdicts_to_dict(verdicts), indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def verdicts_from_dict(content: object, *, where: str = "verdicts.json") -> Verdicts:
    """The verdicts of a ``verdicts.json``; InputError that names ``where`` and the field if it is not one."""
    if not isinstance(content, Mapping) or content.get("schema") != SCHEMA:
        raise InputError(f"{where} is not a verdicts file of schema {SCHEMA}; {AGAIN}.")
    return _read(Verdicts, content, where)


def controls_to_json(controls: Sequence[Control]) -> str:
    """The text of ``controls.json``, written as ``verdicts.json`` is."""
    content = {"schema": SCHEMA, "controls": _plain(tuple(controls))}
    return json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def controls_from_dict(content: object, *, where: str = "controls.json") -> tuple[Control, ...]:
    """The positive controls of a ``controls.json``; InputError that names ``where`` and the field if it is not one."""
    again = "make it again with `stagelens run STUDY --with-controls`"
    if not isinstance(content, Mapping) or content.get("schema") != SCHEMA:
        raise InputError(f"{where} is not a file of positive controls of schema {SCHEMA}; {again}.")
    rows = _list(content.get("controls"), f"{where}: controls", again)
    return tuple(_read(Control, row, f"{where}: controls[{k}]", again) for k, row in enumerate(rows))


def _plain(value: object) -> Any:
    if is_dataclass(value):
        return {KEYS.get(field.name, field.name): _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    if isinstance(value, float):
        # Adding zero turns -0.0 into 0.0.
        return float(f"{value:.6g}") + 0.0 if math.isfinite(value) else None
    return value


def _read(record: type[Record], content: object, where: str, again: str = AGAIN) -> Record:
    if not isinstance(content, Mapping):
        raise InputError(f"{where} should be an object with named fields; {again}.")
    values = {}
    for field in fields(record):  # type: ignore[arg-type]  # every record here is a dataclass
        key = KEYS.get(field.name, field.name)
        if key not in content:
            if field.default is not MISSING:
                continue
            raise InputError(f"{where} lacks the field {key!r}; {again}.")
        values[field.name] = _value(str(field.type), content[key], f"{where}: {key}", again)
    return record(**values)


def _value(annotation: str, raw: object, where: str, again: str) -> object:
    kind = annotation.removesuffix(" | None")
    if raw is None and kind != annotation:
        return None
    if kind in RECORDS:
        return _read(RECORDS[kind], raw, where, again)
    if kind.startswith("tuple["):
        part_kind = kind.removeprefix("tuple[").removesuffix(", ...]")
        return tuple(_value(part_kind, part, f"{where}[{k}]", again) for k, part in enumerate(_list(raw, where, again)))
    number = isinstance(raw, int | float) and not isinstance(raw, bool)
    if kind == "float" and number:
        return float(raw)  # type: ignore[arg-type]  # a number, as just seen
    wanted = {"int": int, "bool": bool}.get(kind, str)
    if kind != "float" and isinstance(raw, wanted) and (wanted is not int or number):
        return raw
    raise InputError(f"{where} should be of type {kind}, not {repr(raw)[:60]}; {again}.")


def _list(raw: object, where: str, again: str) -> list[object]:
    if not isinstance(raw, list | tuple):
        raise InputError(f"{where} should be a list; {again}.")
    return list(raw)
