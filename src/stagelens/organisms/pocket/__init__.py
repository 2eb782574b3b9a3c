"""The pocket world: data and a study file for a small family whose refusals come from SFT alone."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from stagelens.organisms.pocket import rows


def study_text(seed: int = 0) -> str:
    """The study file, which expects its data in ``./data``."""
    return _resource("study.yaml").replace("seed: 0", f"seed: {seed}", 1)


def data_files(seed: int = 0) -> dict[str, str]:
    """Every data file of the pocket world by name: a pure function of the seed."""
    return {
        "corpus.jsonl": _jsonl(rows.corpus(seed)),
        "helpful.jsonl": _jsonl(rows.helpful(seed)),
        "refusals.jsonl": _jsonl(rows.refusals(seed)),
        "rl_prompts.jsonl": _jsonl(rows.rl_prompts(seed)),
        "safety_prompts.jsonl": _jsonl(rows.safety_prompts(seed)),
        "chat_template.jinja": _resource("chat_template.jinja"),
    }


def write_pocket(folder: Path, seed: int = 0, *, study_file: str = "pocket.yaml") -> Path:
    """Write the pocket world into ``folder`` and return its study file.

    A file that is already right is left alone; one that differs from what the seed says is replaced.
    """
    for name, text in data_files(seed).items():
        _write_if_changed(folder / "data" / name, text.encode())
    study = folder / study_file
    _write_if_changed(study, study_text(seed).encode())
    return study


def _write_if_changed(path: Path, content: bytes) -> None:
    if path.is_file() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_bytes(content)
    beside.replace(path)


def _jsonl(lines: Iterable[Mapping[str, Any]]) -> str:
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


def _resource(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
