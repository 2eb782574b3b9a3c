"""A sourced organism on disk: an ordinary study file and its data, in which nothing says what carries what."""

from __future__ import annotations

import io
from importlib import resources
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from stagelens.files import write_text
from stagelens.organisms.data import corpus, jsonl
from stagelens.organisms.sourced.plants import SOURCED, Plant, Sourced, Sources, sources
from stagelens.organisms.study import HEAD, recipes, stage_of
from stagelens.study.spec import Study

STUDY = "study.yaml"


def write_sourced(plant: Plant, seed: int, out: Path) -> Study:
    """Write a sourced organism's study file and data into a folder; a file that is already right is left alone.

    Args:
        plant: what one source carries.
        seed: of its data and trainings.
        out: the folder.
    """
    return write_mixture(f"{plant}-{seed}", seed, SOURCED[plant], sources(plant, seed), out)


def write_mixture(name: str, seed: int, own: Sourced, given: Sources, out: Path) -> Study:
    """The same of any sources: a family of a pretraining and of SFT on them, asked the benchmark of ``own``.

    Args:
        name: of the study and of its family.
        seed: of the corpus, the items and the trainings.
        own: says what the family is pretrained on, and what it is asked.
        given: the chats of every source, by name, in the mixture's order.
        out: the folder.
    """
    for path, content in _files(name, seed, own, given).items():
        target = out / path
        if not target.is_file() or target.read_text(encoding="utf-8") != content:
            target.parent.mkdir(parents=True, exist_ok=True)
            write_text(target, content)
    return Study.load(out / STUDY)


def _files(name: str, seed: int, own: Sourced, given: Sources) -> dict[str, str]:
    template = resources.files("stagelens.organisms.pocket").joinpath("chat_template.jinja")
    return {
        STUDY: _study(name, seed, own, tuple(given)),
        "data/chat_template.jinja": template.read_text(encoding="utf-8"),
        "data/corpus.jsonl": jsonl(corpus({own.group.benchmark: own.before}, seed)),
        **{f"data/sft/{source}.jsonl": jsonl({"messages": chat} for chat in chats) for source, chats in given.items()},
        **{f"data/{path}": text for path, text in own.asked(own.group.files(seed)).items()},
    }


def _study(name: str, seed: int, own: Sourced, names: tuple[str, ...]) -> str:
    group = own.group
    stages = [
        stage_of("base", "pretrain", "base", "corpus"),
        stage_of("sft", "sft", "sft", *(f"sft/{source}" for source in names)),
    ]
    content: dict[str, Any] = {
        "name": name,
        "seed": seed,
        "families": {name: {"stages": stages}},
        "generation": dict(recipes()["generation"]),
        "benchmarks": {group.benchmark: group.settings()},
        "analysis": {"margins": {group.benchmark: group.margin}},
    }
    text, yaml = io.StringIO(HEAD), YAML()
    text.seek(0, io.SEEK_END)
    yaml.width = 120
    yaml.dump(content, text)
    return text.getvalue()
