"""One pass over every source: rows checked and hashed, and where they stand kept, or they themselves laid down."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Final

from stagelens.errors import InputError
from stagelens.stages.mixture.arrays import Array
from stagelens.stages.mixture.content import Content
from stagelens.stages.mixture.duplicates import repeated, says
from stagelens.stages.mixture.files import PARQUET, data_files, is_array, is_compressed
from stagelens.stages.mixture.filters import Filter
from stagelens.stages.mixture.hub import open_dataset
from stagelens.stages.mixture.lines import Lines, PackedLines
from stagelens.stages.mixture.origin import InPlace, Origin
from stagelens.stages.mixture.rows import Part, Row, Rows
from stagelens.stages.mixture.shapes import Shape, columns, shape
from stagelens.stages.mixture.spool import Spool
from stagelens.stages.mixture.tables import Table
from stagelens.study.fingerprint import fingerprint
from stagelens.study.paths import resolve
from stagelens.study.spec import Mixture, Source, StageKind

_EVERYTHING: Final = 2**62


def read(mixture: Mixture, folder: Path, kind: StageKind) -> tuple[Content, ...]:
    """Every source of a mixture; relative paths start at ``folder``.

    Duplicates are left out where the mixture says so: the first row stays, in the order of the sources.

    Raises:
        InputError: a source is not usable; names file, line and field.
    """
    said = [array("Q") for _ in mixture.sources] if mixture.deduplicate else [None] * len(mixture.sources)
    contents = tuple(_read(source, folder, kind, words) for source, words in zip(mixture.sources, said, strict=True))
    if not mixture.deduplicate:
        return contents
    places = repeated([words for words in said if words is not None])
    return tuple(_first_ones(content, again) for content, again in zip(contents, places, strict=True))


def read_source(source: Source, folder: Path, kind: StageKind) -> Content:
    """One source, whole: a file, a folder of files, or a dataset of the hub. InputError as for ``read``."""
    return _read(source, folder, kind, None)


def _read(source: Source, folder: Path, kind: StageKind, said: array[int] | None) -> Content:
    wanted = Filter(source.filter, source.name)
    named = columns(kind)
    needed = None if named is None else named | wanted.fields
    if source.path is None:
        label = str(source.dataset)
        origins: list[tuple[str, Origin]] = [(label, open_dataset(source))]
    else:
        try:
            path = resolve(source.path, folder)
        except InputError as error:
            raise InputError(f"Source {source.name!r}: {error}") from error
        label = str(path)
        origins = [(str(file), _opened(file, needed, wanted.fields)) for file in data_files(path, source.name)]
    left = source.take or _EVERYTHING
    parts, digests = [], {}
    for name, origin in origins:
        if left:
            one = _Pass(wanted, shape(kind), said)
            parts.append(one.over(origin, left))
            if not one.seen:
                raise InputError(f"Source {source.name!r}: {name} is empty; give it at least one row.")
            left -= one.seen
            digests[name] = origin.sha256()
    rows = Rows(parts)
    wanted.check(label, len(rows))
    return Content(source.name, rows, _sha256(digests, label), source.provenance.written())


class _Pass:
    """One origin's rows: those that are wanted, checked."""

    def __init__(self, wanted: Filter, shaped: Shape, said: array[int] | None) -> None:
        self._wanted, self._shaped, self._said = wanted, shaped, said
        self.seen = 0

    def over(self, origin: Origin, most: int) -> tuple[Part, array[int]]:
        """Go through the first ``most`` rows; returns what gives them again, and their keys."""
        keys = array("q")
        spool = None if isinstance(origin, InPlace) else Spool()
        for key, where, fields in islice(origin.scan(), most):
            self.seen += 1
            if self._wanted.keeps(fields):
                row = self._shaped(fields, where)
                keys.append(key if spool is None else spool.add(row))
                if self._said is not None:
                    self._said.frombytes(says(row))
        return (spool or _Shaped(origin, self._shaped)), keys  # type: ignore[arg-type]  # an origin in place, then


@dataclass(frozen=True, slots=True)
class _Shaped:
    """Rows that are read where they stand, and shaped as they come."""

    origin: InPlace
    shaped: Shape

    def fetch(self, keys: Sequence[int]) -> Iterator[Row]:
        """As ``Part`` says."""
        return (self.shaped(fields, where) for _, where, fields in self.origin.fetch(keys))


def _opened(path: Path, needed: frozenset[str] | None, asked: frozenset[str]) -> Origin:
    if path.suffix.lower() == PARQUET:
        return Table(path, needed, asked)
    if is_array(path):
        return Array(path)
    return PackedLines(path) if is_compressed(path) else Lines(path)


def _sha256(digests: dict[str, str], label: str) -> str:
    """One file's own, or one of a folder's files by their names below it."""
    if list(digests) == [label]:
        return digests[label]
    return fingerprint({Path(name).relative_to(label).as_posix(): digest for name, digest in digests.items()})


def _first_ones(content: Content, again: list[int]) -> Content:
    if not again:
        return content
    assert isinstance(content.rows, Rows)
    return replace(content, rows=content.rows.without(again), duplicates=len(again))
