"""How bubblewrap is called: what a sandbox sees of the machine, and as whom its processes run.

Root's sandboxes run as a user that nobody is, each as another: limits on processes do not bind root, whatever its
name inside. An ordinary user's run in a user namespace. Both have no capability, and no way to any (bubblewrap sets
no_new_privs).
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Final

from stagelens.sandboxes.bubblewrap.config import BubblewrapConfig
from stagelens.sandboxes.bubblewrap.python import PACKAGES, choose_python
from stagelens.sandboxes.bubblewrap.syscalls import filter_program

USER: Final = "agent"
HOME: Final = "/tmp"

_SUPERVISOR: Final = Path(__file__).with_name("supervisor.py")
_INSIDE: Final = "/run/supervisor.py"
_USER_ID: Final = 1000
_FREE_IDS: Final = range(2_000_000_000, 2_100_000_000)
"""User ids that no distribution gives out."""
_ROOTS_WAY_OUT: Final = ("CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP")
"""What root keeps until it has become somebody else."""
_SHARED: Final = ("/etc/alternatives", "/etc/ld.so.cache", "/etc/localtime")


def environment(config: BubblewrapConfig) -> dict[str, str]:
    """The variables of every command. Libraries compute on one thread, so that they fit the limit on processes."""
    python = choose_python(config.python_packages)
    folders = [str(python.executable.parent)] if python.prefix else []
    variables = {
        "PATH": ":".join([*folders, "/usr/local/bin", "/usr/bin", "/bin"]),
        "HOME": HOME,
        "USER": USER,
        "LANG": "C.UTF-8",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    return variables | ({"PYTHONPATH": PACKAGES} if python.packages else {})


@contextmanager
def bubblewrap_command(config: BubblewrapConfig) -> Iterator[tuple[list[str], tuple[int, ...]]]:
    """The command that starts a sandbox's supervisor, and the open files that it has to inherit.

    Raises:
        InputError: a package that ``config`` names is not installed.
    """
    root = os.geteuid() == 0
    user_id = _FREE_IDS.start + secrets.randbelow(len(_FREE_IDS)) if root else _USER_ID
    python = choose_python(config.python_packages)
    contents = {
        "/etc/passwd": f"{USER}:x:{user_id}:{user_id}:{USER}:{HOME}:/bin/sh\n".encode(),
        "/etc/group": f"{USER}:x:{user_id}:\n".encode(),
        "/etc/hosts": b"127.0.0.1 localhost\n::1 localhost\n",
        _INSIDE: _SUPERVISOR.read_bytes(),
    }
    program, *files = (_inherited(content) for content in (filter_program(), *contents.values()))
    try:
        yield (
            [
                *("bwrap", "--die-with-parent", "--new-session", "--as-pid-1", "--clearenv", "--hostname", "sandbox"),
                *("--unshare-net", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"),
                *([] if root else ["--unshare-user", "--uid", str(user_id), "--gid", str(user_id)]),
                *("--cap-drop", "ALL"),
                *(part for name in (_ROOTS_WAY_OUT if root else ()) for part in ("--cap-add", name)),
                *_folders("/etc", "/run", PACKAGES, *([str(python.prefix.parent)] if python.prefix else [])),
                *_system(),
                *_made(dict(zip(contents, files, strict=True))),
                *(["--ro-bind", str(python.prefix), str(python.prefix)] if python.prefix else []),
                *(part for name, place in python.packages for part in ("--ro-bind", str(place), f"{PACKAGES}/{name}")),
                *("--proc", "/proc", "--dev", "/dev"),
                *_writable(config),
                *(
                    "--remount-ro",
                    "/dev",
                    "--remount-ro",
                    "/",
                    "--chdir",
                    config.workdir,
                    "--seccomp",
                    str(program),
                    "--",
                ),
                *(_becoming(user_id) if root else ()),
                *(str(python.executable), "-I", "-S", "-B", _INSIDE, ":".join(config.volumes)),
                *(f"{name}={value}" for name, value in config.limits.items()),
            ],
            (program, *files),
        )
    finally:
        for file in (program, *files):
            os.close(file)


def _becoming(user_id: int) -> Iterator[str]:
    """Become this user, without groups or a way to any capability."""
    yield from ("setpriv", f"--reuid={user_id}", f"--regid={user_id}", "--clear-groups")
    yield from ("--inh-caps=-all", "--bounding-set=-all")


def _folders(*paths: str) -> Iterator[str]:
    """Folders on the way to what is bound; bubblewrap's own would be closed to all but their owner."""
    ways = {str(way) for path in map(PurePosixPath, paths) for way in (path, *path.parents[:-1])}
    for way in sorted(ways):
        yield from ("--perms", "0755", "--dir", way)


def _system() -> Iterator[str]:
    """What is needed of the system, read-only."""
    yield from ("--ro-bind", "/usr", "/usr")
    for name in ("bin", "sbin", "lib", "lib32", "lib64", "libx32"):
        folder = Path("/") / name
        if folder.is_symlink():
            yield from ("--symlink", str(folder.readlink()), str(folder))
        elif folder.is_dir():
            yield from ("--ro-bind", str(folder), str(folder))
    for shared in _SHARED:
        yield from ("--ro-bind-try", shared, shared)


def _made(files: Mapping[str, int]) -> Iterator[str]:
    """Files that are not the machine's own, by path the open file with their content."""
    for path, file in files.items():
        yield from ("--perms", "0444", "--ro-bind-data", str(file), path)


def _writable(config: BubblewrapConfig) -> Iterator[str]:
    for folder, size in config.volumes.items():
        yield from ("--perms", "0777", "--size", str(size), "--tmpfs", folder)


def _inherited(content: bytes) -> int:
    """An open file with this content, small enough for a pipe."""
    reading, writing = os.pipe()
    os.write(writing, content)
    os.close(writing)
    return reading
