"""Asks a stage the items of a shard, through Inspect, and puts the log in its place when it is whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from stagelens.engine.bulk import ask_in_bulk, log_of
from stagelens.engine.folder import RunFolder
from stagelens.engine.identity import StageIdentity, prompting_of
from stagelens.engine.ledger import Ledger
from stagelens.engine.logs import METADATA_KEY, begin_log, end_log
from stagelens.engine.progress import Reporter
from stagelens.engine.samples import sample_of
from stagelens.engine.shards import Shard
from stagelens.engine.train import checkpoint_of
from stagelens.errors import InputError
from stagelens.stages.adopt import adopt
from stagelens.study.paths import resolve
from stagelens.study.spec import Study

if TYPE_CHECKING:
    from inspect_ai.log import EvalLog
    from inspect_ai.model import CachePolicy, Model

    from stagelens.models.bulk import Ask


def unasked(shards: Sequence[Shard], folder: RunFolder, ledger: Ledger) -> list[Shard]:
    """The shards that have to be asked.

    Raises:
        InputError: a shard is there, asked with other inputs.
    """
    missing = []
    for shard in shards:
        done = ledger.is_done(shard.piece, shard.inputs)
        if done and not log_of(shard, folder).is_file():
            ledger.forget(shard.piece)
            done = False
        if not done:
            missing.append(shard)
    return missing


def ask_shards(shards: Sequence[Shard], *, study: Study, folder: RunFolder, ledger: Ledger, reporter: Reporter) -> None:
    """Ask every shard, one stage's model in memory at a time.

    A shard in which items failed keeps its log, and is not recorded as done: another run asks it again.
    """
    for stage, own in _by_stage(shards):
        model = _model(stage, study, folder)
        with (
            _released(model),
            _asking_in_bulk(own, model, study) as ask,
            reporter.bar(f"{stage.family}/{stage.stage.name}: asking") as step,
        ):
            for position, shard in enumerate(own):
                step(position, len(own))
                bulk = shard.questions.bulk
                if bulk is None:
                    whole = _ask(shard, model, study, folder)
                else:
                    whole = ask_in_bulk(shard, bulk, ask, log_of(shard, folder), study)
                    sample_of(shard, folder).unlink(missing_ok=True)
                if whole:
                    ledger.record(shard.piece, shard.inputs)
        look = f" at look {own[0].look}" if study.analysis.looks > 1 else ""
        reporter.say(f"asked {stage.family}/{stage.stage.name}{look}: {sum(shard.attempts for shard in own)} answers")


@contextmanager
def _released(model: Model) -> Iterator[None]:
    """Free a local model's weights afterwards: Inspect keeps every model that it has evaluated."""
    from stagelens.models import release

    try:
        yield
    finally:
        release(model)


def is_whole(log: EvalLog) -> bool:
    """Whether every item of a log's shard was asked and graded without an error; a header is enough to tell."""
    results = log.results
    return log.status == "success" and results is not None and results.completed_samples == results.total_samples


def _by_stage(shards: Sequence[Shard]) -> list[tuple[StageIdentity, list[Shard]]]:
    groups: dict[str, tuple[StageIdentity, list[Shard]]] = {}
    for shard in shards:
        groups.setdefault(shard.stage.piece, (shard.stage, []))[1].append(shard)
    return list(groups.values())


def _model(identity: StageIdentity, study: Study, folder: RunFolder) -> Model:
    from stagelens.models import resolve_model

    checkpoint = checkpoint_of(identity, study, folder)
    if checkpoint is not None and not checkpoint.exists():
        raise InputError(
            f"Stage {identity.family}/{identity.stage.name} has no checkpoint at {checkpoint}: "
            "make it with `stagelens train`, or run everything with `stagelens run`."
        )
    # The fingerprint in the label gives every checkpoint a model name of its own: Inspect's caches know models by name.
    label = f"{identity.family}-{identity.stage.name}-{identity.fingerprint[:12]}"
    stage = identity.stage.model_copy(update={"elicitation": prompting_of(identity.stage, study.generation)})
    template = _borrowed_template(identity, study, folder) if stage.prompting == "template" else None
    try:
        return resolve_model(stage, checkpoint=checkpoint, label=label, chat_template=template)
    except InputError:
        raise
    except Exception as error:
        # Providers refuse in ways of their own: a missing key, a missing package, an unknown name.
        raise InputError(
            f"Stage {identity.family}/{identity.stage.name}: the model {identity.stage.model} cannot be used: {error}"
        ) from error


def _borrowed_template(identity: StageIdentity, study: Study, folder: RunFolder) -> str:
    """The chat template that a stage is asked through: the file that it names, else that of the family's production."""
    family, named = identity.family, identity.stage.chat_template
    if named is not None:
        return resolve(named, study.folder).read_text(encoding="utf-8")
    production = study.families[family].production
    trained = production.trained
    checkpoint = folder.checkpoint(family, production.name) if trained else adopt(production, study.folder).path
    path = checkpoint / "chat_template.jinja"
    if not path.is_file():
        raise InputError(
            f"{family}: production's checkpoint {checkpoint} has no chat_template.jinja for other stages to borrow: "
            "ask them with `elicitation: raw` or `urial`, or set generation.chat_template to own."
        )
    return path.read_text(encoding="utf-8")


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
