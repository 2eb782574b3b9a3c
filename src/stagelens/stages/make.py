"""One stage, made: dispatch by kind, train in a scratch folder, save as a checkpoint, and on the way as points."""

from __future__ import annotations

import platform
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from stagelens.errors import InputError
from stagelens.stages import checkpoint, mixture
from stagelens.stages.adopt import adopt
from stagelens.stages.contamination import VERSION, Found, Index, Survey, check_limit
from stagelens.stages.course import KEEP_EVERY, Course, Point, Progress
from stagelens.stages.launch import launch
from stagelens.stages.losses import Losses
from stagelens.stages.recipe import accelerate_file, by_content, check_recipe
from stagelens.stages.resume import is_first_process, scratch_folder
from stagelens.stages.training import Trained, fitting_threads, quiet, whole_copy
from stagelens.study.spec import Decontamination, Stage


def make_stage(
    stage: Stage,
    *,
    parent: Path | None,
    folder: Path,
    out: Path,
    seed: int,
    inputs: Mapping[str, Any],
    progress: Progress | None = None,
    scratch: Path | None = None,
    points: Sequence[Point] = (),
    keep_every: float = KEEP_EVERY,
    benchmarks: Index | None = None,
) -> Path:
    """The stage's checkpoint: an adopted one where it lies, a trained one in ``out``, made only if it is not there.

    Trained twice on one machine with the same number of threads, the weights are the same bit for bit; so they are
    where the first training was killed and the same call goes on, on a CPU. A point that is missing beside a finished
    checkpoint costs the whole training again. Of several processes that train together the first writes.

    Args:
        stage: what to make.
        parent: the checkpoint it starts from, None for pretraining.
        folder: the study file's own folder, where relative paths start.
        out: where a trained checkpoint goes. It appears there whole, or, after an error or a kill, not at all.
        seed: of the draw, the order of the rows, the first weights and all sampling.
        inputs: ``stage_inputs`` and whatever else decides the weights (parent, seed), in plain JSON types.
        progress: called after every step.
        scratch: a folder that outlives the process, for what a killed training needs to go on; gone at the end. None: a
            killed training begins anew.
        points: where the stage is also saved on its way, as checkpoints like ``out``.
        benchmarks: the study's items, which the mixture is searched for; None: it is not.
        keep_every: seconds of training after which its state is kept in ``scratch``, longer ones where keeping it takes
            long; 0: after every step.

    Raises:
        InputError: recipe, mixture, chat template or parent are not usable.
    """
    if not stage.trained:
        return adopt(stage, folder).path
    missing = [point for point in points if not checkpoint.is_complete(point.out, point.inputs)]
    if checkpoint.is_complete(out, inputs) and not missing:
        if scratch is not None:
            shutil.rmtree(scratch, ignore_errors=True)  # of a call that was killed at its very end
        return out
    configuration = accelerate_file(stage.recipe or {}, folder, f"Stage {stage.name!r}")
    if configuration is not None:
        check_recipe(stage, folder)
        return launch(
            stage,
            configuration,
            parent=parent,
            folder=folder,
            out=out,
            seed=seed,
            inputs=inputs,
            progress=progress,
            scratch=scratch,
            points=points,
            keep_every=keep_every,
            benchmarks=benchmarks,
        )
    with quiet(), scratch_folder(scratch, {"inputs": inputs, "versions": _versions()}) as work:
        from transformers import set_seed

        check_recipe(stage, folder)
        contents, found = clean_mixture(stage, folder, benchmarks)
        assert stage.mixture is not None
        rows = mixture.draw(contents, stage.mixture, seed)
        drawn = Counter(row["source"] for row in rows)

        def save_point(point: Point, model: Any, tokenizer: Any, step: int, losses: Losses) -> None:
            facts = {"steps": step, "training_loss": round(losses.mean, 6)}
            trained = Trained(model, tokenizer, facts, course.counted)
            described = _provenance(stage, contents, found, drawn, trained, parent)
            checkpoint.save(
                point.out,
                model=whole_copy(model),
                tokenizer=tokenizer,
                inputs=point.inputs,
                provenance={**described, "saved_at": point.part, "step": step},
                losses=losses.content(),
            )

        course = Course(progress, None if scratch is None else keep_every, missing, save_point)
        set_seed(seed)  # an adapter's first weights are drawn before a trainer sets its seed
        trained = _train(stage, rows, parent=parent, folder=folder, work=work, seed=seed, course=course)
        assert course.losses is not None
        if not is_first_process():
            return out
        return checkpoint.save(
            out,
            model=trained.model,
            tokenizer=trained.tokenizer,
            inputs=inputs,
            provenance=_provenance(stage, contents, found, drawn, trained, parent),
            losses=course.losses.content(),
        )


