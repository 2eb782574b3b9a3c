"""Which files a path means, and what a file is before its rows are read."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from gzip import BadGzipFile, GzipFile
from pathlib import Path
from typing import IO, Final

from stagelens.errors import InputError
from stagelens.stages.mixture.wording import reason

LINES: Final = (".jsonl", ".ndjson")
ARRAY: Final = ".json"
PARQUET: Final = ".parquet"
_ENDINGS: Final = (*LINES, ARRAY)
_KNOWN: Final = (*_ENDINGS, *(f"{ending}.gz" for ending in _ENDINGS), PARQUET)
_ABOUT_DATA: Final = frozenset({"dataset_info.json", "dataset_infos.json", "dataset_dict.json", "state.json"})
"""What the hub's libraries put beside the data of a dataset."""

BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_HEAD: Final = 4096
_OTHERS: Final = (
    (b"\xff\xfe", "is in UTF-16 or UTF-32, not in UTF-8; save it as UTF-8"),
    (b"\xfe\xff", "is in UTF-16, not in UTF-8; save it as UTF-8"),
    (b"\x1f\x8b", "is compressed with gzip; let its name end in .gz, or unpack it"),
    (b"PAR1", "is a Parquet file; let its name end in .parquet"),
    (b"PK\x03\x04", "is a ZIP archive; unpack it"),
    (b"\x28\xb5\x2f\xfd", "is compressed with Zstandard; unpack it"),
    (b"version https://git-lfs", "is a pointer of Git LFS and not the file itself; fetch it with `git lfs pull`"),
)
"""What other files begin with, and what to do about them."""


def data_files(path: Path, source: str) -> tuple[Path, ...]:
    """The files that a source's path means: itself, or all files of rows below a folder, sorted by name.

    Hidden files and folders are passed over, and what is no file of rows.

    Raises:
        InputError: there is nothing there, its ending is not known, or a folder holds a link to one above it.
    """
    where = f"Source {source!r}"
    try:
        if path.is_dir():
            found = sorted(_below(path, (), where), key=lambda file: file.relative_to(path).as_posix())
            if not found:
                raise InputError(f"{where}: the folder {path} has no .jsonl, .json or .parquet file; mend its `path`.")
            return tuple(found)
        path.stat()
    except FileNotFoundError:
        raise InputError(f"{where}: there is no file {path}; mend its `path`.") from None
    except (OSError, ValueError) as error:
        raise InputError(f"{where}: {path} cannot be read ({_of_system(error)}); mend its `path`.") from None
    if not path.is_file():
        raise InputError(f"{where}: {path} is neither a file nor a folder; mend its `path`.")
    if not is_known(path):
        raise InputError(
            f"{where}: {path} must be a .jsonl or a .parquet file (or .ndjson or .json, these also as .gz), or a "
            "folder of such files."
        )
    return (path,)


def is_known(path: Path) -> bool:
    """Whether a file's name has an ending of files of rows."""
    return path.name.lower().endswith(_KNOWN)


def is_compressed(path: Path) -> bool:
    """Whether a file is to be unpacked while it is read."""
    return path.suffix.lower() == ".gz"


def is_array(path: Path) -> bool:
    """Whether a file of text holds its rows in one JSON array, rather than one a line. InputError as for reading."""
    name = path.name.lower().removesuffix(".gz")
    if not name.endswith(ARRAY):
        return False
    with reading(path) as file:
        return file.read(_HEAD).removeprefix(BYTE_ORDER_MARK).lstrip().startswith(b"[")


@contextmanager
def reading(path: Path) -> Iterator[IO[bytes]]:
    """A file of text, open and at its start, unpacked as it is read.

    Raises:
        InputError: it cannot be read, also later inside the block; it is not whole; it is no text in UTF-8.
    """
    try:
        with path.open("rb") as plain, GzipFile(fileobj=plain) if is_compressed(path) else plain as file:
            _check_head(file.read(_HEAD), path)
            file.seek(0)
            yield file  # type: ignore[misc]  # GzipFile reads bytes like any other file
    except (EOFError, zlib.error, BadGzipFile) as error:
        raise InputError(f"{path} is not a whole gzip file ({reason(error)}); compress or copy it again.") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read ({_of_system(error)}).") from None


def _check_head(head: bytes, path: Path) -> None:
    for start, fault in _OTHERS:
        if head.startswith(start):
            raise InputError(f"{path} {fault}.")
    if b"\0" in head:
        raise InputError(f"{path} is no text, it holds zero bytes; it must have JSON in UTF-8.")


def _below(folder: Path, above: tuple[Path, ...], where: str) -> Iterator[Path]:
    real = folder.resolve()
    if real in above:
        raise InputError(f"{where}: the folder {folder} is a link to a folder that it stands in; remove the link.")
    for entry in folder.iterdir():
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            yield from _below(entry, (*above, real), where)
        elif is_known(entry) and entry.name not in _ABOUT_DATA:
            if not entry.is_file():
                raise InputError(f"{where}: {entry} is not a file that can be read; mend or remove it.")
            yield entry


def _of_system(error: OSError | ValueError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or reason(error)


def check_unchanged(path: Path, state: tuple[int, int] | None) -> None:
    """InputError where a file is not the one any more that had this ``file_state``."""
    if file_state(path) != state:
        raise InputError(f"{path} was changed while it was in use; start again.")


def file_state(path: Path) -> tuple[int, int] | None:
    """Size and time of a file, which tell that it was changed; None where it is not there."""
    try:
        state = path.stat()
    except OSError:
        return None
    return state.st_size, state.st_mtime_ns
