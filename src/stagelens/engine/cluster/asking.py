"""Asks shards by tasks: deals them out, takes the logs as they come, and begins anew what was lost."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from stagelens.engine.bulk import log_of
from stagelens.engine.cluster import work
from stagelens.engine.cluster.connection import nodes, stop
from stagelens.engine.cluster.dealing import AHEAD, next_size
from stagelens.engine.cluster.files import Needed, needed
from stagelens.engine.cluster.losses import Losses, lost_errors
from stagelens.engine.cluster.needs import Needs, check_fits, needs_of
from stagelens.engine.cluster.sending import Sending
from stagelens.engine.cluster.tasks import Answered, AskTask, Refused, Wanted
from stagelens.engine.folder import RunFolder
from stagelens.engine.serving import Serving, serving_of
from stagelens.engine.shards import Shard, by_asked_stage, sendable
from stagelens.errors import InputError
from stagelens.files import write_bytes
from stagelens.study.spec import Study


@dataclass(slots=True)
class _Stage:
    """A stage, and its shards that no task has."""

    serving: Serving
    needs: Needs
    checkpoint: Needed | None
    shards: deque[Shard]


@dataclass(slots=True)
class _Sent:
    """A task under way, and its shards that have not come back; the first of them is being asked."""

    stage: _Stage
    left: deque[Shard] = field(default_factory=deque)


class Asking:
    """One call of the engine's ``ask``."""

    def __init__(self, shards: Sequence[Shard], study: Study, folder: RunFolder, sending: Sending, losses: Losses):
        self._study, self._folder, self._sending, self._losses = study, folder, sending, losses
        self._stages = []
        for identity, own in by_asked_stage(shards):
            serving = serving_of(identity, study, folder)
            files = None if serving.checkpoint is None else needed(serving.checkpoint)
            stage = _Stage(serving, needs_of(identity.stage), files, deque(own))
            check_fits(serving.name, stage.needs, nodes())
            self._stages.append(stage)
        self._under_way: dict[Any, _Sent] = {}

    def results(self) -> Iterator[tuple[Shard, bool]]:
        """Each shard once its log is in the run folder, and whether all of it was answered.

        Raises:
            InputError: what a worker found wrong, or a shard that workers do not survive.
        """
        try:
            self._deal()
            yield from self._collected()
        finally:
            stop(self._under_way)

    def _collected(self) -> Iterator[tuple[Shard, bool]]:
        import ray

        while self._under_way:
            (stream,), _ = ray.wait(list(self._under_way), num_returns=1)
            sent = self._under_way[stream]
            try:
                said = ray.get(next(stream))
            except StopIteration:
                self._give_back(stream)
            except lost_errors() as error:
                if sent.left:  # else only its end is lost: everything has come
                    self._losses.note(sent.left[0].piece, error)
                self._give_back(stream)
            else:
                if isinstance(said, Answered):
                    yield self._taken(sent, said)
                else:
                    self._heed(said, sent)
            self._deal()

    def _taken(self, sent: _Sent, said: Answered) -> tuple[Shard, bool]:
        shard = sent.left.popleft()
        assert shard.piece == said.piece
        write_bytes(log_of(shard, self._folder), said.log)
        return shard, said.whole

    def _heed(self, said: Wanted | Refused, sent: _Sent) -> None:
        if isinstance(said, Refused):
            raise InputError(said.sentence)
        self._sending.send(sent.stage.checkpoint, wanted=said.place)

    def _give_back(self, stream: Any) -> None:
        """A task has ended: what it has not answered is dealt out again, first."""
        sent = self._under_way.pop(stream)
        sent.stage.shards.extendleft(reversed(sent.left))

    def _deal(self) -> None:
        """Send tasks until enough of them wait for every kind of worker."""
        available = nodes()
        for stage in self._stages:
            slots = max(1, sum(stage.needs.slots(node) for node in available))
            while stage.shards and self._waiting(stage.needs) < AHEAD * slots:
                size = next_size(len(stage.shards), slots)
                self._send(stage, [stage.shards.popleft() for _ in range(size)])

    def _waiting(self, needs: Needs) -> int:
        return sum(sent.stage.needs == needs for sent in self._under_way.values())

    def _send(self, stage: _Stage, shards: Sequence[Shard]) -> None:
        import ray

        logs = {shard.piece: log_of(shard, self._folder) for shard in shards if shard.questions.bulk is not None}
        task = AskTask(
            setting=self._sending.setting,
            study=self._study,
            serving=stage.serving,
            shards=tuple(sendable(shard) for shard in shards),
            checkpoint=None if stage.checkpoint is None else self._sending.complete(stage.checkpoint),
            logs={piece: log.read_bytes() for piece, log in logs.items() if log.is_file()},
        )
        run = ray.remote(work.ask).options(**stage.needs.options())
        self._under_way[run.remote(task)] = _Sent(stage, deque(shards))
