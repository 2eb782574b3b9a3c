"""One stage, made: dispatch by kind, train in a scratch folder, save as a checkpoint."""

from __future__ import annotations

import platform
import tempfile
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from stagelens.errors import InputError
from stagelens.stages import checkpoint, mixture
from stagelens.stages.adopt import adopt
from stagelens.stages.recipe import by_content, check_recipe
from stagelens.stages.training import Progress, Trained, fitting_threads, quiet
from stagelens.study.spec import Stage


def make_stage(
    stage: Stage,
    *,
    parent: Path | None,
    folder: Path,
    out: Path,
    seed: int,
    inputs: Mapping[str, Any],
    progress: Progress | None = None,
) -> Path:
    """The stage's checkpoint: an adopted one where it lies, a trained one in ``out``, made only if it is not there.

    Trained twice on one machine with the same number of threads, the weights are the same bit for bit.

    Args:
        stage: what to make.
        parent: the checkpoint it starts from, None for pretraining.
        folder: the study file's own folder, where relative paths start.
        out: where a trained checkpoint goes. It appears there whole, or, after an error or a kill, not at all.
        seed: of the draw, the order of the rows, the first weights and all sampling.
        inputs: ``stage_inputs`` and whatever else decides the weights (parent, seed), in plain JSON types.
        progress: called after every step.

    Raises:
        InputError: recipe, mixture, chat template or parent are not usable.
    """
    if not stage.trained:
        return adopt(stage, folder).path
    if checkpoint.is_complete(out, inputs):
        return out
    with quiet(), tempfile.TemporaryDirectory(prefix="stagelens-") as work:
        check_recipe(stage, folder)
        contents = read_mixture(stage, folder)
        trained = _train(stage, contents, parent=parent, folder=folder, work=Path(work), seed=seed, progress=progress)
        return checkpoint.save(
            out,
            model=trained.model,
            tokenizer=trained.tokenizer,
            inputs=inputs,
            provenance=_provenance(stage, contents, trained, parent),
        )


def stage_inputs(stage: Stage, folder: Path) -> dict[str, Any]:
    """What decides a stage besides its parent and the seed, in plain JSON types, files by their sha256.

    InputError where a source, a template or a checkpoint is not usable.
    """
    if not stage.trained:
        return {"kind": stage.kind, "model": adopt(stage, folder).fingerprint()}
    assert stage.mixture is not None
    recipe = by_content(stage, folder)
    contents = read_mixture(stage, folder)
    return {"kind": stage.kind, "recipe": recipe, "mixture": mixture.fingerprint(contents, stage.mixture)}


def read_mixture(stage: Stage, folder: Path) -> tuple[mixture.Content, ...]:
    """The sources of a stage that is trained. InputError names file, line and field."""
    if stage.mixture is None:
        raise InputError(f"Stage {stage.name!r}: a stage that is trained needs a `mixture`.")
    return mixture.read(stage.mixture, folder, stage.kind)


def _train(
    stage: Stage,
    contents: tuple[mixture.Content, ...],
    *,
    parent: Path | None,
    folder: Path,
    work: Path,
    seed: int,
    progress: Progress | None,
) -> Trained:
    assert stage.mixture is not None
    rows = mixture.draw(contents, stage.mixture, seed)
    if stage.kind == "pretrain":
        from stagelens.stages.pretrain import pretrain

        return pretrain(stage, rows, folder=folder, work=work, seed=seed, progress=progress)
    if parent is None:
        raise InputError(f"Stage {stage.name!r}: a stage of kind {stage.kind} needs a stage to start from.")
    if stage.kind == "sft":
        from stagelens.stages.sft import sft

        return sft(stage, rows, parent=parent, folder=folder, work=work, seed=seed, progress=progress)
    if stage.kind == "dpo":
        from stagelens.stages.dpo import dpo

        return dpo(stage, rows, parent=parent, folder=folder, work=work, seed=seed, progress=progress)
    from stagelens.stages.rl import rl

    return rl(stage, rows, parent=parent, folder=folder, work=work, seed=seed, progress=progress)


def _provenance(
    stage: Stage, contents: tuple[mixture.Content, ...], trained: Trained, parent: Path | None
) -> Mapping[str, Any]:
    import torch

    return {
        "stage": stage.name,
        "kind": stage.kind,
        "parent": None if parent is None else parent.name,
        "sources": [
            {"name": each.name, "rows": len(each.rows), "sha256": each.sha256, "provenance": dict(each.provenance)}
            for each in contents
        ],
        "training": dict(trained.facts),
        "machine": {
            "device": str(trained.model.device),
            "threads": fitting_threads(trained.model) or torch.get_num_threads(),
            "cpu": platform.machine(),
        },
        "versions": {name: version(name) for name in ("torch", "transformers", "trl", "tokenizers")},
    }
