"""What a bubblewrap sandbox offers, and how much of it."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

from stagelens.sandboxes import WORKDIR

_TAKEN = (
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/etc",
    "/proc",
    "/dev",
    "/sys",
    "/tmp",
    "/opt",
    "/run",
)
_MEGABYTE = 2**20


class BubblewrapConfig(BaseModel):
    """The limits of one sandbox; a command that breaks one is killed, and the sandbox goes on.

    Attributes:
        workdir: where commands start: an absolute path of its own, outside the folders of the system.
        wall_seconds: time that one command may take, whatever the caller allows.
        cpu_seconds: processor time of each process.
        memory_mb: of all processes together.
        processes: processes and threads at once.
        file_mb: the size of any one file.
        disk_mb: of all files together: half in ``workdir``, three eighths in ``/tmp``, an eighth in ``/dev/shm``. They
            live in memory.
        files: files and folders at once in ``workdir`` and ``/tmp``.
        python_packages: packages of the running Python that can be imported in the sandbox; those that they need in
            turn are to be named too. ``python3`` is then that Python, and otherwise the system's.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    workdir: str = WORKDIR
    wall_seconds: Annotated[int, Field(gt=0)] = 120
    cpu_seconds: Annotated[int, Field(gt=0)] = 120
    memory_mb: Annotated[int, Field(ge=64)] = 1024
    processes: Annotated[int, Field(ge=4)] = 64
    file_mb: Annotated[int, Field(gt=0)] = 64
    disk_mb: Annotated[int, Field(ge=8)] = 256
    files: Annotated[int, Field(ge=16)] = 20_000
    python_packages: tuple[str, ...] = ()

    @field_validator("workdir")
    @classmethod
    def _has_a_place_of_its_own(cls, value: str) -> str:
        path = PurePosixPath(value)
        taken = any(path.is_relative_to(folder) for folder in _TAKEN)
        if not path.is_absolute() or ".." in path.parts or path == PurePosixPath("/") or taken:
            raise ValueError(f"workdir {value!r} is not an absolute path outside the folders of the system")
        return str(path)

    @property
    def volumes(self) -> dict[str, int]:
        """The folders that can be written to, and the bytes that each holds."""
        eighth = self.disk_mb * _MEGABYTE // 8
        return {self.workdir: 4 * eighth, "/tmp": 3 * eighth, "/dev/shm": eighth}

    @property
    def limits(self) -> dict[str, int]:
        """What the supervisor enforces, by the names that it knows; sizes in bytes."""
        return {
            "cpu_seconds": self.cpu_seconds,
            "memory": self.memory_mb * _MEGABYTE,
            "processes": self.processes,
            "file_size": self.file_mb * _MEGABYTE,
            "files": self.files,
        }
