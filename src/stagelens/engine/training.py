"""A stage that is to be trained, and training it in this process."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from stagelens.engine.folder import RunFolder
from stagelens.engine.identity import StageIdentity
from stagelens.stages import make_stage
from stagelens.stages.adopt import adopt
from stagelens.stages.contamination import Index
from stagelens.stages.course import Point, Progress
from stagelens.study.paths import is_local, resolve
from stagelens.study.spec import Study


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


def checkpoint_of(identity: StageIdentity, study: Study, folder: RunFolder) -> Path | None:
    """Where a stage's checkpoint lies on this machine; None for a hub id or a model behind an API."""
    stage = identity.stage
    if stage.trained:
        return folder.checkpoint(identity.family, identity.asked.checkpoint)
    if stage.model is not None and is_local(stage.model):
        return resolve(stage.model, study.folder)
    return None


def weights_of(identity: StageIdentity, study: Study, folder: RunFolder) -> Path:
    """A stage's weights on this machine, downloaded where they lie on a hub."""
    if identity.stage.trained:
        return folder.checkpoint(identity.family, identity.asked.checkpoint)
    return adopt(identity.stage, study.folder).path


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
