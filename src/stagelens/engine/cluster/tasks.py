"""What is sent to a worker, and what it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stagelens.engine.cluster.environment import Environment
from stagelens.engine.cluster.files import Needed, Packed
from stagelens.engine.serving import Serving
from stagelens.engine.shards import Shard
from stagelens.engine.training import Training
from stagelens.study.spec import Stage, Study


@dataclass(frozen=True, slots=True)
class Setting:
    """The driver's version of StageLens, which a worker has to have too, and what it needs of its environment."""

    version: str
    environment: Environment


@dataclass(frozen=True, slots=True)
class AskTask:
    """Shards of one stage. ``logs`` are those that an earlier run left of them, with answers that are kept."""

    setting: Setting
    study: Study
    serving: Serving
    shards: tuple[Shard, ...]
    checkpoint: Needed | None
    logs: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class TrainTask:
    """A stage to train.

    Attributes:
        setting: of the driver.
        training: what to train.
        study: the study file's folder, with the files in it that the stage names.
        run: the run folder, known by its ``study.yaml``.
        parent: the weights that it starts from; a stage where they lie on a hub.
        items: the study's, as ``Index.to_dict`` gives them.
    """

    setting: Setting
    training: Training
    study: Needed
    run: Needed
    parent: Needed | Stage | None
    items: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Answered:
    """A shard's log, and whether every item of it was answered."""

    piece: str
    log: bytes
    whole: bool


@dataclass(frozen=True, slots=True)
class Made:
    """A stage was trained: in the run folder itself, or (``files``) in a folder like it."""

    files: Packed | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Files are not to be seen from the worker's node: the driver has to send them."""

    place: Path


@dataclass(frozen=True, slots=True)
class Refused:
    """The input is wrong, and the sentence says how."""

    sentence: str
