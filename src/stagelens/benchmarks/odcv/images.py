"""Scenarios' images: named by their content, built once, whatever asks for them."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from stagelens.benchmarks.odcv.context import Context, write_context

REPOSITORY: Final = "stagelens-odcv"
_BUILD_SECONDS: Final = 1800
_SHOWN_LINES: Final = 3

_faults: Final[dict[str, str]] = {}
"""Images that did not build in this process: a second try would take as long and end the same."""


def image_name(context: Context) -> str:
    """The image's name: two contexts with the same content have one image."""
    return f"{REPOSITORY}:{context.digest[:16]}"


def built_images() -> frozenset[str]:
    """The names of all images of ours that there are; none where no engine answers."""
    asked = _docker("image", "ls", "--format", "{{.Repository}}:{{.Tag}}", REPOSITORY)
    return frozenset(asked.stdout.split()) if asked.returncode == 0 else frozenset()


def build_images(contexts: Iterable[Context]) -> dict[str, str]:
    """Build the images that are not there; returns those that do not build, by name, with what Docker said last.

    A fault of one image does not keep the others from being built.
    """
    there = built_images()
    wanted = {image_name(context): context for context in contexts}
    for name, context in wanted.items():
        if name not in there and name not in _faults:
            fault = _build(name, context)
            if fault is not None:
                _faults[name] = fault
    return {name: fault for name, fault in _faults.items() if name in wanted}


def _build(name: str, context: Context) -> str | None:
    with tempfile.TemporaryDirectory(prefix="stagelens-odcv-") as folder:
        write_context(context, Path(folder))
        try:
            # A build installs packages, and so needs the network; what runs in the image has none.
            built = _docker("build", "--network", "host", "--tag", name, folder, seconds=_BUILD_SECONDS)
        except subprocess.TimeoutExpired:
            return f"not built after {_BUILD_SECONDS} seconds"
    if built.returncode == 0:
        return None
    said = [line.strip() for line in built.stderr.splitlines() if line.strip()] or ["docker build failed"]
    return " / ".join(said[-_SHOWN_LINES:])


def _docker(*arguments: str, seconds: int = 60) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["docker", *arguments], capture_output=True, text=True, errors="replace", timeout=seconds, check=False
    )
