"""Asks one stage its shards in turn, through Inspect or in bulk, and puts each log in its place when it is whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from stagelens.engine.bulk import ask_in_bulk, log_of
from stagelens.engine.folder import RunFolder
from stagelens.engine.identity import StageIdentity
from stagelens.engine.logs import METADATA_KEY, begin_log, end_log, is_whole
from stagelens.engine.serving import Serving
from stagelens.engine.shards import Shard
from stagelens.study.spec import Study

if TYPE_CHECKING:
    from inspect_ai.model import CachePolicy, Model

    from stagelens.models.bulk import Ask


def ask_in_turn(
    serving: Serving, shards: Sequence[Shard], *, study: Study, folder: RunFolder
) -> Iterator[tuple[Shard, bool]]:
    """Ask every shard of one stage, whose model is in memory meanwhile.

    Gives each shard as soon as its log is in its place, and whether all of it was answered: a shard in which items
    failed keeps its log too.
    """
    model = serving.load()
    with _released(model), _asking_in_bulk(shards, model, study) as ask:
        for shard in shards:
            bulk = shard.questions.bulk
            if bulk is None:
                yield shard, _ask(shard, model, study, folder)
            else:
                yield shard, ask_in_bulk(shard, bulk, ask, log_of(shard, folder), study)


@contextmanager
def _released(model: Model) -> Iterator[None]:
    """Free a local model's weights afterwards: Inspect keeps every model that it has evaluated."""
    from stagelens.models import release

    try:
        yield
    finally:
        release(model)


def _ask(shard: Shard, model: Model, study: Study, folder: RunFolder) -> bool:
    """Ask through Inspect; returns whether every item was asked and graded without an error."""
    from inspect_ai import eval as evaluate

    from stagelens.models import expect
    from stagelens.models.patience import patience

    place = log_of(shard, folder)
    partial = begin_log(place)
    # All of the shard at once where nothing bounds it: the local provider forms its batches from the whole set.
    at_once = min(shard.attempts, shard.questions.concurrency or shard.attempts)
    expect(model, shard.attempts, at_once=at_once)
    task = shard.questions.benchmark.task(
        shard.questions.settings,
        shard.items,
        seed=study.seed,
        epochs=shard.questions.epochs,
        system_prompt=study.generation.system_prompt,
    )
    (log,) = evaluate(
        task,
        model=model,
        log_dir=str(partial),
        metadata={METADATA_KEY: {"piece": shard.piece, "inputs": shard.inputs}},
        display="none",
        fail_on_error=False,
        max_samples=at_once,
        max_sandboxes=at_once,
        log_realtime=False,
        score_display=False,
        log_buffer=shard.attempts,
        **_settings(study),
        **patience(model),
        cache=_cache(model, shard.stage),
    )
    end_log(partial, place, log)
    if log.status == "cancelled":
        raise KeyboardInterrupt
    return is_whole(log)


def _settings(study: Study) -> dict[str, Any]:
    """How answers are generated, the same at every stage."""
    generation = study.generation
    return {
        "temperature": generation.temperature,
        "top_p": generation.top_p,
        "max_tokens": generation.max_answer_tokens + generation.max_thinking_tokens,
    }


@contextmanager
def _asking_in_bulk(shards: Sequence[Shard], model: Model, study: Study) -> Iterator[Ask]:
    """What asks in bulk, for shards of one stage."""
    from inspect_ai.model import GenerateConfig

    from stagelens.models.bulk import in_bulk
    from stagelens.models.patience import patience

    config = GenerateConfig(**_settings(study), **patience(model))
    with in_bulk(model, config, cache=_cache(model, shards[0].stage)) as ask:
        yield ask


def _cache(model: Model, stage: StageIdentity) -> CachePolicy | bool:
    """Keep the answers of paid models as they come; an answer made here is cheaper than its entry in a cache."""
    from inspect_ai.model import CachePolicy

    from stagelens.models import LOCAL_PROVIDER

    if str(model).startswith(f"{LOCAL_PROVIDER}/"):
        return False
    # The stage itself is in the scope as well: two stages that name one model of an API have answers of their own.
    return CachePolicy(expiry=None, scopes={"stage": stage.piece, "checkpoint": stage.fingerprint})
