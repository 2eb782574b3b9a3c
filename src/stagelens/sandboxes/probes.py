"""What this machine lacks for a kind of sandbox: found out by trying, once a process."""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Final

_SECONDS: Final = 60
_OLDEST_ENGINE: Final = 24
_SETTINGS: Final = Path("/proc/sys")
_USER_NAMESPACES: Final = (
    ("kernel.apparmor_restrict_unprivileged_userns", "1", "0"),
    ("kernel.unprivileged_userns_clone", "0", "1"),
    ("user.max_user_namespaces", "0", "15000"),
)
"""Settings of the kernel that forbid user namespaces: name, the value that does, and one that does not."""


@cache
def lacks_bubblewrap() -> str | None:
    """What bubblewrap lacks here; None where it has started a sandbox like those of samples."""
    from stagelens.sandboxes.bubblewrap.command import bubblewrap_command
    from stagelens.sandboxes.bubblewrap.config import BubblewrapConfig
    from stagelens.sandboxes.bubblewrap.syscalls import supported
    from stagelens.sandboxes.bubblewrap.wire import pack

    if not sys.platform.startswith("linux"):
        return "bubblewrap needs Linux: use sandbox: docker instead."
    if not supported():
        return f"bubblewrap sandboxes know x86_64 and aarch64, not {platform.machine()}: use sandbox: docker instead."
    if shutil.which("bwrap") is None:
        return "bubblewrap is not installed: apt-get install bubblewrap"
    with bubblewrap_command(BubblewrapConfig()) as (command, files):
        done = _run(command, files)
    # Its input is closed: the supervisor says that it is ready, and ends.
    if done is not None and done.stdout == pack([b"ready"]):
        return None
    return _refusal("it took too long" if done is None else done.stderr.decode(errors="replace").strip())


@cache
def lacks_docker() -> str | None:
    """What Docker lacks here; None where its engine and Compose answer."""
    if shutil.which("docker") is None:
        return "Docker is not installed: apt-get install docker.io docker-compose-v2"
    engine = _run(["docker", "info", "--format", "{{.ServerVersion}}"])
    if engine is None or engine.returncode:
        return "no Docker engine answers: systemctl start docker"
    version = engine.stdout.decode().strip()
    major = version.partition(".")[0]
    if major.isdigit() and int(major) < _OLDEST_ENGINE:
        return f"Docker Engine {_OLDEST_ENGINE} or later is needed, {version} runs here: apt-get install docker.io"
    compose = _run(["docker", "compose", "version"])
    if compose is None or compose.returncode:
        return "Docker has no Compose v2: apt-get install docker-compose-v2"
    return None


def _refusal(said: str) -> str:
    reason = said.splitlines()[-1] if said else "it said nothing"
    if "nknown option" in said:
        return f"bubblewrap is too old, 0.7 or later is needed ({reason}): apt-get install bubblewrap"
    for name, forbids, allows in _USER_NAMESPACES:
        setting = _SETTINGS / name.replace(".", "/")
        if setting.is_file() and setting.read_text().strip() == forbids:
            return f"bubblewrap may not make user namespaces here ({reason}): sysctl -w {name}={allows}"
    return f"bubblewrap cannot start a sandbox on this machine ({reason}): use sandbox: docker instead."


def _run(command: list[str], files: tuple[int, ...] = ()) -> subprocess.CompletedProcess[bytes] | None:
    """What the command did; None where it did not end in time."""
    try:
        return subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_SECONDS, check=False, pass_fds=files
        )
    except subprocess.TimeoutExpired:
        return None
