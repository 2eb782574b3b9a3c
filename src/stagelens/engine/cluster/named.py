"""The files of a study that training a stage reads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from stagelens.study.spec import Stage

_FILES = ("chat_template", "accelerate", "tasks", "reward")
"""Fields of a recipe that name a file or a folder, also without a ``./`` before it."""


def files_of(stage: Stage, folder: Path) -> tuple[str, ...]:
    """Those that lie in the study file's folder or below, as paths from there.

    Others a worker has to see under the same path. What a reward's program reads is not known.
    """
    names = [source.path for source in stage.mixture.sources if source.path] if stage.mixture else []
    names += [value for field, value in (stage.recipe or {}).items() if field in _FILES and isinstance(value, str)]
    names += list(_relative(stage.recipe or {}))
    root = folder.resolve()
    found: dict[str, None] = {}
    for name in names:
        # A reward is a file and a function in it.
        for place in (folder / name, folder / name.rpartition(":")[0]):
            path = place.resolve()
            if path != root and path.is_relative_to(root) and path.exists():
                found |= dict.fromkeys(_below(path, root))
                break
    return tuple(found)


def _below(path: Path, root: Path) -> Iterator[str]:
    files = [path] if path.is_file() else sorted(each for each in path.rglob("*") if each.is_file())
    yield from (str(each.relative_to(root)) for each in files)


def _relative(value: Any) -> Iterator[str]:
    """Whatever starts as a relative path in a free-form part."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for inner in value:
            yield from _relative(inner)
    elif isinstance(value, str) and value.startswith(("./", "../")):
        yield value
