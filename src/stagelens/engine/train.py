"""Makes the stages that are missing, in order, and keeps those that are there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stagelens.engine.folder import RunFolder
from stagelens.engine.identity import StageIdentity
from stagelens.engine.ledger import Ledger
from stagelens.engine.progress import Reporter
from stagelens.stages import make_stage
from stagelens.stages.adopt import adopt
from stagelens.stages.checkpoint import read_inputs
from stagelens.stages.contamination import Index
from stagelens.stages.course import Point, Progress
from stagelens.study.paths import is_local, resolve
from stagelens.study.spec import Study

if TYPE_CHECKING:
    from stagelens.engine.engines import Engine


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


@dataclass(frozen=True, slots=True)
class Training:
    """A stage that is to be trained, what it starts from, and the points at which it is saved on its way."""

    identity: StageIdentity
    parent: StageIdentity | None
    points: tuple[StageIdentity, ...]

    @property
    def name(self) -> str:
        """Family and stage."""
        return f"{self.identity.family}/{self.identity.stage.name}"

    @property
    def makes(self) -> tuple[StageIdentity, ...]:
        """All whose checkpoints it leaves."""
        return *self.points, self.identity


def train_stages(
    stages: Sequence[StageIdentity],
    *,
    all_stages: Sequence[StageIdentity],
    study: Study,
    folder: RunFolder,
    ledger: Ledger,
    reporter: Reporter,
    items: Index,
    engine: Engine,
) -> None:
    """Train ``stages``, parents first, each into its place in the run folder.

    Raises:
        InputError: a recipe, a mixture or a parent is not usable.
    """
    trainings = [_training(identity, all_stages) for identity in stages]
    for done in engine.train(trainings, study=study, folder=folder, reporter=reporter, items=items):
        for made in done.makes:
            ledger.record(made.piece, made.inputs)
        reporter.say(f"made {done.name} ({done.identity.stage.kind})")


def train_here(
    training: Training,
    *,
    parent: Path | None,
    study_folder: Path,
    folder: RunFolder,
    items: Index,
    progress: Progress | None,
) -> None:
    """Train one stage in this process, or in those that its recipe has accelerate launch.

    Args:
        training: what to train.
        parent: the weights that it starts from.
        study_folder: where the study file lies, and its relative paths start.
        folder: the run folder, into which its checkpoints go.
        items: the study's, which its mixture is searched for.
        progress: called after every step.
    """
    family, identity = training.identity.family, training.identity
    make_stage(
        identity.stage,
        parent=parent,
        folder=study_folder,
        out=folder.checkpoint(family, identity.stage.name),
        seed=identity.asked.training_seed,
        inputs=identity.inputs,
        points=[
            Point(each.asked.part, folder.checkpoint(family, each.stage.name), each.inputs)
            for each in training.points
            if each.asked.part is not None
        ],
        scratch=folder.training(family, identity.stage.name),
        benchmarks=items,
        progress=progress,
    )


def weights_of(identity: StageIdentity, study: Study, folder: RunFolder) -> Path:
    """A stage's weights on this machine, downloaded where they lie on a hub."""
    if identity.stage.trained:
        return folder.checkpoint(identity.family, identity.asked.checkpoint)
    return adopt(identity.stage, study.folder).path


def _training(identity: StageIdentity, all_stages: Sequence[StageIdentity]) -> Training:
    family = [each for each in all_stages if each.family == identity.family]
    parent = next((each for each in family if each.stage.name == identity.asked.parent), None)
    made = (each for each in family if each.asked.made_by == identity.stage.name and each.asked.part is not None)
    return Training(identity, parent, tuple(made))
