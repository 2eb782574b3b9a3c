"""What a worker does: it asks shards of a stage, or trains one, and says what came of it."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from stagelens.engine.asking import ask_in_turn
from stagelens.engine.bulk import log_of
from stagelens.engine.cluster.files import Needed, names_in, packed, unpack
from stagelens.engine.cluster.tasks import Answered, AskTask, Made, Refused, Setting, TrainTask, Wanted
from stagelens.engine.folder import RunFolder
from stagelens.engine.training import train_here
from stagelens.errors import InputError
from stagelens.stages import stage_inputs
from stagelens.stages.adopt import adopt
from stagelens.stages.contamination import Index
from stagelens.study.spec import Stage

# As the command line does, before torch is imported: threads that wait by spinning slow those who share the cores.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


class _AbsentError(Exception):
    """Files are not here."""

    def __init__(self, place: Path) -> None:
        super().__init__(str(place))
        self.place = place


def ask(task: AskTask) -> Iterator[Answered | Wanted | Refused]:
    """Ask the shards in turn; what is said last may be why no more were asked."""
    try:
        with _at_work(task.setting) as scratch:
            yield from _ask(task, scratch)
    except _AbsentError as absent:
        yield Wanted(absent.place)
    except InputError as error:
        yield _refused(error)


def train(task: TrainTask) -> Made | Wanted | Refused:
    """Train the stage."""
    try:
        with _at_work(task.setting) as scratch:
            return _train(task, scratch)
    except _AbsentError as absent:
        return Wanted(absent.place)
    except InputError as error:
        return _refused(error)


def _ask(task: AskTask, scratch: Path) -> Iterator[Answered]:
    checkpoint = None if task.checkpoint is None else _found(task.checkpoint, scratch / "checkpoint")
    for questions in {shard.questions.benchmark.name: shard.questions for shard in task.shards}.values():
        lack = questions.benchmark.lacks(questions.settings)
        if lack is not None:
            raise InputError(f"{questions.benchmark.name} cannot be asked: {lack}")
    folder = RunFolder(scratch / "run")
    for shard in task.shards:
        if shard.piece in task.logs:
            place = log_of(shard, folder)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(task.logs[shard.piece])
    serving = replace(task.serving, checkpoint=checkpoint)
    for shard, whole in ask_in_turn(serving, task.shards, study=task.study, folder=folder):
        log = log_of(shard, folder)
        yield Answered(shard.piece, log.read_bytes(), whole)
        log.unlink()


def _train(task: TrainTask, scratch: Path) -> Made:
    study = _found(task.study, scratch / "study")
    _check_inputs(task, study)
    if isinstance(task.parent, Stage):
        parent: Path | None = adopt(task.parent, study).path
    else:
        parent = None if task.parent is None else _found(task.parent, scratch / "parent")
    shared = task.run.are_here()
    folder = RunFolder(task.run.place if shared else scratch / "run")
    train_here(
        task.training,
        parent=parent,
        study_folder=study,
        folder=folder,
        items=Index.from_dict(task.items),
        progress=None,
    )
    return Made(None if shared else packed(folder.root, names_in(folder.root)))


@contextmanager
def _at_work(setting: Setting) -> Iterator[Path]:
    """An empty folder of this node's, and the driver's environment."""
    own = version("stagelens")
    if own != setting.version:
        raise InputError(f"StageLens {own} is installed, and the driver has {setting.version}: install that here too.")
    with setting.environment.added(), TemporaryDirectory(prefix="stagelens-") as scratch:
        yield Path(scratch)


def _found(files: Needed, into: Path) -> Path:
    """Where they lie here: in their own place, or ``into`` a folder where they keep its name."""
    if files.are_here():
        return files.place
    if files.sent is None:
        raise _AbsentError(files.place)
    import ray

    place = into / files.place.name
    unpack(ray.get(files.sent), place)
    return place


def _check_inputs(task: TrainTask, study: Path) -> None:
    """InputError where the stage's files are other ones here: those outside of the study's folder are not sent."""
    identity = task.training.identity
    here = stage_inputs(identity.stage, study)
    different = [name for name, value in here.items() if _by_files(value) != _by_files(identity.inputs[name])]
    if different:
        raise InputError(
            f"Stage {task.training.name}: the files of its {different[0]} differ from those that the driver read; put "
            "them into the study file's folder, or where all nodes see the same."
        )


def _by_files(value: Any) -> Any:
    """Without what follows from the benchmarks' items, which the driver alone has read."""
    return {name: each for name, each in value.items() if name != "without_items"} if isinstance(value, dict) else value


def _refused(error: InputError) -> Refused:
    return Refused(f"On the node {platform.node()}: {error}")
