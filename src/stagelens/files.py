"""Files that appear in their place whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A place beside ``path`` to write to, which takes its name once the block ends without an error.

    A kill in between leaves what was there before, an error leaves nothing more. A link that lies beside is not
    followed, since a run folder may come from anyone.
    """
    beside = path.with_name(f".{path.name}.partial")
    beside.unlink(missing_ok=True)
    try:
        yield beside
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def write_text(path: Path, text: str) -> None:
    """The whole text, or what was there before."""
    with replacing(path) as beside:
        beside.write_text(text, encoding="utf-8")


def write_bytes(path: Path, content: bytes) -> None:
    """The same for bytes; folders on the way are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as beside:
        beside.write_bytes(content)


def write_frame(path: Path, frame: pl.DataFrame) -> None:
    """The same for a table, as Parquet."""
    with replacing(path) as beside:
        write_parquet(frame, beside)


def write_parquet(frame: pl.DataFrame, path: Path, **options: Any) -> None:
    """A frame as Parquet, by way of memory: polars says of a full disk only that the file is out of specification."""
    packed = BytesIO()
    frame.write_parquet(packed, **options)
    path.write_bytes(packed.getbuffer())
