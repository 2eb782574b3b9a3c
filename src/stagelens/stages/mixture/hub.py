"""Data sets of the hub: the whole split from the local cache, or its first rows as they come over the network."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any

from stagelens.errors import InputError
from stagelens.stages.mixture.origin import Found, Origin
from stagelens.stages.mixture.wording import reason
from stagelens.study.spec import Source


def open_dataset(source: Source) -> Origin:
    """The data set that a source names; with ``take`` it is streamed, and no more is downloaded than is read.

    InputError where there is no such data set, subset, split or revision, or no way to the hub.
    """
    from datasets import load_dataset

    name = str(source.dataset)
    options: dict[str, Any] = {"split": source.split, "revision": source.revision, "streaming": source.take is not None}
    with _answering(name, source.name):
        rows = load_dataset(name.removeprefix("hf/"), source.subset, **options)
    return Streamed(rows, name, source.name) if source.take is not None else Cached(rows, name, source.name)


class Streamed:
    """Rows as they come. Their digest is that of the rows that were read."""

    def __init__(self, rows: Any, name: str, source: str) -> None:
        self._rows, self._name, self._source = rows, name, source
        self._digest = hashlib.sha256()

    def scan(self) -> Iterator[Found]:
        """As ``Origin`` says."""
        for place, fields in enumerate(self._fetched()):
            self._digest.update(json.dumps(fields, sort_keys=True, ensure_ascii=False, default=_known).encode() + b"\n")
            yield self._found(place, fields)

    def sha256(self) -> str:
        """As ``Origin`` says."""
        return self._digest.hexdigest()

    def _fetched(self) -> Iterator[dict[str, Any]]:
        rows = iter(self._rows)
        while True:
            with _answering(self._name, self._source):
                fields = next(rows, None)
            if fields is None:
                return
            yield dict(fields)

    def _found(self, place: int, fields: dict[str, Any]) -> Found:
        return Found(place, f"{self._name}, row {place + 1}", fields)


class Cached(Streamed):
    """Rows that lie in the cache of ``datasets``, and are read there by number."""

    def fetch(self, keys: Sequence[int]) -> Iterator[Found]:
        """As ``InPlace`` says."""
        for key in keys:
            with _answering(self._name, self._source):
                fields = dict(self._rows[key])
            yield self._found(key, fields)


def _known(value: Any) -> str:
    """What JSON has no form for, in a text that is the same each time: of a picture, no more than that it is one."""
    return str(value) if isinstance(value, bytes | date | time | timedelta | Decimal) else type(value).__name__


@contextmanager
def _answering(name: str, source: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # the hub's client raises many kinds, all of them about what was asked for
        raise InputError(f"Source {source!r}: the dataset {name} could not be loaded ({reason(error)}).") from error
