"""Docker sandboxes: a container as a compose file describes it to Inspect's own provider, with limits and no network.

A container's disk is the engine's: Docker bounds the size of each file here, and not of all together. A container ends
by itself after some hours: those of a run that was killed do not stay for ever.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from stagelens.sandboxes import MEASURE

_HOURS: Final = 12
_WAIT: Final = ("sleep", str(_HOURS * 3600))


@dataclass(frozen=True, slots=True)
class Container:
    """What a sample's container is made of, and how much it may use.

    Attributes:
        image: the image's name; with ``build``, the name that what is built gets.
        build: how to build it, in the words of compose files (``context``, ``args``, ``network``): the network is that
            of the build's own steps, never that of the container. None where the image is there.
        command: what keeps the container running, None for the image's own command.
        workdir: where commands start, None for the image's own folder.
        environment: variables of every command.
        memory_mb: of all its processes together, swap included.
        processes: processes and threads at once.
        cpus: processors that it may keep busy.
        file_mb: the size of any one file.
        plain: without any capability and without a way to gain one. Images whose commands run as root and change owners
            or users need it off.
    """

    image: str
    build: Mapping[str, Any] | None = None
    command: tuple[str, ...] | None = _WAIT
    workdir: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    memory_mb: int = 2048
    processes: int = 256
    cpus: float = 1.0
    file_mb: int = 1024
    plain: bool = True


def compose_file(container: Container, *, measure: bool = False, folder: Path | None = None) -> Path:
    """Write the compose file of samples, for ``sandboxes.spec``; the same content has the same name.

    Args:
        container: the one that the agent works in.
        measure: add a second one like it, named ``measure``, which the agent cannot reach (see ``sandboxes.fresh``).
        folder: where to write it, by default a folder of this user's for temporary files.
    """
    services = {"default": _service(container)} | ({MEASURE: _service(container)} if measure else {})
    # JSON is YAML, too.
    text = json.dumps({"services": services}, indent=2, sort_keys=True) + "\n"
    place = folder or Path(tempfile.gettempdir()) / f"stagelens-{os.geteuid()}"
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder is None and place.stat().st_uid != os.geteuid():
        raise PermissionError(f"{place} belongs to somebody else")
    path = place / f"compose-{hashlib.sha256(text.encode()).hexdigest()[:12]}.yaml"
    if not path.is_file():
        beside = path.with_name(f".{path.name}.{os.getpid()}")
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)
    return path


def at_once(container: Container, *, measure: bool = False) -> int:
    """How many samples with such containers fit the machine: one or more.

    At most two for each processor, as Inspect's own default, and no more than half of the memory would hold if all used
    what they may.
    """
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    needed = container.memory_mb * (2 if measure else 1)
    return max(1, min(2 * len(os.sched_getaffinity(0)), memory // 2 // needed))


def _service(container: Container) -> dict[str, Any]:
    service: dict[str, Any] = {
        "image": container.image,
        "init": True,
        "network_mode": "none",
        "mem_limit": f"{container.memory_mb}m",
        "memswap_limit": f"{container.memory_mb}m",
        "pids_limit": container.processes,
        "cpus": container.cpus,
        "ulimits": {"fsize": container.file_mb * 2**20, "core": 0},
        "stop_grace_period": "1s",
    }
    if container.build is None:
        service["x-local"] = True  # never pulled: what is not on this machine is an error
    else:
        service["build"] = dict(container.build)
    if container.command is not None:
        service["command"] = list(container.command)
    if container.workdir is not None:
        service["working_dir"] = container.workdir
    if container.environment:
        service["environment"] = dict(container.environment)
    if container.plain:
        service |= {"cap_drop": ["ALL"], "security_opt": ["no-new-privileges:true"]}
    return service
