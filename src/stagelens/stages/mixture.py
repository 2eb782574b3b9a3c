"""What a stage is trained on: sources read row by row, and a deterministic draw from them by weight."""

from __future__ import annotations

import hashlib
import json
import math
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from stagelens.errors import InputError
from stagelens.stages.chats import checked_chat
from stagelens.study.paths import resolve
from stagelens.study.spec import Mixture, Source, StageKind

Row = dict[str, Any]

SHAPES: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
    "pretrain": (("text",),),
    "sft": (("messages",), ("prompt", "completion")),
    "dpo": (("prompt", "chosen", "rejected"),),
    "rl": (("prompt", "task"), ("prompt",)),
}
"""The fields that a row may be made of, by kind of stage. ``task`` names the task of a set that a prompt belongs to."""
TEXTS: Final = frozenset({"text", "task"})
"""Fields that are a text and never a chat."""


@dataclass(frozen=True, slots=True)
class Content:
    """A source as read: its rows, reduced to the fields that are trained on, and the sha256 of what was read."""

    name: str
    rows: tuple[Row, ...]
    sha256: str
    provenance: Mapping[str, Any]


def read(mixture: Mixture, folder: Path, kind: StageKind) -> tuple[Content, ...]:
    """Every source of a mixture; relative paths start at ``folder``. InputError names file, line and field."""
    return tuple(read_source(source, folder, kind) for source in mixture.sources)


def read_source(source: Source, folder: Path, kind: StageKind) -> Content:
    """One source: a JSONL or Parquet file, or a dataset of the hub."""
    if source.path is not None:
        origin = str(resolve(source.path, folder))
        located, sha256 = _read_file(Path(origin), source.name)
    else:
        origin = str(source.dataset)
        located = _read_dataset(origin, source.name)
        sha256 = _rows_sha256(row for _, row in located)
    kept = [(where, row) for where, row in located if _matches(row, source.filter)]
    if not kept:
        raise InputError(f"Source {source.name!r}: no row of {origin} has {_spell(source.filter)}; mend its `filter`.")
    return Content(
        source.name, tuple(_reduce(row, kind, where) for where, row in kept), sha256, source.provenance.written()
    )


def draw(contents: Sequence[Content], mixture: Mixture, seed: int) -> list[Row]:
    """The training rows, each with its ``source``, in a shuffled order that the seed fixes.

    With ``examples`` each source gives its share by weight (largest remainders), going round its shuffled rows as
    often as it must; else every row of a source with a weight comes once. A source's own rows are drawn from the
    seed and its name alone, so another source can be taken away without changing which of them come first.
    """
    weights = [source.weight for source in mixture.sources]
    if mixture.examples is None:
        counts = [len(content.rows) if weight else 0 for content, weight in zip(contents, weights, strict=True)]
    else:
        counts = shares(weights, mixture.examples)
    drawn = [
        {**row, "source": content.name}
        for content, count in zip(contents, counts, strict=True)
        for row in _rounds(content.rows, count, random.Random(f"{seed}:{content.name}"))
    ]
    random.Random(f"{seed}:order").shuffle(drawn)
    return drawn


def shares(weights: Sequence[float], total: int) -> list[int]:
    """``total`` split by weight into whole numbers, by largest remainder; ties go to the earlier one."""
    exact = [weight / sum(weights) * total for weight in weights]
    counts = [math.floor(value) for value in exact]
    by_remainder = sorted(range(len(exact)), key=lambda index: counts[index] - exact[index])
    for index in by_remainder[: total - sum(counts)]:
        counts[index] += 1
    return counts


def fingerprint(contents: Sequence[Content], mixture: Mixture) -> dict[str, Any]:
    """What decides the draw, besides the seed and the kind of stage, in plain JSON types."""
    return {
        "examples": mixture.examples,
        "sources": [
            {"name": source.name, "weight": source.weight, "filter": source.filter, "sha256": content.sha256}
            for source, content in zip(mixture.sources, contents, strict=True)
        ],
    }


