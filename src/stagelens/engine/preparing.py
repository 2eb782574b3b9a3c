"""What is looked at before a stage is trained or asked: its mixture, what its training will be, the longest prompt."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from stagelens.engine.shards import Questions
from stagelens.stages.contamination import Found, Index, ItemText
from stagelens.study.asked import asked_stages
from stagelens.study.fingerprint import fingerprint
from stagelens.study.paths import is_local, resolve
from stagelens.study.spec import Family, Stage, Study

_OF_TOKENIZER: Final = ("chat_template", "eos_token")
"""Fields of a recipe that change a tokenizer."""


def index_items(questions: Sequence[Questions]) -> Index:
    """All items that the study asks, to be looked for in what stages are trained on."""
    return Index(
        {asked.benchmark.name: [ItemText(item.id, item.prompt) for item in asked.items] for asked in questions}
    )


def items_digest(questions: Sequence[Questions]) -> str:
    """A digest of what ``index_items`` holds."""
    return fingerprint({each.benchmark.name: [[item.id, item.prompt] for item in each.items] for each in questions})


def examine_stages(
    study: Study, checkpoints: Path | None = None, *, unmade: Collection[tuple[str, str]] | None = None
) -> Iterator[str]:
    """A line for each stage that is to be trained: what its mixture gives, and what its training takes.

    Only tokenizers and configurations are read. A stage that starts from what is pretrained here, and not there yet,
    has no line.

    Args:
        study: the study.
        checkpoints: where trained stages lie, a folder for each family; None where there are none yet.
        unmade: the (family, stage) that are to be trained; by default all that are trained here.

    Raises:
        InputError: a mixture, a template or a tokenizer is not usable, or a source would teach nothing.
    """
    from stagelens.stages.preflight import examine

    for name, family in study.families.items():
        for stage in family.stages:
            if not stage.trained or (unmade is not None and (name, stage.name) not in unmade):
                continue
            place, before = _tokenizer_of(stage, family, study, None if checkpoints is None else checkpoints / name)
            if place is not None or stage.kind == "pretrain":
                found = examine(stage, tokenizer_from=place, folder=study.folder, seed=study.seed, before=before)
                yield f"{name}/{stage.name}: {found.sentence()}"
                yield from (f"{name}/{stage.name}: {warning}" for warning in found.warnings)


def probe_stages(study: Study, questions: Sequence[Questions]) -> Iterator[str]:
    """A line for each stage whose checkpoint lies on this machine: the study's longest item, as it is asked.

    Raises:
        InputError: a template does not render it, or prompt and answer do not fit into the model's context.
    """
    from stagelens.stages.parents import load_tokenizer
    from stagelens.stages.preflight import probe
    from stagelens.stages.preflight.size import read_config

    single = [asked for asked in questions if asked.benchmark.turns(asked.settings) == 1]
    longest = max((item.prompt for asked in single for item in asked.items), key=len, default="")
    generation = study.generation
    for name in study.families if longest else ():
        for stage in (each.stage for each in asked_stages(study, name)):
            borrowed = None if stage.chat_template is None else resolve(stage.chat_template, study.folder)
            if stage.model is None or not is_local(stage.model) or (borrowed is None and stage.prompting == "template"):
                continue
            place, where = resolve(stage.model, study.folder) / (stage.subfolder or ""), f"Stage {name}/{stage.name}"
            found = probe(
                stage,
                longest,
                load_tokenizer(place, where),
                context=getattr(read_config(place, where).get_text_config(), "max_position_embeddings", None),
                answer_tokens=generation.max_answer_tokens + generation.max_thinking_tokens,
                template=None if borrowed is None else borrowed.read_text(encoding="utf-8"),
                system=generation.system_prompt,
            )
            yield f"{name}/{stage.name}: asked {stage.prompting}, the longest item takes {found.tokens} tokens"


def describe(found: Sequence[Found]) -> str:
    """What of the benchmarks stands in a mixture, in a line; empty where nothing does."""
    parts = [f"{each.found} of {each.items} items of {each.benchmark}" for each in found if each.found]
    return ", ".join(parts)


def _tokenizer_of(
    stage: Stage, family: Family, study: Study, checkpoints: Path | None
) -> tuple[Path | None, dict[str, Any]]:
    """The nearest checkpoint before a stage that lies on this machine, None where there is none.

    And what the recipes of stages in between, which are still to be trained, do to its tokenizer.
    """
    known: Mapping[str, Stage] = {each.name: each for each in family.stages}
    parent = known.get(stage.from_ or "")
    before: dict[str, Any] = {}
    while parent is not None:
        if parent.model is not None:
            return (resolve(parent.model, study.folder) if is_local(parent.model) else None), before
        made = None if checkpoints is None else checkpoints / parent.name
        if made is not None and (made / "config.json").is_file():
            return made, before
        before = {name: value for name, value in (parent.recipe or {}).items() if name in _OF_TOKENIZER} | before
        parent = known.get(parent.from_ or "")
    return None, before
