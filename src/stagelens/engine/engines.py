"""Where a run's work is done: the two pieces of work there are, and who does them.

The driver reads the study, decides what is missing, keeps the ledger, has the answers judged and decides. An engine
trains stages and asks shards, and gives each piece back as soon as its product lies in the run folder.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Final, Protocol

from stagelens.engine.folder import RunFolder
from stagelens.engine.progress import Reporter
from stagelens.engine.shards import Shard
from stagelens.engine.training import Training
from stagelens.errors import InputError
from stagelens.stages.contamination import Index
from stagelens.study.spec import Study

ENGINES: Final = ("local", "ray")


class Engine(Protocol):
    """Trains and asks. Neither of its iterators gives a piece before it is whole in the run folder."""

    def train(
        self, trainings: Sequence[Training], *, study: Study, folder: RunFolder, reporter: Reporter, items: Index
    ) -> Iterator[Training]:
        """Train all of them, none before what it starts from. InputError where one cannot be trained."""

    def ask(
        self, shards: Sequence[Shard], *, study: Study, folder: RunFolder, reporter: Reporter
    ) -> Iterator[tuple[Shard, bool]]:
        """Ask all of them, in any order; with each, whether all of it was answered. InputError as for stages."""


def open_engine(name: str) -> AbstractContextManager[Engine]:
    """The engine of this name, for as long as the context lasts.

    Raises:
        InputError: there is none, or what it needs is not installed.
    """
    if name == "local":
        from stagelens.engine.local import opened

        return opened()
    if name == "ray":
        from stagelens.engine.cluster import opened as opened_on_ray

        return opened_on_ray()
    raise InputError(f"There is no engine {name!r}: choose one of {', '.join(ENGINES)}.")
