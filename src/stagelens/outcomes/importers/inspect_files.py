"""The files of Inspect's logs, as far as scores need them.

A log (``.eval``) is a zip of JSON in which ``summaries.json`` has every sample's scores; only that and the header are
read, so what a model said is never parsed. A log that was cut off has its summaries in pieces.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from zipfile import ZipFile

from pydantic import BaseModel, Field, TypeAdapter

from stagelens.errors import InputError
from stagelens.outcomes.importers.imported import reason_of

if sys.version_info < (3, 14):
    import zipfile_zstd  # noqa: F401  teaches zipfile the compression that Inspect uses

_SUMMARIES: Final = "summaries.json"
_PIECES: Final = "_journal/summaries/"
_HEADERS: Final = ("header.json", "_journal/start.json")
_SUFFIXES: Final = (".eval", ".json")
LARGEST: Final = 2**29
"""Bytes of a file in a log. Summaries take some 500 a sample."""
MOST_EPOCHS: Final = 10_000
"""Every one that a log never came to is a row: more than this is no log of anyone's."""
_STEP: Final = 4096
"""Bytes, packed, that are unpacked at once."""


class _Dataset(BaseModel):
    sample_ids: list[int | str] | None = None


class _Config(BaseModel):
    epochs: int | None = Field(default=None, ge=1, le=MOST_EPOCHS)


class _Spec(BaseModel):
    """A log's ``eval``, as far as it is needed."""

    task: str
    model: str
    model_args: dict[str, Any] = {}
    dataset: _Dataset = _Dataset()
    config: _Config = _Config()


class Score(BaseModel):
    """What a scorer gave."""

    value: Any


class Failure(BaseModel):
    """What ended a sample."""

    message: str


class Sample(BaseModel):
    """A sample, or its summary, as far as it is needed."""

    id: int | str
    epoch: int
    metadata: dict[str, Any] = {}
    scores: dict[str, Score] | None = None
    error: Failure | str | None = None

    @property
    def key(self) -> tuple[str, int]:
        """(item, epoch)."""
        return str(self.id), self.epoch


class _Header(BaseModel):
    eval: _Spec
    status: str = "started"
    samples: list[Sample] | None = None


_SUMMARY: Final = TypeAdapter(list[Sample])


@dataclass(frozen=True, slots=True)
class Log:
    """A log as far as it is needed."""

    path: Path
    spec: _Spec
    status: str
    samples: tuple[Sample, ...]

    @property
    def benchmark(self) -> str:
        """The task, without what it belongs to."""
        return self.spec.task.rpartition("/")[2]


def is_log(path: Path) -> bool:
    """Whether a file in a folder is one."""
    return path.suffix in _SUFFIXES and path.is_file() and path.name != "logs.json"


def read_log_file(path: Path) -> Log:
    """The header and the samples' scores. InputError: it is no Inspect log."""
    try:
        return _read_zip(path) if path.suffix == ".eval" else _read_json(path)
    except Exception as error:  # zip, its compressions and JSON raise many kinds, all of them about the file
        raise InputError(
            f"{path} is not an Inspect log that can be read ({reason_of(error)}): copy it again, or leave it out."
        ) from error


def _read_zip(path: Path) -> Log:
    with ZipFile(path) as archive:
        names = set(archive.namelist())
        (name, *_) = [name for name in _HEADERS if name in names] or _HEADERS
        header = _Header.model_validate_json(_content(archive, name))
        pieces = [_SUMMARIES] if _SUMMARIES in names else sorted(filter(_is_piece, names), key=_number)
        samples = [sample for piece in pieces for sample in _SUMMARY.validate_json(_content(archive, piece))]
    # A sample that was tried again has a summary for each time: the last one counts.
    return Log(path, header.eval, header.status, tuple({sample.key: sample for sample in samples}.values()))


def _content(archive: ZipFile, name: str) -> bytes:
    """A file of a zip, in small steps: a few bytes can unpack to more than a machine holds.

    Raises:
        ValueError: it is larger than any log's summaries.
    """
    content = bytearray()
    with archive.open(name) as stream:
        while piece := stream.read(_STEP):
            content += piece
            if len(content) > LARGEST:
                raise ValueError(f"{name} in it unpacks to more than {LARGEST >> 20} MiB")
    return bytes(content)


def _read_json(path: Path) -> Log:
    header = _Header.model_validate_json(path.read_bytes())
    return Log(path, header.eval, header.status, tuple(header.samples or ()))


def _is_piece(name: str) -> bool:
    return name.startswith(_PIECES) and name.endswith(".json")


def _number(piece: str) -> tuple[int, str]:
    return len(piece), piece
