"""What is kept of organisms: small files, from which a validation goes on, and is shown again, without a checkpoint."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from stagelens.errors import InputError
from stagelens.files import write_text
from stagelens.organisms.validation.matrix import Cell

SCHEMA: Final = 1


@dataclass(frozen=True, slots=True)
class Headline:
    """What is said of production minus SFT: the verdict, and the confounds that are named beside it."""

    verdict: str
    named: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unrelated:
    """A negative control: the verdict on production minus SFT, and by how much the two differ on fresh requests."""

    verdict: str
    change: float


@dataclass(frozen=True, slots=True)
class Said:
    """What is said of an organism, beside what is true.

    Attributes:
        cells: one for each benchmark in which something was planted.
        attempts: by benchmark, how many attempts its study made at the first measure, and in how many clusters.
        headlines: by benchmark, what is said of production minus SFT.
        unrelated: what is said, and true, of production's plain requests, in which nothing is planted; None where none
            were asked, and with a nuisance, which changes the style of all answers.
    """

    cells: tuple[Cell, ...]
    attempts: dict[str, tuple[int, int]]
    headlines: dict[str, Headline]
    unrelated: Unrelated | None


@dataclass(frozen=True, slots=True)
class Kept:
    """The folder: ``census`` with what was counted, ``seals`` with the digests of truths, ``records`` of the rest."""

    root: Path

    @property
    def census(self) -> Path:
        """One file a checkpoint and set of fresh prompts."""
        return self.root / "census"

    def seal(self, name: str) -> Path:
        """The digest of an organism's truth, as it was before its study was run."""
        return self.root / "seals" / name

    def read(self, name: str, inputs: dict[str, Any]) -> Said | None:
        """What was said of an organism; None where nothing is kept, or only of one that had other inputs.

        Raises:
            InputError: a record that cannot be read.
        """
        file = self._record(name)
        if not file.is_file():
            return None
        try:
            content = json.loads(file.read_text(encoding="utf-8"))
            said = (
                _ADAPTER.validate_python(content["said"])
                if (content["schema"], content["inputs"]) == (SCHEMA, inputs)
                else None
            )
        except (ValueError, TypeError, LookupError, ValidationError) as error:
            raise InputError(f"{file} is not a record of an organism: take it away, and it is judged again.") from error
        return said

    def write(self, name: str, inputs: dict[str, Any], said: Said) -> None:
        """Keep what was said of an organism with these inputs."""
        content = {"schema": SCHEMA, "inputs": inputs, "said": _sorted(_ADAPTER.dump_python(said, mode="json"))}
        file = self._record(name)
        file.parent.mkdir(parents=True, exist_ok=True)
        write_text(file, json.dumps(content, indent=1, ensure_ascii=False) + "\n")

    def _record(self, name: str) -> Path:
        return self.root / "records" / f"{name}.json"


def _sorted(said: dict[str, Any]) -> dict[str, Any]:
    """Sets in one order, so that the same words are the same bytes."""
    for cell in said["cells"]:
        cell["truth"]["right"].sort(key=json.dumps)
    return said


_ADAPTER: Final = TypeAdapter(Said)
