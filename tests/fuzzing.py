"""Inputs that are nearly right, made from right ones by a seed: only a clear refusal may come of reading one.

``perf/fuzz.py`` puts a hundred thousand of them to every reader, the quick tests a few hundred each.
"""

from __future__ import annotations

import copy
import io
import json
import random
import signal
import struct
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from ruamel.yaml import YAML

from stagelens.errors import InputError

SECONDS = 20
"""That an input may take, on a machine that does other things too."""
ODD: Sequence[Any] = (
    *(
        None,
        True,
        False,
        0,
        -1,
        1,
        2**31,
        2**63,
        -(2**63),
        10**40,
        0.5,
        -0.0,
        1e308,
        1e-320,
        float("nan"),
        float("inf"),
    ),
    *("", " ", "x", "true", "null", "NaN", "1e999", "-1", "..", "../../etc/passwd", "/etc/passwd", "~", "~root", "./x"),
    *(
        "a/b",
        "a\\b",
        "con",
        "nul\x00l",
        "\ud800",
        "\u202e",
        "é" * 200,
        "x" * 500,
        "hf/a/b",
        "hf/..",
        "openai/x",
        "{{ 7*7 }}",
    ),
    *([], {}, [[]], [None], {"": None}, {"a": {"b": {}}}, [1, "a", None], {"\u202e": 1}),
)
"""Values that stand where others should."""
TOKENS: Sequence[bytes] = (
    *(
        b"&a ",
        b"*a",
        b"<<: ",
        b"!!python/object/apply:os.system ",
        b"!!binary ",
        b"? ",
        b"- ",
        b": ",
        b"\t",
        b"\r",
        b"---\n",
    ),
    *(
        b"\x00",
        b"\xff",
        b"\xef\xbb\xbf",
        b"\xed\xa0\x80",
        b"\n",
        b'"',
        b"'",
        b",",
        b"[",
        b"]",
        b"{",
        b"}",
        b"|\n",
        b">\n",
        b"%YAML 9\n",
    ),
    *(
        b"\\ud800",
        b"\\x",
        b"1e999",
        b"NaN",
        b"-Infinity",
        b"9" * 400,
        b"[" * 200,
        b'{"a":' * 100,
        b"null",
        b"\xe2\x80\xae",
    ),
)
"""Pieces that mean something to a reader of YAML, JSON or CSV."""


def bent(raw: bytes, chance: random.Random) -> bytes:
    """The bytes with one to four changes: flipped, cut out, doubled, cut off, or with a token put in."""
    changed = bytearray(raw)
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(len(changed) + 1)
        length = chance.choice((1, 2, 8, 64, 512))
        way = chance.randrange(6)
        if way == 0 and place < len(changed):
            changed[place] ^= 1 << chance.randrange(8)
        elif way == 1:
            del changed[place : place + length]
        elif way == 2:
            changed[place:place] = changed[place : place + length]
        elif way == 3:
            changed[place:place] = chance.choice(TOKENS)
        elif way == 4 and place < len(changed):
            changed[place : place + 1] = bytes([chance.randrange(256)])
        elif chance.random() < 0.2:
            del changed[place:]
    return bytes(changed)


def misplaced(content: Any, chance: random.Random) -> Any:
    """Plain values with one to three changes of structure: odd values, fields left out, renamed, doubled, moved."""
    changed = copy.deepcopy(content)
    for _ in range(chance.randint(1, 3)):
        places = [place for place in _places(changed) if isinstance(place[0], dict | list)]
        if not places:
            return chance.choice(ODD)
        holder, key = chance.choice(places)
        way = chance.randrange(6)
        if way == 0:
            del holder[key]
        elif way == 1:
            other, name = chance.choice(places)
            holder[key] = copy.deepcopy(other[name])
        elif way == 2 and isinstance(holder, dict):
            holder[str(key) + chance.choice(("s", "_", " ", "\u202e", "/.."))] = holder.pop(key)
        elif way == 3 and isinstance(holder, list):
            holder[key:key] = [copy.deepcopy(holder[key])] * chance.choice((1, 3))
        else:
            holder[key] = copy.deepcopy(chance.choice(ODD))
    return changed


