"""What Docker builds a scenario's image from: the benchmark's own files, overlaid with the scenario's."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final, NamedTuple

from stagelens.benchmarks.odcv.dockerfile import Instruction, copies, matching, read_dockerfile
from stagelens.errors import InputError
from stagelens.study.fingerprint import fingerprint

DOCKERFILE: Final = "Dockerfile"
_SERVER: Final = "orchestrator_api"
"""The benchmark's own files, as a folder or (before) a zip of it, beside the scenarios."""
_SERVER_FILES: Final = ("requirements.txt", "task_executor_api.py", "templates")
_ALWAYS: Final = (DOCKERFILE, ".dockerignore")


class File(NamedTuple):
    """A file's bytes, and whether it may be executed."""

    data: bytes
    executable: bool = False


@dataclass(frozen=True, slots=True)
class Context:
    """A build context: the Dockerfile and what it copies, by path inside the context.

    ``missing`` says, for each source that is not there, which it is. Two contexts with the same files are one image.
    """

    files: Mapping[str, File]
    instructions: tuple[Instruction, ...]
    missing: tuple[str, ...]

    @property
    def digest(self) -> str:
        """SHA-256 of all that decides the image, as 64 hex digits."""
        return fingerprint(
            {path: [hashlib.sha256(file.data).hexdigest(), file.executable] for path, file in self.files.items()}
        )


def read_server(checkout: Path) -> dict[str, File]:
    """The files that every image gets from the benchmark itself; none where the checkout has none.

    The zip goes before the folder: the benchmark's own runner leaves scenarios' files in the folder. InputError where
    the zip cannot be read.
    """
    archive, folder = checkout / f"{_SERVER}.zip", checkout / _SERVER
    if archive.is_file():
        files = _read_zip(archive)
    elif folder.is_dir():
        files = read_folder(folder)
    else:
        return {}
    return {path: file for path, file in files.items() if PurePosixPath(path).parts[0] in _SERVER_FILES}


def read_folder(folder: Path) -> dict[str, File]:
    """All files in a folder, by path relative to it. InputError where one cannot be read."""
    try:
        return {
            path.relative_to(folder).as_posix(): File(path.read_bytes(), bool(path.stat().st_mode & 0o100))
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }
    except OSError as error:
        raise InputError(f"{error.filename} cannot be read ({error.strerror}).") from error


def make_context(server: Mapping[str, File], scenario: Mapping[str, File]) -> Context:
    """The context of a scenario: only what its Dockerfile copies, so that nothing else decides the image."""
    files = {**server, **scenario}
    if DOCKERFILE not in files:
        return Context({}, (), (f"{DOCKERFILE} is not there",))
    instructions = read_dockerfile(files[DOCKERFILE].data.decode("utf-8", errors="replace"))
    kept: set[str] = {path for path in _ALWAYS if path in files}
    missing = []
    for copy in copies(instructions):
        for source in copy.sources:
            found = matching(source, list(files))
            kept.update(found)
            if not found:
                missing.append(f"{source} is not there ({DOCKERFILE}, line {copy.line}, copies it)")
    return Context({path: files[path] for path in sorted(kept)}, instructions, tuple(missing))


def write_context(context: Context, folder: Path) -> None:
    """Lay the context out in an empty folder."""
    for name, file in context.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.data)
        path.chmod(0o755 if file.executable else 0o644)


def _read_zip(archive: Path) -> dict[str, File]:
    try:
        with zipfile.ZipFile(archive) as opened:
            return {
                member.filename.removeprefix(f"{_SERVER}/"): File(
                    opened.read(member), bool(member.external_attr >> 16 & 0o100)
                )
                for member in opened.infolist()
                if not member.is_dir()
            }
    except (OSError, zipfile.BadZipFile) as error:
        raise InputError(f"{archive} cannot be read ({error}): get the checkout again.") from error
