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
    return Place(sandbox=_container(name))


def _container(image: str) -> SandboxEnvironmentSpec:
    """A container as the original starts it: the image's own command, and its one setting. It has no network."""
    from inspect_ai.util import ComposeConfig, ComposeService, SandboxEnvironmentSpec

    service = ComposeService.model_validate(
        {
            "image": image,
            "init": True,
            "network_mode": "none",
            "environment": {"PYTHONUNBUFFERED": "1"},
            "x-local": True,
        }
    )
    return SandboxEnvironmentSpec("docker", ComposeConfig(services={"default": service}))


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
