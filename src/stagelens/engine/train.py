"""Makes the stages that are missing, in order, and keeps those that are there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from stagelens.engine.folder import RunFolder
from stagelens.engine.identity import StageIdentity
from stagelens.engine.ledger import Ledger
from stagelens.engine.progress import Reporter
from stagelens.stages import make_stage
from stagelens.stages.adopt import adopt
from stagelens.stages.checkpoint import read_inputs
from stagelens.stages.contamination import Index
from stagelens.stages.course import Point
from stagelens.study.paths import is_local, resolve
from stagelens.study.spec import Study


def checkpoint_of(identity: StageIdentity, study: Study, folder: RunFolder) -> Path | None:
    """Where a stage's checkpoint lies on this machine; None for a hub id or a model behind an API."""
    stage = identity.stage
    if stage.trained:
        return folder.checkpoint(identity.family, identity.asked.checkpoint)
    if stage.model is not None and is_local(stage.model):
        return resolve(stage.model, study.folder)
    return None


def unmade(stages: Sequence[StageIdentity], folder: RunFolder, ledger: Ledger) -> list[StageIdentity]:
    """The stages that have to be trained; of a run whose saved points are not all there, all of it.

    Raises:
        InputError: a stage is there, made from other inputs.
    """
    missing: dict[str, StageIdentity] = {}
    by_name = {(identity.family, identity.stage.name): identity for identity in stages}
    for identity in stages:
        if not identity.asked.trained:
            continue
        done = ledger.is_done(identity.piece, identity.inputs)
        if done and read_inputs(folder.checkpoint(identity.family, identity.stage.name)) is None:
            ledger.forget(identity.piece)
            done = False
        if not done:
            made = by_name[identity.family, identity.asked.made_by or identity.stage.name]
            missing.setdefault(made.piece, made)
    return [identity for identity in stages if identity.piece in missing]


def train_stages(
    stages: Sequence[StageIdentity],
    *,
    all_stages: Sequence[StageIdentity],
    study: Study,
    folder: RunFolder,
    ledger: Ledger,
    reporter: Reporter,
    items: Index,
) -> None:
    """Train ``stages``, parents first, each into its place in the run folder.

    Raises:
        InputError: a recipe, a mixture or a parent is not usable.
    """
    by_name = {(identity.family, identity.stage.name): identity for identity in all_stages}
    for identity in stages:
        stage, family = identity.stage, identity.family
        points = [each for each in all_stages if each.family == family and each.asked.made_by == stage.name]
        points = [each for each in points if each.asked.part is not None]
        parent = None if identity.asked.parent is None else by_name[family, identity.asked.parent]
        with reporter.bar(f"{family}/{stage.name}: {stage.kind}") as step:
            make_stage(
                stage,
                parent=None if parent is None else _weights(parent, study, folder),
                folder=study.folder,
                out=folder.checkpoint(family, stage.name),
                seed=identity.asked.training_seed,
                inputs=identity.inputs,
                points=[
                    Point(each.asked.part, folder.checkpoint(family, each.stage.name), each.inputs)
                    for each in points
                    if each.asked.part is not None
                ],
                scratch=folder.training(family, stage.name),
                benchmarks=items,
                progress=step,
            )
        for made in (*points, identity):
            ledger.record(made.piece, made.inputs)
        reporter.say(f"made {family}/{stage.name} ({stage.kind})")


def _weights(identity: StageIdentity, study: Study, folder: RunFolder) -> Path:
    """A stage's weights on this machine, downloaded where they lie on a hub."""
    if identity.stage.trained:
        return folder.checkpoint(identity.family, identity.asked.checkpoint)
    return adopt(identity.stage, study.folder).path
