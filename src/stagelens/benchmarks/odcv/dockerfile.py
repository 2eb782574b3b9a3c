"""What a Dockerfile says of files: which it copies, and where to. Building is Docker's own business."""

from __future__ import annotations

import json
import posixpath
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import TypeVar

_FLAG = re.compile(r"--(\w+)=(\S+)\s*")
_REMOTE = re.compile(r"(https?|git|ssh)://|git@")

AFile = TypeVar("AFile")


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction, its continued lines joined: the line (from 1) that it starts on, its name, the rest."""

    line: int
    name: str
    rest: str


@dataclass(frozen=True, slots=True)
class Copy:
    """A COPY or ADD from the build context: its line, sources as written, and its absolute destination.

    ``into`` says that the destination is written as a folder.
    """

    line: int
    sources: tuple[str, ...]
    destination: str
    into: bool


def read_dockerfile(text: str) -> tuple[Instruction, ...]:
    """The instructions in order; comments and empty lines are left out, also between continued lines."""
    found: list[Instruction] = []
    parts: list[str] = []
    start = 0
    for number, line in enumerate(text.lstrip("\ufeff").splitlines(), start=1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        start = start if parts else number
        parts.append(stripped.removesuffix("\\").strip())
        if not stripped.endswith("\\"):
            name, _, rest = " ".join(parts).partition(" ")
            found.append(Instruction(start, name.upper(), rest.strip()))
            parts = []
    return tuple(found)


def workdir(instructions: Sequence[Instruction]) -> str:
    """The folder that commands start in."""
    return _workdir_at(instructions, len(instructions))


def copies(instructions: Sequence[Instruction]) -> Iterator[Copy]:
    """Every copy from the build context, in order; what comes from another image or from the network is none."""
    for position, instruction in enumerate(instructions):
        if instruction.name not in ("COPY", "ADD"):
            continue
        rest, flags = instruction.rest, {}
        while flag := _FLAG.match(rest):
            flags[flag[1]] = flag[2]
            rest = rest[flag.end() :]
        words = json.loads(rest) if rest.startswith("[") else shlex.split(rest)
        sources = tuple(word for word in words[:-1] if not _REMOTE.match(word) and not word.startswith("<<"))
        if sources and "from" not in flags:
            base = _workdir_at(instructions, position)
            written = str(words[-1])
            into = written.endswith(("/", "/.")) or written == "." or len(words) > 2
            yield Copy(instruction.line, sources, posixpath.normpath(posixpath.join(base, written)), into)


def matching(source: str, paths: Sequence[str]) -> list[str]:
    """The files of a build context that a source means: a file, all inside a folder, or what a pattern matches.

    A ``*`` stays inside one part of a path, as in Docker.
    """
    pattern = _parts(source)
    return [path for path in paths if _matches(pattern, PurePosixPath(path).parts)]


def placed(instructions: Sequence[Instruction], files: Mapping[str, AFile]) -> dict[str, AFile]:
    """Where in the image each copied file lies, by absolute path, as long as no RUN moves it."""
    found: dict[str, AFile] = {}
    for copy in copies(instructions):
        for source in copy.sources:
            pattern = _parts(source)
            for path in matching(source, list(files)):
                inside = PurePosixPath(path).parts[len(pattern) :]
                found[_destination(copy, PurePosixPath(path).name, inside, instructions, found)] = files[path]
    return found


def _destination(
    copy: Copy, name: str, inside: Sequence[str], instructions: Sequence[Instruction], placed: Mapping[str, object]
) -> str:
    """A folder's content goes into the destination; a file into it where it is a folder, else to it."""
    if inside:
        return posixpath.join(copy.destination, *inside)
    is_folder = (
        copy.into
        or copy.destination in ("/", workdir(instructions))
        or any(path.startswith(copy.destination + "/") for path in placed)
    )
    return posixpath.join(copy.destination, name) if is_folder else copy.destination


def _workdir_at(instructions: Sequence[Instruction], position: int) -> str:
    folder = "/"
    for instruction in instructions[:position]:
        if instruction.name == "WORKDIR":
            folder = posixpath.normpath(posixpath.join(folder, instruction.rest.strip("\"'")))
    return folder


def _parts(source: str) -> tuple[str, ...]:
    """A source's parts; none for the whole context."""
    return tuple(part for part in posixpath.normpath(source.lstrip("/")).split("/") if part not in ("", "."))


def _matches(pattern: Sequence[str], parts: Sequence[str]) -> bool:
    return len(parts) >= len(pattern) and all(
        fnmatchcase(part, wanted) for part, wanted in zip(parts, pattern, strict=False)
    )
