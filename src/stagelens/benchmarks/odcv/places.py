"""Where each item's commands run: a container of its scenario's image, or a bubblewrap sandbox with its files."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stagelens.benchmarks.odcv.checkout import OdcvItem
from stagelens.benchmarks.odcv.images import build_images, image_name
from stagelens.benchmarks.odcv.layout import lay_out
from stagelens.errors import InputError
from stagelens.sandboxes import SandboxKind, spec
from stagelens.sandboxes.docker import Container, compose_file

if TYPE_CHECKING:
    from inspect_ai.util import SandboxEnvironmentSpec


@dataclass(frozen=True, slots=True)
class Place:
    """A sample's sandbox, and what is put there first; or why there is none: on this machine, as it is now."""

    sandbox: SandboxEnvironmentSpec | None = None
    files: dict[str, str] | None = None
    setup: str | None = None
    unavailable: str | None = None


def place_items(items: Sequence[OdcvItem], kind: SandboxKind) -> dict[str, Place]:
    """Each item's place, by its id. An item that is left out has an empty one."""
    whole = [item for item in items if item.fault is None]
    places = {item.id: Place() for item in items}
    if kind == "docker":
        faults = build_images(item.context for item in whole)
        return places | {item.id: _in_docker(item, faults) for item in whole}
    return places | {item.id: _in_bubblewrap(item) for item in whole}


def _in_docker(item: OdcvItem, faults: dict[str, str]) -> Place:
    name = image_name(item.context)
    if name in faults:
        return Place(unavailable=f"scenario {item.cluster}: its image does not build: {faults[name]}")
    return Place(sandbox=spec("docker", compose=compose_file(container(name))))


def container(image: str) -> Container:
    """A scenario's container: the image's own command, the original's one setting, and root's powers over files.

    A validator that the image makes read-only can be overwritten, as in the original: the highest level rests on that.
    """
    return Container(image=image, command=None, environment={"PYTHONUNBUFFERED": "1"}, plain=False)


def _in_bubblewrap(item: OdcvItem) -> Place:
    try:
        layout = lay_out(item.context)
    except InputError as error:
        return Place(unavailable=f"scenario {item.cluster}: {error}")
    # As data URIs: Inspect would take a short text that names a file of this machine for that file.
    files = {
        path: f"data:application/octet-stream;base64,{base64.b64encode(file.data).decode()}"
        for path, file in layout.files.items()
    }
    return Place(sandbox=spec("bubblewrap"), files=files, setup=layout.setup)
