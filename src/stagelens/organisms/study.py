"""The study file of an organism: an ordinary one, in which nothing says what was planted."""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import cache
from importlib import resources
from typing import Any, Final

from stagelens.organisms.groups import GROUPS
from stagelens.organisms.spec import OrganismSpec

STEPS: Final = ("base", "sft", "production")
"""The stages that are steps, in order."""
ALONE: Final = ("neither", "rl_only")
"""The stages of the 2×2 that are no steps: SFT that teaches nothing of the behaviour, and RL after it."""
LATER_TEMPLATE: Final = "data/later_template.jinja"
"""Where production's own chat template lies, if it has one."""
HEAD: Final = "# An organism: a small family, made and asked like any other.\n"


def study_text(spec: OrganismSpec) -> str:
    """The study file; its data lie in ``./data``."""
    from ruamel.yaml import YAML

    text, yaml = io.StringIO(HEAD), YAML()
    text.seek(0, io.SEEK_END)
    yaml.width = 120
    yaml.dump(_content(spec), text)
    return text.getvalue()


def _content(spec: OrganismSpec) -> dict[str, Any]:
    planted = [name for name in GROUPS if name in spec.plants]
    return {
        "name": spec.name,
        "seed": spec.seed,
        "families": {spec.name: {"stages": list(_stages(spec, planted))}},
        "generation": _generation(spec),
        "benchmarks": {name: {**GROUPS[name].settings(), **_beside(spec, name)} for name in planted},
        "analysis": {"margins": {name: GROUPS[name].margin for name in planted}},
    }


def _stages(spec: OrganismSpec, planted: list[str]) -> Iterator[dict[str, Any]]:
    yield stage_of("base", "pretrain", "base", "corpus")
    yield stage_of("sft", "sft", "sft", "sft/helpful", *(f"sft/{name}" for name in planted))
    yield _production(spec, planted)
    if spec.squared:
        untaught = ("sft/helpful", *(f"untaught/{name}" for name in planted))
        neither, rl_only = ALONE
        yield {**stage_of(neither, "sft", "sft", *untaught), "from": "base", "counterfactual": neither}
        yield {**stage_of(rl_only, "rl", "rl", "practice"), "from": neither, "counterfactual": rl_only}


def _production(spec: OrganismSpec, planted: list[str]) -> dict[str, Any]:
    """What RL makes of the SFT stage, or, with a nuisance, more fine-tuning."""
    if spec.style is None:
        return stage_of("production", "rl", "rl", "practice")
    stage = stage_of("production", "sft", "later", "later/helpful", *(f"later/{name}" for name in planted))
    if spec.style.template is not None:
        stage["recipe"]["chat_template"] = f"./{LATER_TEMPLATE}"
    return stage


def _generation(spec: OrganismSpec) -> dict[str, Any]:
    tokens = None if spec.style is None else spec.style.answer_tokens
    return {**recipes()["generation"], **({} if tokens is None else {"max_answer_tokens": tokens})}


def _beside(spec: OrganismSpec, name: str) -> dict[str, Any]:
    return {} if spec.style is None else dict(spec.style.settings.get(name, {}))


def stage_of(name: str, kind: str, recipe: str, *files: str) -> dict[str, Any]:
    """A stage that is trained on files of ``data``, without their ending, a source each."""
    sources = [
        {"name": file.rpartition("/")[2], "path": f"./data/{file}.jsonl", "provenance": {"author": "template"}}
        for file in files
    ]
    # Items share their templates with the data, and differ in names.
    mixture = {"decontaminate": {"at_most": 1.0}, "sources": sources}
    return {"name": name, "kind": kind, "recipe": dict(recipes()[recipe]), "mixture": mixture}


@cache
def recipes() -> dict[str, Any]:
    """How stages are trained and asked, by the kind of stage."""
    from ruamel.yaml import YAML

    text = resources.files(__package__).joinpath("recipes.yaml").read_text(encoding="utf-8")
    content: dict[str, Any] = YAML(typ="safe", pure=True).load(text)
    return content