def stage_inputs(stage: Stage, folder: Path, items: str | None = None) -> dict[str, Any]:
    """What decides a stage besides its parent and the seed, in plain JSON types, files by their sha256.

    ``items`` is a digest of the benchmarks' items: it counts where rows that hold one are left out.

    InputError where a source, a template or a checkpoint is not usable.
    """
    if not stage.trained:
        return {"kind": stage.kind, "model": adopt(stage, folder).fingerprint()}
    assert stage.mixture is not None
    recipe = by_content(stage, folder)
    contents = read_mixture(stage, folder)
    drawn_from = mixture.fingerprint(contents, stage.mixture)
    if stage.mixture.decontaminate.remove:
        drawn_from["without_items"] = {"items": items, "search": VERSION}
        if stage.mixture.decontaminate.allow:
            drawn_from["without_items"]["allow"] = sorted(stage.mixture.decontaminate.allow)
    return {"kind": stage.kind, "recipe": recipe, "mixture": drawn_from}


def read_mixture(stage: Stage, folder: Path) -> tuple[mixture.Content, ...]:
    """The sources of a stage that is trained. InputError names file, line and field."""
    if stage.mixture is None:
        raise InputError(f"Stage {stage.name!r}: a stage that is trained needs a `mixture`.")
    return mixture.read(stage.mixture, folder, stage.kind)


def clean_mixture(
    stage: Stage, folder: Path, benchmarks: Index | None
) -> tuple[tuple[mixture.Content, ...], tuple[Found, ...]]:
    """The sources of a stage, searched for items of benchmarks, and what was found.

    Raises:
        InputError: a source is not usable, or more of a benchmark was found than the mixture allows.
    """
    contents = read_mixture(stage, folder)
    if benchmarks is None or stage.mixture is None:
        return contents, ()
    wanted = stage.mixture.decontaminate
    survey = Survey(benchmarks, wanted.allow)
    for content in contents:
        survey.read(content.name, content.rows)
    found = survey.found()
    check_limit(found, wanted, f"Stage {stage.name!r}")
    if not wanted.remove:
        return contents, found
    left = tuple(
        mixture.without(content, survey.places[content.name], _not_allowed(survey.by_benchmark[content.name], wanted))
        for content in contents
    )
    for before, after in zip(contents, left, strict=True):
        if not len(after.rows):
            raise InputError(
                f"Stage {stage.name!r}: every one of the {len(before.rows)} rows of source {before.name!r} holds an "
                "item of a benchmark, and `decontaminate` leaves them out; take that source away."
            )
    return left, found


def _train(
    stage: Stage,
    rows: Sequence[mixture.Row],
    *,
    parent: Path | None,
    folder: Path,
    work: Path,
    seed: int,
    course: Course,
) -> Trained:
    if stage.kind == "pretrain":
        from stagelens.stages.pretrain import pretrain

        return pretrain(stage, rows, folder=folder, work=work, seed=seed, course=course)
    if parent is None:
        raise InputError(f"Stage {stage.name!r}: a stage of kind {stage.kind} needs a stage to start from.")
    if stage.kind == "sft":
        from stagelens.stages.sft import sft

        return sft(stage, rows, parent=parent, folder=folder, work=work, seed=seed, course=course)
    if stage.kind == "dpo":
        from stagelens.stages.dpo import dpo

        return dpo(stage, rows, parent=parent, folder=folder, work=work, seed=seed, course=course)
    from stagelens.stages.rl import rl

    return rl(stage, rows, parent=parent, folder=folder, work=work, seed=seed, course=course)


def _provenance(
    stage: Stage,
    contents: Sequence[mixture.Content],
    found: Sequence[Found],
    drawn: Mapping[str, int],
    trained: Trained,
    parent: Path | None,
) -> dict[str, Any]:
    import torch

    return {
        "stage": stage.name,
        "kind": stage.kind,
        "parent": None if parent is None else parent.name,
        "sources": [
            {
                "name": each.name,
                "rows": len(each.rows),
                "drawn": drawn.get(each.name, 0),
                "sha256": each.sha256,
                "provenance": dict(each.provenance),
                **trained.counted.get(each.name, {}),
                **({"duplicates": each.duplicates} if each.duplicates else {}),
                **({"contaminated": dict(each.contaminated)} if each.contaminated else {}),
            }
            for each in contents
        ],
        "contamination": {each.benchmark: each.to_dict(removed=_removes(stage, each.benchmark)) for each in found},
        "training": dict(trained.facts),
        "machine": {
            "device": str(trained.model.device),
            "threads": fitting_threads(trained.model) or torch.get_num_threads(),
            "cpu": platform.machine(),
        },
        "versions": _versions(),
    }


def _not_allowed(counts: Mapping[str, int], wanted: Decontamination) -> dict[str, int]:
    return {benchmark: rows for benchmark, rows in counts.items() if benchmark not in wanted.allow}


def _removes(stage: Stage, benchmark: str) -> bool:
    wanted = None if stage.mixture is None else stage.mixture.decontaminate
    return wanted is not None and wanted.remove and benchmark not in wanted.allow


def _versions() -> dict[str, str]:
    return {name: version(name) for name in ("torch", "transformers", "trl", "tokenizers")}
