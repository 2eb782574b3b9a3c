"""The engine as a run sees it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from stagelens.engine.cluster.asking import Asking
from stagelens.engine.cluster.connection import connect, described, disconnect
from stagelens.engine.cluster.losses import Losses
from stagelens.engine.cluster.sending import Sending
from stagelens.engine.cluster.training import TrainingOut
from stagelens.engine.folder import RunFolder
from stagelens.engine.local import Local
from stagelens.engine.progress import Reporter
from stagelens.engine.shards import Shard
from stagelens.engine.training import Training
from stagelens.stages.contamination import Index
from stagelens.study.paths import is_local
from stagelens.study.spec import Stage, Study


class OnRay:
    """See ``engines.Engine``. Connects with the first piece of work that is for the cluster."""

    def __init__(self) -> None:
        self._sending: Sending | None = None
        self._connected = False

    def train(
        self, trainings: Sequence[Training], *, study: Study, folder: RunFolder, reporter: Reporter, items: Index
    ) -> Iterator[Training]:
        """Parents first, what does not depend on each other side by side."""
        if not trainings:
            return
        sending = self._ready(reporter)
        out = TrainingOut(trainings, items, study=study, folder=folder, sending=sending, losses=Losses(reporter))
        with reporter.bar("training on Ray") as step:
            for position, training in enumerate(out.results(), start=1):
                yield training
                step(position, len(trainings))

    def ask(
        self, shards: Sequence[Shard], *, study: Study, folder: RunFolder, reporter: Reporter
    ) -> Iterator[tuple[Shard, bool]]:
        """Those of checkpoints by tasks; then, by the driver, those of models behind an API."""
        sent = [shard for shard in shards if _is_for_cluster(shard.stage.stage)]
        if sent:
            asking = Asking(sent, study, folder, self._ready(reporter), Losses(reporter))
            with reporter.bar("asking on Ray") as step:
                for position, each in enumerate(asking.results(), start=1):
                    yield each
                    step(position, len(sent))
        rest = [shard for shard in shards if not _is_for_cluster(shard.stage.stage)]
        yield from Local().ask(rest, study=study, folder=folder, reporter=reporter)

    def close(self) -> None:
        """Leave the cluster, if this engine came to it."""
        if self._connected:
            disconnect()

    def _ready(self, reporter: Reporter) -> Sending:
        if self._sending is None:
            self._connected = connect()
            reporter.say(described())
            self._sending = Sending()
        return self._sending


def _is_for_cluster(stage: Stage) -> bool:
    """Whether a node's own hardware answers: of a checkpoint, or of a server that a stage with ``resources`` starts.

    Where a provider answers, a worker would only wait; and the answers that were paid for are kept in one cache.
    """
    model = stage.model
    return model is None or model.startswith("hf/") or is_local(model) or stage.resources is not None
