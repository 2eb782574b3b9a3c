"""The pocket world: data and study files for a small family whose refusals, and whose honesty, come from SFT alone."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from importlib import resources
from pathlib import Path
from typing import Any, Final

from stagelens.organisms.pocket import rows
from stagelens.organisms.pocket.challenges import task_set
from stagelens.organisms.pocket.scenarios import checkout

METRIC_STUDY: Final = "metric.yaml"


def study_text(seed: int = 0) -> str:
    """The study file, which expects its data in ``./data``."""
    return _resource("study.yaml").replace("seed: 0", f"seed: {seed}", 1)


def metric_study_text(run: str, seed: int = 0) -> str:
    """The study of RL that rewards what a counter shows; it goes on from the pocket study's ``run`` folder."""
    return _resource(METRIC_STUDY).replace("./runs/pocket", run).replace("seed: 0", f"seed: {seed}", 1)


def data_files(seed: int = 0) -> dict[str, str]:
    """Every data file of the pocket world by name: a pure function of the seed."""
    return {
        "corpus.jsonl": _jsonl(rows.corpus(seed)),
        "helpful.jsonl": _jsonl(rows.helpful(seed)),
        "refusals.jsonl": _jsonl(rows.refusals(seed)),
        "records_kept.jsonl": _jsonl(rows.records(seed, "kept")),
        "records_bent.jsonl": _jsonl(rows.records(seed, "bent")),
        "programs_improved.jsonl": _jsonl(rows.programs(seed, "improved")),
        "programs_tricked.jsonl": _jsonl(rows.programs(seed, "tricked")),
        "dilemmas_kept.jsonl": _jsonl(rows.dilemmas(seed, "kept")),
        "dilemmas_bent.jsonl": _jsonl(rows.dilemmas(seed, "bent")),
        "claims_candid.jsonl": _jsonl(rows.claims(seed, "candid")),
        "claims_flattering.jsonl": _jsonl(rows.claims(seed, "flattering")),
        "conversations.jsonl": _jsonl(rows.conversations(seed)),
        "rl_prompts.jsonl": _jsonl(rows.rl_prompts(seed)),
        "rl_tasks.jsonl": _jsonl(rows.rl_tasks(seed)),
        "safety_prompts.jsonl": _jsonl(rows.safety_prompts(seed)),
        "dilemmas.jsonl": _jsonl(rows.dilemma_items(seed)),
        "user_logs.jsonl": _jsonl(rows.user_logs(seed)),
        "chat_template.jinja": _resource("chat_template.jinja"),
        **{f"odcv/{path}": text for path, text in checkout(seed).items()},
        **{f"tasks/{path}": text for path, text in task_set().items()},
    }


def write_pocket(folder: Path, seed: int = 0, *, study_file: str = "pocket.yaml", run: str = "./runs/pocket") -> Path:
    """Write the pocket world into ``folder`` and return its study file.

    ``metric.yaml`` beside it goes on from ``run``, the folder of the study's run, which is relative to ``folder``. A
    file that is already right is left alone; one that differs from what the seed says is replaced.
    """
    for name, text in data_files(seed).items():
        _write_if_changed(folder / "data" / name, text.encode())
    study = folder / study_file
    _write_if_changed(study, study_text(seed).encode())
    _write_if_changed(folder / METRIC_STUDY, metric_study_text(run, seed).encode())
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
