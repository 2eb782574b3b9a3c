"""Stages that cannot be: an impossible order, a parent that is not there, fields that do not go together."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

from stagelens.study.paths import is_local
from stagelens.study.problems import FieldPath, Problem, nearest
from stagelens.study.spec import PRETRAINING, SPLITTING, Family, Mixture, Provenance, Source, Stage

_HUB_ID = re.compile(r"hf/[^/\s]+/[^/\s]+")
_CAUSE_WORDS = ("pretraining", "no_change", "mixed", "diffuse", "inconclusive", "uninformative")
"""What a verdict's ``cause`` says where it is not a stage's name."""


def family_problems(family: Family, where: FieldPath) -> Iterator[Problem]:
    """What is wrong with a family's stages; ``where`` is the family's own place."""
    before: dict[str, Stage] = {}
    for index, stage in enumerate(family.stages):
        at = (*where, "stages", index)
        yield from _order(stage, at, first=index == 0)
        yield from _parent(stage, at, before, later=[other.name for other in family.stages[index:]])
        yield from (_adopted(stage, at) if stage.model is not None else _trained(stage, at))
        if stage.mixture is not None:
            yield from _mixture(stage.mixture, (*at, "mixture"))
        yield from _asked(stage, at)
        yield from _resources(stage, (*at, "resources"))
        before[stage.name] = stage
    yield from _counterfactuals(family, (*where, "stages"))


def _counterfactuals(family: Family, at: FieldPath) -> Iterator[Problem]:
    """Stages that are no steps: each part once, never the first stage, and enough steps beside them."""
    taken: dict[str, str] = {}
    for index, stage in enumerate(family.stages):
        role = stage.counterfactual
        if role is None:
            continue
        place = (*at, index, "counterfactual")
        if index == 0:
            yield Problem(place, "the first stage is where the steps begin: list a counterfactual stage after it")
        if role in taken:
            yield Problem(
                place, f"{taken[role]!r} is already the counterfactual {role!r}: give each stage its own part"
            )
        taken.setdefault(role, stage.name)
    if taken and len(family.steps) < 2:
        message = (
            f"a family needs two stages that are steps, and has {len(family.steps)}: "
            "counterfactual stages are none, and production is the last step"
        )
        yield Problem(at, message)


def _order(stage: Stage, at: FieldPath, *, first: bool) -> Iterator[Problem]:
    if first:
        if stage.model is None and stage.kind not in PRETRAINING:
            message = (
                f"the first stage cannot be trained by {stage.kind}, which needs a stage before it: "
                "adopt a checkpoint with 'model', or begin with 'pretrain'"
            )
            yield Problem((*at, "kind"), message)
        return
    if stage.kind in PRETRAINING:
        yield Problem((*at, "kind"), f"{stage.kind} cannot come after another stage: it is the first one's kind")
    if stage.name in _CAUSE_WORDS:
        yield Problem((*at, "name"), f"{stage.name!r} is a word of the verdicts' own: give the stage another name")


def _parent(stage: Stage, at: FieldPath, before: dict[str, Stage], *, later: list[str]) -> Iterator[Problem]:
    if stage.from_ is None:
        return
    parent = before.get(stage.from_)
    if parent is None:
        hint = nearest(stage.from_, before) if before else "this is the first stage"
        fault = "does not come before this one" if stage.from_ in later else "is not a stage of this family"
        yield Problem((*at, "from"), f"{stage.from_!r} {fault}; {hint}")
    elif None not in (stage.seeds, parent.seeds) and parent.seeds not in (stage.seeds, 1):
        message = f"{stage.seeds} runs cannot start from the {parent.seeds} of {parent.name!r}: leave 'seeds' out here"
        yield Problem((*at, "seeds"), message)
    elif stage.trained and parent.model is not None and not _has_weights(parent.model):
        message = (
            f"{stage.kind} needs weights to start from, and {parent.name!r} is {parent.model}: "
            "name a path or hf/org/name there, or adopt this stage too"
        )
        yield Problem((*at, "from"), message)


def _resources(stage: Stage, at: FieldPath) -> Iterator[Problem]:
    """Parts of several GPUs, and a model that is split by nothing that can split it."""
    resources = stage.resources
    if resources is None:
        return
    if resources.gpus > 1 and not resources.gpus.is_integer():
        yield Problem((*at, "gpus"), f"{resources.gpus:g} GPUs cannot be given: whole ones, or a part of one")
    parts = resources.tensor_parallel
    if parts is None:
        return
    if not (stage.model or "").startswith(SPLITTING):
        message = (
            "only a model that vllm/ or sglang/ serves is split by tensor parallelism: checkpoints that are asked here "
            "are spread over all 'gpus' of the stage without it"
        )
        yield Problem((*at, "tensor_parallel"), message)
    elif parts > resources.gpus:
        message = f"a model cannot be split over {parts} of {resources.gpus:g} GPUs: write 'gpus: {parts}'"
        yield Problem((*at, "tensor_parallel"), message)


def _asked(stage: Stage, at: FieldPath) -> Iterator[Problem]:
    if stage.chat_template is not None and stage.elicitation != "template":
        message = f"a template is borrowed with 'elicitation: template', and this stage is asked {stage.elicitation}"
        yield Problem((*at, "chat_template"), message)
    model = stage.model or ""
    if stage.elicitation != "chat" and "/" in model and not _has_weights(model):
        message = (
            f"{model} is no checkpoint and can only be asked in chat, not {stage.elicitation}: "
            "write 'elicitation: chat', or name a path or hf/org/name as 'model'"
        )
        yield Problem((*at, "elicitation"), message)
    for place, text in enumerate(stage.stop):
        if not text:
            yield Problem((*at, "stop", place), "an empty text would stop every answer at once")


def _adopted(stage: Stage, at: FieldPath) -> Iterator[Problem]:
    model = stage.model or ""
    if not model.strip():
        yield Problem((*at, "model"), "the model is empty: name a path, hf/org/name, or another model of Inspect's")
    elif model.startswith("hf/") and not _HUB_ID.fullmatch(model):
        yield Problem((*at, "model"), f"a model of the hub is named hf/org/name, not {model!r}")
    elif not is_local(model) and "/" not in model:
        yield Problem((*at, "model"), f"{model!r} is neither a path (./{model}) nor provider/name (hf/org/{model})")
    for field, given in (("recipe", stage.recipe), ("mixture", stage.mixture)):
        if given is not None:
            message = f"a stage with 'model' is adopted, one with {field!r} is trained: leave one of the two out"
            yield Problem((*at, field), message)
    if stage.seeds is not None:
        yield Problem((*at, "seeds"), "a checkpoint that is adopted is one: 'seeds' applies to stages trained here")
    if stage.save_at:
        yield Problem((*at, "save_at"), "a checkpoint that is adopted is kept as it is: 'save_at' applies to training")
    if stage.revision is not None and not model.startswith("hf/"):
        yield Problem((*at, "revision"), f"'revision' applies to models named hf/org/name, not to {model}")
    if stage.subfolder is not None and not _has_weights(model):
        yield Problem((*at, "subfolder"), f"'subfolder' applies to checkpoints, not to {model}")
    if stage.trust_remote_code and not _has_weights(model):
        yield Problem((*at, "trust_remote_code"), f"'trust_remote_code' applies to checkpoints, not to {model}")


def _trained(stage: Stage, at: FieldPath) -> Iterator[Problem]:
    if stage.kind == "pretrained":
        message = "a pretrained stage needs 'model', the checkpoint to adopt (to train one here, use kind 'pretrain')"
        yield Problem(at, message)
        return
    missing = [field for field, given in (("recipe", stage.recipe), ("mixture", stage.mixture)) if given is None]
    if len(missing) == 2:
        yield Problem(at, "a stage needs either 'model' (adopted), or 'recipe' and 'mixture' (trained)")
    elif missing:
        yield Problem(at, f"a stage that is trained by {stage.kind} needs {missing[0]!r}")
    for place, part in enumerate(stage.save_at):
        if not 0 < part < 1:
            yield Problem((*at, "save_at", place), f"must be a part of the training, between 0 and 1, not {part:g}")
        elif part in stage.save_at[:place]:
            yield Problem((*at, "save_at", place), f"{part:g} stands here twice")
    for field in ("revision", "subfolder", "trust_remote_code"):
        if getattr(stage, field):
            message = f"{field!r} applies to stages that are adopted ('model'), not to one that is trained here"
            yield Problem((*at, field), message)


def _mixture(mixture: Mixture, at: FieldPath) -> Iterator[Problem]:
    names: set[str] = set()
    for index, source in enumerate(mixture.sources):
        where = (*at, "sources", index)
        if not source.name.strip():
            yield Problem((*where, "name"), "a name must not be empty")
        if source.name in names:
            yield Problem((*where, "name"), f"the name {source.name!r} is already taken: give each its own")
        names.add(source.name)
        if (source.path is None) == (source.dataset is None):
            fault = "has neither" if source.path is None else "has both"
            yield Problem(where, f"a source has exactly one of 'path' and 'dataset'; {source.name!r} {fault}")
        elif source.path is not None and not source.path.strip():
            yield Problem((*where, "path"), "the path is empty")
        elif source.dataset is not None and not source.dataset.startswith("hf/"):
            message = f"a dataset is named hf/org/name, not {source.dataset!r} (for a file use 'path')"
            yield Problem((*where, "dataset"), message)
        yield from _amount(source, mixture, where)
    if all(source.weight == 0 and source.count is None for source in mixture.sources):
        yield Problem((*at, "sources"), "every weight is 0: nothing can be drawn")
    counted = sum(source.count or 0 for source in mixture.sources)
    if mixture.examples is not None and counted > mixture.examples:
        message = f"the sources' counts make {counted}, more than the {mixture.examples} examples of the mixture"
        yield Problem((*at, "examples"), message)
    if mixture.replace is not None:
        yield from _replacement(mixture, names, (*at, "replace"))


def _amount(source: Source, mixture: Mixture, at: FieldPath) -> Iterator[Problem]:
    if source.count is not None and "weight" in source.model_fields_set:
        yield Problem((*at, "weight"), "a source has a 'count' or a 'weight': leave one of the two out")
    if source.dataset is None:
        for field in ("subset", "revision"):
            if getattr(source, field) is not None:
                yield Problem((*at, field), f"{field!r} applies to a 'dataset' of the hub, not to files")
    for key in source.provenance.model_extra or ():
        close = difflib.get_close_matches(key, Provenance.model_fields, n=1, cutoff=0.8)
        if close:
            yield Problem((*at, "provenance", key), f"the key {key!r} is not known here; did you mean {close[0]!r}?")
    author, teacher = source.provenance.author, source.provenance.teacher or source.provenance.teacher_stage
    if author in ("human", "template") and teacher is not None:
        message = f"a source that is written by a {author} has no teacher: write 'author: model', or leave it out"
        yield Problem((*at, "provenance", "author"), message)


def _replacement(mixture: Mixture, names: set[str], at: FieldPath) -> Iterator[Problem]:
    replace = mixture.replace
    assert replace is not None
    for field, given in (("sources", replace.sources), ("by", replace.by)):
        for index, name in enumerate(given):
            if name not in names:
                yield Problem((*at, field, index), f"{name!r} is no source of this mixture; {nearest(name, names)}")
            elif field == "by" and name in replace.sources:
                yield Problem((*at, field, index), f"{name!r} is itself replaced: name sources that stay")


def _has_weights(model: str) -> bool:
    """Whether a model's name leads to weights that can be trained on, rather than to a service."""
    return is_local(model) or model.startswith("hf/")