def _places(content: Any) -> list[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = []
    due = [content]
    while due:
        each = due.pop()
        keys = list(each) if isinstance(each, dict) else list(range(len(each))) if isinstance(each, list) else []
        found += [(each, key) for key in keys]
        due += [each[key] for key in keys]
    return found


def as_json(content: Any) -> bytes:
    """JSON, with what JSON has no word for as Python writes it; half characters stay escapes."""
    return json.dumps(content).encode()


def mutated_yaml(raw: bytes, chance: random.Random) -> bytes:
    """Of a YAML file: bytes bent, or its structure, written as the JSON that YAML contains."""
    if chance.random() < 0.5:
        return bent(raw, chance)
    return as_json(misplaced(_plain(raw), chance))


_read: dict[bytes, Any] = {}


def _plain(raw: bytes) -> Any:
    if raw not in _read:
        _read[raw] = YAML(typ="safe", pure=True).load(raw.decode())
    return _read[raw]


def mutated_json(raw: bytes, chance: random.Random) -> bytes:
    return bent(raw, chance) if chance.random() < 0.4 else as_json(misplaced(json.loads(raw), chance))


def mutated_lines(raw: bytes, chance: random.Random) -> bytes:
    """Of a JSONL file: bytes bent, or the structure of one line."""
    if chance.random() < 0.4:
        return bent(raw, chance)
    lines = raw.splitlines()
    place = chance.randrange(len(lines))
    lines[place] = as_json(misplaced(json.loads(lines[place]), chance))
    return b"\n".join(lines) + b"\n"


def mutated_csv(raw: bytes, chance: random.Random) -> bytes:
    """Of a CSV file: bytes bent, or a cell that holds something odd."""
    if chance.random() < 0.5:
        return bent(raw, chance)
    lines = raw.split(b"\n")
    cells = lines[chance.randrange(len(lines))].split(b",")
    cells[chance.randrange(len(cells))] = str(chance.choice(ODD)).encode("utf-8", "surrogatepass")
    lines[chance.randrange(len(lines))] = b",".join(cells)
    return b"\n".join(lines)


def mutated_zip(raw: bytes, chance: random.Random) -> bytes:
    """Of a zip of JSON: bytes bent, or one file in it."""
    if chance.random() < 0.4:
        return bent(raw, chance)
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as whole, zipfile.ZipFile(packed, "w") as archive:
        names = whole.namelist()
        chosen = chance.choice(names)
        for name in names:
            content = whole.read(name)
            archive.writestr(name, mutated_json(content, chance) if name == chosen else content)
    return packed.getvalue()


def mutated_parquet(raw: bytes, chance: random.Random) -> bytes:
    """Of a Parquet file: bytes bent, more often in its footer, or a column of another kind, renamed, or left out."""
    way = chance.random()
    if way < 0.4:
        return bent(raw, chance)
    if way < 0.6:
        (length,) = struct.unpack("<I", raw[-8:-4])
        start = len(raw) - 8 - length
        return raw[:start] + bent(raw[start:-8], chance)[:length].ljust(length, b"\0") + raw[-8:]
    frame = pl.read_parquet(io.BytesIO(raw))
    name = chance.choice(frame.columns)
    kinds = (
        pl.String,
        pl.Float64,
        pl.Int8,
        pl.Boolean,
        pl.Date,
        pl.List(pl.String),
        pl.Null,
        pl.Binary,
        pl.Decimal(5, 1),
    )
    if way < 0.8:
        frame = frame.with_columns(pl.lit(None).cast(chance.choice(kinds)).alias(name))
    elif way < 0.9:
        frame = frame.drop(name)
    else:
        frame = frame.rename({name: name + chance.choice(("s", " ", "\u202e"))})
    packed = io.BytesIO()
    frame.write_parquet(packed)
    return packed.getvalue()


def mutated_weights(raw: bytes, chance: random.Random) -> bytes:
    """Of a safetensors file: its header bent, or said to be of another length."""
    (length,) = struct.unpack("<Q", raw[:8])
    header, rest = raw[8 : 8 + length], raw[8 + length :]
    if chance.random() < 0.3:
        said = chance.choice((0, 1, length - 1, length + 1, 2**31, 2**63, 2**64 - 1))
        return struct.pack("<Q", said) + header + rest
    header = mutated_json(header, chance)
    return struct.pack("<Q", len(header)) + header + rest[: chance.choice((0, len(rest) // 2, len(rest)))]


@dataclass(frozen=True)
class Target:
    """A reader under test.

    Attributes:
        seeds: right inputs.
        mutate: makes a wrong one of them.
        read: reads what lies in a file; the folder is its own.
        name: of that file.
    """

    seeds: Sequence[bytes]
    mutate: Callable[[bytes, random.Random], bytes]
    read: Callable[[Path], object]
    name: str

    def input(self, seed: str) -> bytes:
        """The input of this seed."""
        chance = random.Random(seed)
        return self.mutate(chance.choice(self.seeds), chance)


class TooSlowError(Exception):
    """An input took more than its time."""


@contextmanager
def boxed(seconds: float = SECONDS) -> Iterator[None]:
    """Time for one input."""

    def end(number: int, frame: object) -> None:
        raise TooSlowError(f"more than {seconds} s")

    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def outcome(target: Target, content: bytes, folder: Path) -> str | None:
    """Write and read an input; None where it was read or refused in a sentence, else what went wrong."""
    path = folder / target.name
    path.write_bytes(content)
    try:
        with boxed():
            target.read(path)
    except InputError as error:
        text = str(error)
        return None if text.strip() and "\n" not in text and len(text) < 3_000 else f"no sentence: {text[:200]!r}"
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        return f"{type(error).__module__}.{type(error).__name__}: {str(error)[:300]}"
    return None
