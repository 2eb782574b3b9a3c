"""Trains stages by tasks: each once what it starts from is there, side by side where one does not need the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from stagelens.engine.cluster import work
from stagelens.engine.cluster.connection import nodes, stop
from stagelens.engine.cluster.files import ITSELF, Needed, Packed, needed, unpack
from stagelens.engine.cluster.losses import Losses, lost_errors
from stagelens.engine.cluster.named import files_of
from stagelens.engine.cluster.needs import check_fits, check_launch, needs_of
from stagelens.engine.cluster.sending import Sending
from stagelens.engine.cluster.tasks import Made, Refused, TrainTask
from stagelens.engine.folder import RunFolder
from stagelens.engine.training import Training, checkpoint_of
from stagelens.errors import InputError
from stagelens.stages.checkpoint import writing
from stagelens.stages.contamination import Index
from stagelens.study.spec import Stage, Study


class TrainingOut:
    """One call of the engine's ``train``."""

    def __init__(
        self,
        trainings: Sequence[Training],
        items: Index,
        *,
        study: Study,
        folder: RunFolder,
        sending: Sending,
        losses: Losses,
    ) -> None:
        self._study, self._folder, self._sending, self._losses = study, folder, sending, losses
        self._items = items.to_dict()
        self._waiting = list(trainings)
        for training in trainings:
            check_launch(training.name, training.identity.stage, study.folder)
            check_fits(training.name, needs_of(training.identity.stage), nodes())
        self._under_way: dict[Any, tuple[Training, TrainTask]] = {}

    def results(self) -> Iterator[Training]:
        """Each training once all that it makes is in the run folder.

        Raises:
            InputError: what a worker found wrong, or a stage that workers do not survive.
        """
        try:
            self._send()
            yield from self._collected()
        finally:
            stop(self._under_way)

    def _collected(self) -> Iterator[Training]:
        import ray

        while self._under_way:
            (reference,), _ = ray.wait(list(self._under_way), num_returns=1)
            training, task = self._under_way.pop(reference)
            try:
                said = ray.get(reference)
            except lost_errors() as error:
                self._losses.note(training.identity.piece, error)
                self._waiting.insert(0, training)
            else:
                if isinstance(said, Refused):
                    raise InputError(said.sentence)
                if isinstance(said, Made):
                    if said.files is not None:
                        self._put(training, said.files)
                    yield training
                else:
                    parent = task.parent if isinstance(task.parent, Needed) else None
                    self._sending.send(task.study, parent, wanted=said.place)
                    self._waiting.insert(0, training)
            self._send()

    def _send(self) -> None:
        """Send what starts from nothing that is still to be made."""
        import ray

        open_ = [*self._waiting, *(training for training, _ in self._under_way.values())]
        missing = {made.piece for training in open_ for made in training.makes}
        for training in list(self._waiting):
            if training.parent is None or training.parent.piece not in missing:
                self._waiting.remove(training)
                task = self._task(training)
                run = ray.remote(work.train).options(**needs_of(training.identity.stage).options())
                self._under_way[run.remote(task)] = training, task

    def _task(self, training: Training) -> TrainTask:
        stage, folder = training.identity.stage, self._study.folder.resolve()
        return TrainTask(
            setting=self._sending.setting,
            training=training,
            study=self._sending.complete(needed(folder, files_of(stage, folder))),
            run=needed(self._folder.root, [self._folder.study.name]),
            parent=self._parent(training),
            items=self._items,
        )

    def _parent(self, training: Training) -> Needed | Stage | None:
        if training.parent is None:
            return None
        place = checkpoint_of(training.parent, self._study, self._folder)
        if place is None:
            return training.parent.stage
        return self._sending.complete(needed(place / (training.parent.stage.subfolder or ITSELF)))

    def _put(self, training: Training, files: Packed) -> None:
        """Write what a worker made that does not see the run folder, the stage itself last."""
        for made in training.makes:
            place = self._folder.checkpoint(made.family, made.stage.name)
            inside = f"{place.relative_to(self._folder.root)}/"
            own = {name.removeprefix(inside): content for name, content in files.items() if name.startswith(inside)}
            with writing(place) as fresh:
                unpack(own, fresh)
