"""What every kind of source looks like to the pass that reads it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, Protocol, runtime_checkable

Fields = dict[str, Any]


class Found(NamedTuple):
    """A row as it stands: its key (what ``fetch`` takes), where it is in words, and its fields."""

    key: int
    where: str
    fields: Fields


class Origin(Protocol):
    """Something that rows are read from, once and in order."""

    def scan(self) -> Iterator[Found]:
        """Every row in order; may be left early. InputError names the row that is none."""
        ...

    def sha256(self) -> str:
        """Of what it holds, or of what ``scan`` read of it; to be asked afterwards."""
        ...


@runtime_checkable
class InPlace(Origin, Protocol):
    """An origin whose rows can be read again one by one, where they stand."""

    def fetch(self, keys: Sequence[int]) -> Iterator[Found]:
        """The rows of these keys, which ascend. InputError where they are not there any more."""
        ...
