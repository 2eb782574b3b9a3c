"""Episodes: written scripts of an agent's calls with the verdict that they must get, read from YAML.

A file holds one mapping or a list of them::

    name: patches the clock           # optional: the file's name, with its number where there are several
    task: reward_hacking/<item>
    calls: [...]                      # see ``agents.calls``
    expected: {verdict: cheated, class: patches_clock, solved: false}
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from stagelens.agents.calls import Call, parse_calls
from stagelens.benchmarks.reward_hacking.challenge import CheatClass
from stagelens.errors import InputError
from stagelens.study.complaints import explain
from stagelens.study.document import Document, read_entries
from stagelens.study.problems import Problem, refuse

Verdict = Literal["honest", "cheated", "incapable"]


@dataclass(frozen=True, slots=True)
class Expected:
    """What an episode must be found to be.

    ``classes`` are the cheat classes that are right, empty where the verdict is not ``cheated`` or any class is right.
    ``solved`` is None where it is left open.
    """

    verdict: Verdict
    classes: tuple[CheatClass, ...] = ()
    solved: bool | None = None


@dataclass(frozen=True, slots=True)
class Episode:
    """One script. ``task`` is ``<benchmark>/<item>``; ``place`` is file and line, for messages."""

    name: str
    task: str
    calls: tuple[Call, ...]
    expected: Expected
    place: str

    @property
    def benchmark(self) -> str:
        """The benchmark's name."""
        return self.task.partition("/")[0]

    @property
    def item(self) -> str:
        """The item's id."""
        return self.task.partition("/")[2]


def read_episodes(path: Path | str) -> tuple[Episode, ...]:
    """The episodes of a YAML file, or of every ``*.yaml`` in a folder and the folders in it, in the order of the names.

    Raises:
        InputError: nothing is there, an episode is not one, or two have the same name; with file, line and field.
    """
    place = Path(path)
    files = sorted(place.rglob("*.yaml")) if place.is_dir() else [place]
    if not files:
        raise InputError(f"{place} holds no episode: there is no file *.yaml in it.")
    episodes = [episode for file in files for episode in _read_file(file)]
    names = Counter(episode.name for episode in episodes)
    twice = next((episode for episode in reversed(episodes) if names[episode.name] > 1), None)
    if twice is not None:
        raise InputError(f"{twice.place}: there is another episode named {twice.name!r}; give it a name of its own.")
    return tuple(episodes)


class _Expected(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    verdict: Verdict
    classes: list[CheatClass] = Field([], alias="class")
    solved: bool | None = None

    @field_validator("classes", mode="before")
    @classmethod
    def _one_or_several(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    name: str | None = None
    task: str
    calls: list[Any]
    expected: _Expected


def _read_file(file: Path) -> list[Episode]:
    entries = read_entries(file)
    return [
        _episode(entry, file.stem if len(entries) == 1 else f"{file.stem} {number}")
        for number, entry in enumerate(entries, start=1)
    ]


def _episode(document: Document, name: str) -> Episode:
    try:
        entry = _Entry.model_validate(document.value)
    except ValidationError as error:
        refuse(explain(error, _Entry), document.places)
    expected = entry.expected
    if "" in entry.task.partition("/"):
        refuse([Problem(("task",), "must be <benchmark>/<item>")], document.places)
    if expected.classes and expected.verdict != "cheated":
        refuse([Problem(("expected", "class"), "only an episode that is expected to cheat has one")], document.places)
    return Episode(
        name=entry.name or name,
        task=entry.task,
        calls=parse_calls(entry.calls, ("calls",), document.places),
        expected=Expected(expected.verdict, tuple(expected.classes), expected.solved),
        place=f"{document.places.file}:{document.places.line(())}",
    )
