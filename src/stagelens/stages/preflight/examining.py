"""Everything that is known of a stage that is trained before it costs anything.

Only the tokenizer and the configuration of the checkpoint that it starts from are read, no weight.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from stagelens.errors import InputError
from stagelens.stages import mixture
from stagelens.stages.mixture import Row
from stagelens.stages.parents import load_tokenizer
from stagelens.stages.preflight import checks, rates, reckon, rendering, size, surveys
from stagelens.stages.preflight.reckon import Cost
from stagelens.stages.preflight.size import Size
from stagelens.stages.preflight.surveys import SourceSurvey
from stagelens.stages.recipe import arguments, chat_template, llama
from stagelens.stages.training import quiet
from stagelens.study.spec import Stage

SAMPLE: Final = 2_000_000
"""Characters of a corpus that a tokenizer is learned from, to count the tokens of the rest."""


@dataclass(frozen=True, slots=True)
class Examination:
    """What a training will be.

    Attributes:
        stage: its name.
        sources: what each source gives; empty for pretraining, whose tokenizer is not there yet.
        size: of the model.
        cost: steps, tokens, memory and time, on one device.
        warnings: sentences about rows that are not trained on as written, and about memory that is not there.
    """

    stage: str
    sources: tuple[SourceSurvey, ...]
    size: Size
    cost: Cost
    warnings: tuple[str, ...]

    def sentence(self) -> str:
        """Size, memory and time in one line."""
        whole = self.size.trainable == self.size.parameters
        trained = "all trained" if whole else f"{_short(self.size.trainable)} trained"
        cost = self.cost
        return (
            f"{_short(self.size.parameters)} parameters, {trained}; {cost.steps:,} steps over {_short(cost.tokens)} "
            f"tokens; about {_bytes(cost.memory.total)} and {_duration(cost.hours)} on one device ({cost.device})."
        )


def examine(
    stage: Stage,
    *,
    tokenizer_from: Path | None,
    folder: Path,
    seed: int,
    gpu: str | None = None,
    before: Mapping[str, Any] | None = None,
) -> Examination:
    """Render a stage's mixture and reckon what its training takes.

    Args:
        stage: one that is trained.
        tokenizer_from: the checkpoint whose tokenizer and configuration the stage starts with: its parent, or, where
            that is still to be trained, the nearest one before it that is there. None for pretraining.
        folder: the study file's own, where relative paths start.
        seed: of the draw.
        before: the recipe of a stage in between, which gives the tokenizer its chat template and the end of a turn.
        gpu: the GPU that the time is for (``rates.KNOWN``); None measures this machine's own device.

    Raises:
        InputError: a source, the recipe, the chat template or the checkpoint is not usable, or a source would teach
            nothing; see ``checks.check``.
    """
    where, recipe = f"Stage {stage.name!r}", stage.recipe or {}
    if stage.mixture is None:
        raise InputError(f"{where}: a stage that is trained needs a `mixture`.")
    with quiet():
        args = _arguments(stage, seed)
        rows = mixture.draw(mixture.read(stage.mixture, folder, stage.kind), stage.mixture, seed)
        if tokenizer_from is None:
            return _pretraining(stage, rows, args, gpu)
        trust = stage.trust_remote_code
        config = size.read_config(tokenizer_from, where, trust_remote_code=trust)
        sized = size.measure(config, where, lora=recipe.get("lora"), trust_remote_code=trust)
        tokenizer = load_tokenizer(tokenizer_from, where)
        before = before or {}
        template = chat_template(recipe, folder, where) or chat_template(before, folder, where)
        tokenizer.chat_template = template or tokenizer.chat_template
        tokenizer.eos_token = getattr(args, "eos_token", None) or before.get("eos_token") or tokenizer.eos_token
        ends = checks.ends(_configured_ends(config, tokenizer_from), tokenizer)
        sources = _surveyed(stage, rows, tokenizer, args, sized, ends)
        load = reckon.load(stage.kind, args, surveys.total(sources), sized)
        cost = reckon.cost(load, args, sized, gpu=gpu)
    warnings = [*_of_rows(stage, sources, args, sized), *_of_cost(stage, cost, gpu)]
    return Examination(stage.name, sources, sized, cost, tuple(warnings))


def _arguments(stage: Stage, seed: int) -> Any:
    with tempfile.TemporaryDirectory(prefix="stagelens-") as scratch:
        return arguments(stage, output=Path(scratch), seed=seed)


def _configured_ends(config: Any, checkpoint: Path) -> list[int | None]:
    from transformers import GenerationConfig

    named = [config.get_text_config().eos_token_id]
    if (checkpoint / "generation_config.json").is_file():
        named.append(GenerationConfig.from_pretrained(checkpoint).eos_token_id)
    return [token for each in named for token in (each if isinstance(each, list) else [each])]


def _surveyed(
    stage: Stage, rows: Sequence[Row], tokenizer: Any, args: Any, sized: Size, ends: frozenset[int]
) -> tuple[SourceSurvey, ...]:
    where = f"Stage {stage.name!r}"
    if stage.kind == "dpo":
        pairs = rendering.render_pairs(rows, tokenizer, where)
        surveys.check_pairs(pairs, max_length=args.max_length, where=where)
        return surveys.survey_pairs(pairs, args.max_length)
    if stage.kind == "rl":
        room = None if sized.context is None else sized.context - (args.max_completion_length or 0)
        prompts = rendering.render_prompts(rows, tokenizer, where)
        surveys.check_prompts(prompts, room=room, where=where)
        return surveys.survey(prompts, room)
    rendered = rendering.render(rows, tokenizer, where)
    checks.check(rendered, stop_ids=ends, max_length=args.max_length, where=where)
    return surveys.survey(rendered, args.max_length)


def _pretraining(stage: Stage, rows: Sequence[Row], args: Any, gpu: str | None) -> Examination:
    from stagelens.stages.pretrain import MAX_LENGTH, learn_tokenizer

    recipe, where = stage.recipe or {}, f"Stage {stage.name!r}"
    texts = [row["text"] for row in rows]
    sample = texts[: _reaching(texts, SAMPLE)]
    tokenizer = learn_tokenizer(sample, **recipe["tokenizer"])
    sized = size.measure(llama(recipe, where, vocab_size=len(tokenizer)), where)
    counted = sum(len(ids) + 1 for ids in tokenizer(sample)["input_ids"])
    tokens = round(counted * sum(map(len, texts)) / sum(map(len, sample)))
    load = reckon.corpus(tokens, recipe.get("max_length", MAX_LENGTH), args)
    cost = reckon.cost(load, args, sized, gpu=gpu)
    return Examination(stage.name, (), sized, cost, tuple(_of_cost(stage, cost, gpu)))


def _reaching(texts: Sequence[str], characters: int) -> int:
    """How many of the texts hold so many characters; all where they hold fewer."""
    held = 0
    for number, text in enumerate(texts, start=1):
        held += len(text)
        if held >= characters:
            return number
    return len(texts)


def _of_rows(stage: Stage, sources: Sequence[SourceSurvey], args: Any, sized: Size) -> Iterator[str]:
    limit = "the model's context" if stage.kind == "rl" else f"`max_length` {args.max_length}"
    limited = math.inf if stage.kind == "rl" else args.max_length or math.inf
    for each in sources:
        where = f"Stage {stage.name!r}: in source {each.source!r}"
        if each.lost:
            yield f"{where} {each.lost:,} of {each.rows:,} rows lose all that is trained on to {limit}."
        elif each.cut:
            yield f"{where} {each.cut:,} of {each.rows:,} rows are longer than {limit}."
        if each.spelled:
            yield f"{where} {each.spelled:,} of {each.rows:,} rows spell a special token, and are read as having it."
        if each.context:
            yield (
                f"{where} {each.context:,} answers are context and not trained on: the chat template shows them "
                "otherwise than it asks for them."
            )
        if stage.kind != "rl" and sized.context is not None and min(each.longest, limited) > sized.context:
            yield f"{where} rows are longer than the model's context of {sized.context:,} tokens; set `max_length`."


def _of_cost(stage: Stage, cost: Cost, gpu: str | None) -> Iterator[str]:
    if gpu is None and cost.memory.total > (here := rates.memory_here()):
        yield (
            f"Stage {stage.name!r}: training takes about {_bytes(cost.memory.total)}, and this machine has "
            f"{_bytes(here)}; lower `per_device_train_batch_size` or `max_length`, or train an adapter (`lora`)."
        )


def _short(count: float) -> str:
    for unit, name in ((1e9, " B"), (1e6, " M"), (1e3, " k")):
        if count >= unit:
            return f"{count / unit:.3g}{name}"
    return f"{count:.0f}"


def _bytes(count: float) -> str:
    for unit, name in ((2**30, "GiB"), (2**20, "MiB")):
        if count >= unit:
            return f"{count / unit:.2g} {name}" if count < 100 * unit else f"{count / unit:.0f} {name}"
    return f"{count / 2**10:.0f} KiB"


def _duration(hours: float) -> str:
    if hours >= 1:
        return f"{hours:.2g} hours" if hours < 100 else f"{hours:,.0f} hours"
    return f"{hours * 60:.2g} minutes" if hours >= 1 / 60 else f"{hours * 3600:.2g} seconds"
