"""Makes the stages that are missing, in order, and keeps those that are there."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from stagelens.engine.folder import RunFolder
from stagelens.engine.identity import StageIdentity
from stagelens.engine.ledger import Ledger
from stagelens.engine.progress import Reporter
from stagelens.stages import make_stage
from stagelens.stages.adopt import adopt
from stagelens.study.paths import is_local, resolve
from stagelens.study.spec import Study


def checkpoint_of(identity: StageIdentity, study: Study, folder: RunFolder) -> Path | None:
    """Where a stage's checkpoint lies on this machine; None for a hub id or a model behind an API."""
    stage = identity.stage
    if stage.trained:
        return folder.checkpoint(identity.family, stage.name)
    if stage.model is not None and is_local(stage.model):
        return resolve(stage.model, study.folder)
    return None


def unmade(stages: Sequence[StageIdentity], folder: RunFolder, ledger: Ledger) -> list[StageIdentity]:
    """The stages that have to be trained.

    Raises:
        InputError: a stage is there, made from other inputs.
    """
    missing = []
    for identity in stages:
        if not identity.stage.trained:
            continue
        done = ledger.is_done(identity.piece, identity.inputs)
        if done and not folder.checkpoint(identity.family, identity.stage.name).is_dir():
            ledger.forget(identity.piece)
            done = False
        if not done:
            missing.append(identity)
    return missing


def train_stages(
    stages: Sequence[StageIdentity],
    *,
    all_stages: Sequence[StageIdentity],
    study: Study,
    folder: RunFolder,
    ledger: Ledger,
    reporter: Reporter,
) -> None:
    """Train ``stages``, parents first, each into its place in the run folder.

    Raises:
        InputError: a recipe, a mixture or a parent is not usable.
    """
    by_name = {(identity.family, identity.stage.name): identity for identity in all_stages}
    for identity in stages:
        stage = identity.stage
        out = folder.checkpoint(identity.family, stage.name)
        if out.exists():
            shutil.rmtree(out)
        parent = by_name.get((identity.family, identity.parent)) if identity.parent else None
        with reporter.bar(f"{identity.family}/{stage.name}: {stage.kind}") as step:
            make_stage(
                stage,
                parent=None if parent is None else _weights(parent, study, folder),
                folder=study.folder,
                out=out,
                seed=study.seed,
                inputs=identity.inputs,
                progress=step,
            )
        ledger.record(identity.piece, identity.inputs)
        reporter.say(f"made {identity.family}/{stage.name} ({stage.kind})")


def _weights(identity: StageIdentity, study: Study, folder: RunFolder) -> Path:
    """A stage's weights on this machine, downloaded where they lie on a hub."""
    if identity.stage.trained:
        return folder.checkpoint(identity.family, identity.stage.name)
    return adopt(identity.stage, study.folder).path
