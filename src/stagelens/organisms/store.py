"""Checkpoints that several families share: what was made from the same inputs is made once.

A stage's inputs are all that decides its weights, so a checkpoint is known by their fingerprint. Families of one seed
share their pretraining in this way, and the SFT that teaches nothing.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stagelens.engine.folder import RunFolder
from stagelens.engine.identity import StageIdentity, identify_stages
from stagelens.stages.checkpoint import is_complete, link
from stagelens.study.spec import Study


def take_shared(study: Study, folder: RunFolder, store: Path) -> list[str]:
    """Put into a run folder every checkpoint of the study that the store has; the stages' names."""
    taken = []
    with _alone(store):
        for identity, own, shared in _places(study, folder, store):
            if not is_complete(own, identity.inputs) and is_complete(shared, identity.inputs):
                link(shared, own)
                taken.append(identity.stage.name)
    return taken


def give_shared(study: Study, folder: RunFolder, store: Path) -> None:
    """Put into the store every checkpoint of a run folder that it lacks."""
    with _alone(store):
        for identity, own, shared in _places(study, folder, store):
            if is_complete(own, identity.inputs) and not is_complete(shared, identity.inputs):
                link(own, shared)


@contextmanager
def _alone(store: Path) -> Iterator[None]:
    """Organisms that are made side by side take turns."""
    store.mkdir(parents=True, exist_ok=True)
    with (store / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _places(study: Study, folder: RunFolder, store: Path) -> Iterator[tuple[StageIdentity, Path, Path]]:
    for identity in identify_stages(study):
        if identity.stage.trained:
            own = folder.checkpoint(identity.family, identity.stage.name)
            yield identity, own, store / identity.fingerprint
