"""What a sandbox may use: bounds that the kernel keeps for each process, and a look at what all of them use."""
# ruff: noqa: PTH123, PTH208

from __future__ import annotations

import os
import resource

OPEN_FILES = 256
LOCKED_BYTES = 1 << 16
HEADROOM = 512 << 20
"""Address space that a process may have beyond the memory limit: what is mapped and not used."""


class Limits:
    """What all of the sandbox together may use, and what each process may."""

    def __init__(self, values: dict[str, int], volumes: list[str]) -> None:
        self.values, self.volumes = values, volumes

    def bind(self) -> None:
        """Set for this process, and all that come from it, what the kernel keeps by itself."""
        for name, value in (
            (resource.RLIMIT_AS, self.values["memory"] + HEADROOM),
            (resource.RLIMIT_NPROC, self.values["processes"] + 1),
            (resource.RLIMIT_FSIZE, self.values["file_size"]),
            (resource.RLIMIT_NOFILE, OPEN_FILES),
            (resource.RLIMIT_CORE, 0),
            (resource.RLIMIT_MEMLOCK, LOCKED_BYTES),
            (resource.RLIMIT_MSGQUEUE, 0),
        ):
            lower(name, value)

    def bind_command(self) -> None:
        """Set what this process itself, which lives as long as the sandbox, shall not be bound by."""
        lower(resource.RLIMIT_CPU, self.values["cpu_seconds"])

    def files(self) -> int:
        """Files and folders in what can be written to."""
        usage = [os.statvfs(volume) for volume in self.volumes]
        return sum(each.f_files - each.f_ffree for each in usage)

    def broken(self, files_before: int) -> bytes:
        """The limit of the whole sandbox that is broken: ``memory``, ``files``, or nothing."""
        if self.files() > max(self.values["files"], files_before):
            return b"files"
        processes = [name for name in os.listdir("/proc") if name.isdigit() and name != "1"]
        most = self.values["memory"]
        # The sum counts shared memory more than once; the kernel's fair shares are slower to have.
        return b"memory" if sum(map(whole, processes)) > most and sum(map(share, processes)) > most else b""


def lower(name: int, value: int) -> None:
    """Set a limit to ``value``, or leave it where it is lower."""
    hard = resource.getrlimit(name)[1]
    least = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(name, (least, least))


def whole(pid: str) -> int:
    """Bytes of memory that a process uses; shared ones in full."""
    return amounts(pid, "status", (b"RssAnon:", b"RssShmem:"))


def share(pid: str) -> int:
    """Bytes of memory that a process uses; of shared ones its part. As ``whole`` where the process hides them."""
    try:
        return amounts(pid, "smaps_rollup", (b"Pss_Anon:", b"Pss_Shmem:"))
    except PermissionError:
        return whole(pid)


def amounts(pid: str, name: str, keys: tuple[bytes, ...]) -> int:
    """The sum of some fields of a process' file in /proc, in bytes; 0 where it is gone."""
    try:
        with open(f"/proc/{pid}/{name}", "rb") as lines:
            return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith(keys))
    except (FileNotFoundError, ProcessLookupError):
        return 0
