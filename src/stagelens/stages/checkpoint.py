"""A checkpoint on disk: Hugging Face layout, ``recipe.json`` (what decided it), ``provenance.json`` (where it is from).

One that was trained has ``losses.json`` too, which says how its training went.

A checkpoint appears under its name whole or not at all: it is written into a folder beside and then renamed.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from stagelens.stages.losses import LOSSES
from stagelens.study.fingerprint import canonical, fingerprint

RECIPE: Final = "recipe.json"
PROVENANCE: Final = "provenance.json"


def read_inputs(folder: Path) -> dict[str, Any] | None:
    """The inputs that a checkpoint made here was made from; None where there is no whole one."""
    try:
        recipe = json.loads((folder / RECIPE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    inputs = recipe.get("inputs") if isinstance(recipe, dict) else None
    whole = (folder / "config.json").is_file() and any(folder.glob("*.safetensors")) and _sizes_agree(folder, recipe)
    return inputs if whole and isinstance(inputs, dict) else None


def _sizes_agree(folder: Path, recipe: Any) -> bool:
    """Whether every file is there, as long as it was written: a disk or a copy may have cut one off."""
    sizes = recipe.get("files", {}) if isinstance(recipe, dict) else None
    if not isinstance(sizes, dict):
        return False
    try:
        return all((folder / name).stat().st_size == size for name, size in sizes.items())
    except OSError:
        return False


def is_complete(folder: Path, inputs: Mapping[str, Any]) -> bool:
    """Whether ``folder`` holds a checkpoint that was made from exactly these inputs."""
    found = read_inputs(folder)
    return found is not None and canonical(found) == canonical(inputs)


@contextmanager
def writing(out: Path) -> Iterator[Path]:
    """An empty folder beside ``out`` that takes its name, and its place, once the block ends without an error.

    What an earlier, killed writer of the same checkpoint left behind is removed first.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    for leftover in (*out.parent.glob(f".{out.name}.new-*"), *out.parent.glob(f".{out.name}.old-*")):
        shutil.rmtree(leftover)
    fresh = out.parent / f".{out.name}.new-{os.getpid()}"
    fresh.mkdir()
    try:
        yield fresh
    except BaseException:
        shutil.rmtree(fresh)
        raise
    replaced = out.parent / f".{out.name}.old-{os.getpid()}"
    if out.exists():
        out.rename(replaced)
    fresh.rename(out)
    shutil.rmtree(replaced, ignore_errors=True)


def link(source: Path, out: Path) -> None:
    """The checkpoint ``source`` under another name too, its files shared where the file system can do that.

    Files of a checkpoint are never written again, so neither can change the other.
    """
    with writing(out) as folder:
        for file in source.iterdir():
            try:
                (folder / file.name).hardlink_to(file)
            except OSError:  # another file system, or one without links
                shutil.copy2(file, folder / file.name)


def save(
    out: Path,
    *,
    model: Any,
    tokenizer: Any,
    inputs: Mapping[str, Any],
    provenance: Mapping[str, Any],
    losses: Mapping[str, Any] | None = None,
) -> Path:
    """Write a trained model and its tokenizer as the checkpoint ``out``, replacing one that is there.

    ``inputs`` is all that decided the weights, in plain JSON types; it becomes ``recipe.json``, with its fingerprint
    and every other file's size in bytes.
    ``losses`` becomes ``losses.json``; there is none where they are None.
    """
    with writing(out) as folder:
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        _write_json(folder / PROVENANCE, provenance)
        if losses is not None:
            _write_json(folder / LOSSES, losses)
        sizes = {file.name: file.stat().st_size for file in folder.iterdir()}
        _write_json(folder / RECIPE, {"fingerprint": fingerprint(inputs), "inputs": inputs, "files": sizes})
    return out


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")