def _rounds(rows: Sequence[Row], count: int, rng: random.Random) -> Iterator[Row]:
    while count > 0:
        order = rng.sample(rows, len(rows))
        yield from order[:count]
        count -= len(order)


def _read_file(path: Path, name: str) -> tuple[list[tuple[str, Row]], str]:
    if not path.is_file():
        raise InputError(f"Source {name!r}: there is no file {path}; mend its `path`.")
    content = path.read_bytes()
    if path.suffix == ".parquet":
        located = _read_parquet(path)
    elif path.suffix in (".jsonl", ".ndjson"):
        located = [(f"{path}, line {number}", row) for number, row in _read_jsonl(content, path)]
    else:
        raise InputError(f"Source {name!r}: {path} must be a .jsonl or a .parquet file.")
    if not located:
        raise InputError(f"Source {name!r}: {path} is empty; give it at least one row.")
    return located, hashlib.sha256(content).hexdigest()


def _read_jsonl(content: bytes, path: Path) -> Iterator[tuple[int, Row]]:
    for number, line in enumerate(content.splitlines(), start=1):
        if not line.strip():
            raise InputError(f"{path}, line {number} is empty: remove it or put a JSON object there.")
        try:
            row = json.loads(line)
        except ValueError as error:
            raise InputError(
                f"{path}, line {number} is not JSON ({error}): each line must be one JSON object."
            ) from None
        if not isinstance(row, dict):
            raise InputError(f"{path}, line {number} is not a JSON object: each line must be one.")
        yield number, row


def _read_parquet(path: Path) -> list[tuple[str, Row]]:
    import polars as pl

    try:
        frame = pl.read_parquet(path)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InputError(f"{path} is not a readable Parquet file ({error}).") from None
    return [(f"{path}, row {number}", row) for number, row in enumerate(frame.to_dicts(), start=1)]


def _read_dataset(dataset: str, name: str) -> list[tuple[str, Row]]:
    from datasets import load_dataset

    try:
        rows = load_dataset(dataset.removeprefix("hf/"), split="train")
    except Exception as error:  # the hub's client raises many kinds, all of them about what was asked for
        raise InputError(f"Source {name!r}: the dataset {dataset} could not be loaded ({error}).") from error
    return [(f"{dataset}, row {number}", dict(row)) for number, row in enumerate(rows, start=1)]


def _rows_sha256(rows: Iterable[Row]) -> str:
    digest = hashlib.sha256()
    for row in rows:
        digest.update(json.dumps(row, sort_keys=True, ensure_ascii=False, default=str).encode() + b"\n")
    return digest.hexdigest()


def _matches(row: Row, wanted: Mapping[str, Any]) -> bool:
    return all(field in row and row[field] == value for field, value in wanted.items())


def _spell(wanted: Mapping[str, Any]) -> str:
    return ", ".join(f"{field} = {value!r}" for field, value in wanted.items())


def _reduce(row: Row, kind: StageKind, where: str) -> Row:
    """The row's own fields for this kind of stage, checked."""
    for fields in SHAPES[kind]:
        if all(row.get(field) is not None for field in fields):
            return {field: _checked(row[field], field, where) for field in fields}
    accepted = " or ".join(" and ".join(f"`{field}`" for field in fields) for fields in SHAPES[kind])
    raise InputError(f"{where}: a row for {kind} needs {accepted}, and this one has {_fields(row)}.")


def _fields(row: Row) -> str:
    return ", ".join(f"`{field}`" for field in row) or "no field"


def _checked(value: Any, field: str, where: str) -> Any:
    """A text, or a chat as a list of messages."""
    if isinstance(value, str) and field != "messages":
        if not value.strip():
            raise InputError(f"{where}: `{field}` is an empty text.")
        return value
    if field in TEXTS:
        raise InputError(f"{where}: `{field}` must be a text.")
    return checked_chat(value, field, where)
