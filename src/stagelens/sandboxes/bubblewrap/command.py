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
from stagelens.sandboxes.bubblewrap.python import PACKAGES, Python, choose_python
from stagelens.sandboxes.bubblewrap.syscalls import filter_program

USER: Final = "agent"
HOME: Final = "/tmp"

_SUPERVISOR: Final = Path(__file__).with_name("inside")
_PLACE: Final = "/run"
_MAIN: Final = "from inside.main import main; main()"
_USER_ID: Final = 1000
_FREE_IDS: Final = range(2_000_000_000, 2_100_000_000)
"""User ids that no distribution gives out."""
_ROOTS_WAY_OUT: Final = ("CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP")
"""What root keeps until it has become somebody else."""
_SHARED: Final = ("/etc/alternatives", "/etc/ld.so.cache")


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
    contents = _contents(user_id)
    program, *files = (_inherited(content) for content in (filter_program(), *contents.values()))
    try:
        command = ["bwrap", *_isolation(), *(_as_root() if root else _as_user(user_id)), *_system(), *_python(python)]
        command += [*_made(dict(zip(contents, files, strict=True))), *_writable(config)]
        # Last: what is bound or made above needs its folder to be written to.
        command += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", _PLACE, "--seccomp", str(program), "--"]
        command += [*(_becoming(user_id) if root else ()), *_supervisor(python, config)]
        yield command, (program, *files)
    finally:
        for file in (program, *files):
            os.close(file)


def _isolation() -> Iterator[str]:
    yield from ("--die-with-parent", "--new-session", "--as-pid-1", "--clearenv", "--hostname", "sandbox")
    yield from ("--unshare-net", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try")
    yield from ("--cap-drop", "ALL")


def _as_root() -> Iterator[str]:
    for name in _ROOTS_WAY_OUT:
        yield from ("--cap-add", name)


def _becoming(user_id: int) -> Iterator[str]:
    """Become this user, without groups or a way to any capability."""
    yield from ("setpriv", f"--reuid={user_id}", f"--regid={user_id}", "--clear-groups")
    yield from ("--inh-caps=-all", "--bounding-set=-all")


def _as_user(user_id: int) -> Iterator[str]:
    yield from ("--unshare-user", "--uid", str(user_id), "--gid", str(user_id))


def _system() -> Iterator[str]:
    """What is needed of the system, read-only."""
    yield from ("--ro-bind", "/usr", "/usr")
    for name in ("bin", "sbin", "lib", "lib32", "lib64", "libx32"):
        folder = Path("/") / name
        if folder.is_symlink():
            yield from ("--symlink", str(folder.readlink()), str(folder))
        elif folder.is_dir():
            yield from ("--ro-bind", str(folder), str(folder))
    yield from _folder("/etc")
    for shared in _SHARED:
        yield from ("--ro-bind-try", shared, shared)
    yield from ("--proc", "/proc", "--dev", "/dev")


def _python(python: Python) -> Iterator[str]:
    if python.prefix is not None:
        yield from _folder(str(python.prefix.parent))
        yield from ("--ro-bind", str(python.prefix), str(python.prefix))
    yield from _folder(PACKAGES)
    for name, place in python.packages:
        yield from ("--ro-bind", str(place), f"{PACKAGES}/{name}")


def _contents(user_id: int) -> dict[str, bytes]:
    """The files of a sandbox that are none of the machine's, by path."""
    return {
        "/etc/passwd": f"{USER}:x:{user_id}:{user_id}:{USER}:{HOME}:/bin/sh\n".encode(),
        "/etc/group": f"{USER}:x:{user_id}:\n".encode(),
        "/etc/hosts": b"127.0.0.1 localhost\n::1 localhost\n",
        **{f"{_PLACE}/inside/{source.name}": source.read_bytes() for source in sorted(_SUPERVISOR.glob("*.py"))},
    }


def _made(files: Mapping[str, int]) -> Iterator[str]:
    """Make files, by path the open file that holds what they shall."""
    yield from _folder(f"{_PLACE}/inside")
    for path, file in files.items():
        yield from ("--perms", "0444", "--file", str(file), path)


def _writable(config: BubblewrapConfig) -> Iterator[str]:
    for folder, size in config.volumes.items():
        yield from _folder(str(PurePosixPath(folder).parent))
        yield from ("--perms", "0777", "--size", str(size), "--tmpfs", folder)


def _folder(path: str) -> Iterator[str]:
    """A folder and those that lead to it: where bubblewrap makes them by itself, they may be closed to all but root."""
    way = PurePosixPath(path)
    for each in reversed((way, *way.parents)):
        yield from ("--perms", "0755", "--dir", str(each))


def _supervisor(python: Python, config: BubblewrapConfig) -> Iterator[str]:
    yield from (str(python.executable), "-E", "-s", "-S", "-B", "-c", _MAIN, ":".join(config.volumes))
    for name, value in config.limits.items():
        yield f"{name}={value}"


def _inherited(content: bytes) -> int:
    """An open file with this content, which is short enough for a pipe."""
    reading, writing = os.pipe()
    os.write(writing, content)
    os.close(writing)
    return reading
