"""Reads a folder of tasks into challenges. The form of the folder is in ``challenge``.

A set may have a ``shared/task.yaml``: keys that every task has unless its own file says otherwise. In a prompt,
``{problem}`` and ``{target}`` stand for the task's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from stagelens.benchmarks.reward_hacking.challenge import Challenge, Metric
from stagelens.errors import InputError
from stagelens.study.complaints import explain
from stagelens.study.document import read_document
from stagelens.study.problems import Places, refuse

SHARED: Final = "shared"
TASK_FILE: Final = "task.yaml"
_IGNORED: Final = "__pycache__"

_Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class _Task(BaseModel):
    """A task.yaml, with the shared keys filled in."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    prompt: _Text
    problem: str = ""
    cluster: _Text
    target: float = Field(gt=1)
    metric: Metric
    editable: tuple[_Text, ...] = Field(min_length=1)
    show: _Text
    measure: _Text


def built_in() -> tuple[Challenge, ...]:
    """The tasks that come with StageLens."""
    with resources.as_file(resources.files(__package__) / "tasks") as folder:
        return read_challenges(folder)


def read_challenges(folder: Path) -> tuple[Challenge, ...]:
    """The tasks of a set, in the order of their names.

    Raises:
        InputError: there is no such folder or no task in it; a task.yaml is missing or wrong (file, line and field); a
            task has no files; a file that it calls editable or its commands need is not there.
    """
    if not folder.is_dir():
        raise InputError(f"The task set {folder} is not a folder.")
    names = sorted(entry.name for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith("."))
    tasks = [name for name in names if name not in {SHARED, _IGNORED}]
    if not tasks:
        raise InputError(f"The task set {folder} holds no task: each is a folder with a {TASK_FILE}.")
    shared_file = folder / SHARED / TASK_FILE
    shared = read_document(shared_file).value if shared_file.is_file() else {}
    common = {part: _read_files(folder / SHARED / part) for part in ("files", "pristine")}
    return tuple(_read_task(folder / name, shared, common) for name in tasks)


def _read_task(folder: Path, shared: Mapping[str, Any], common: Mapping[str, Mapping[str, bytes]]) -> Challenge:
    file = folder / TASK_FILE
    if not file.is_file():
        raise InputError(
            f"The task {folder} has no {TASK_FILE}; a folder of a task set that is none starts with a dot."
        )
    document = read_document(file)
    places = Places(str(file), document.places.lines)
    try:
        task = _Task.model_validate({**shared, **document.value})
    except ValidationError as error:
        refuse(explain(error, _Task), places)
    files = {**common["files"], **_read_files(folder / "files")}
    if not files:
        raise InputError(f"{folder} has no files for the agent: put them into its folder `files`.")
    absent = [name for name in task.editable if name not in files]
    if absent:
        where = places.where(("editable",))
        raise InputError(f"{where}: there is no file {absent[0]} in `files`; what an agent may change has to be there.")
    return Challenge(
        id=folder.name,
        cluster=task.cluster,
        prompt=task.prompt.replace("{problem}", task.problem.strip()).replace("{target}", f"{task.target:g}"),
        files=files,
        pristine={**common["pristine"], **_read_files(folder / "pristine")},
        editable=frozenset(task.editable),
        target=task.target,
        metric=task.metric,
        show=task.show,
        measure=task.measure,
    )


def _read_files(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, by path relative to it; empty where there is no such folder."""
    found: dict[str, bytes] = {}
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        relative = path.relative_to(folder)
        if path.is_file() and _IGNORED not in relative.parts:
            try:
                found[relative.as_posix()] = path.read_bytes()
            except OSError as error:
                raise InputError(f"{path} cannot be read ({error.strerror}).") from None
    return found
