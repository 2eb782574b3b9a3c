"""The local engine: this process does all the work, one stage's model in memory at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from stagelens.engine.asking import ask_in_turn
from stagelens.engine.folder import RunFolder
from stagelens.engine.progress import Reporter
from stagelens.engine.serving import serving_of
from stagelens.engine.shards import Shard, by_asked_stage
from stagelens.engine.training import Training, train_here, weights_of
from stagelens.stages.contamination import Index
from stagelens.study.spec import Study


class Local:
    """See ``engines.Engine``."""

    def train(
        self, trainings: Sequence[Training], *, study: Study, folder: RunFolder, reporter: Reporter, items: Index
    ) -> Iterator[Training]:
        """In order."""
        for training in trainings:
            with reporter.bar(f"{training.name}: {training.identity.stage.kind}") as step:
                train_here(
                    training,
                    parent=None if training.parent is None else weights_of(training.parent, study, folder),
                    study_folder=study.folder,
                    folder=folder,
                    items=items,
                    progress=step,
                )
            yield training

    def ask(
        self, shards: Sequence[Shard], *, study: Study, folder: RunFolder, reporter: Reporter
    ) -> Iterator[tuple[Shard, bool]]:
        """Stage after stage."""
        for stage, own in by_asked_stage(shards):
            with reporter.bar(f"{stage.family}/{stage.stage.name}: asking") as step:
                step(0, len(own))
                asked = ask_in_turn(serving_of(stage, study, folder), own, study=study, folder=folder)
                for position, each in enumerate(asked, start=1):
                    yield each
                    step(position, len(own))


@contextmanager
def opened() -> Iterator[Local]:
    """The engine; it holds nothing."""
    yield Local()
