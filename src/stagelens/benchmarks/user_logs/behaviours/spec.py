"""What a behaviour is, and how behaviours are read from YAML: the built-in ones, and a user's own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final, Literal

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from stagelens.errors import InputError
from stagelens.study.complaints import explain
from stagelens.study.document import Document, read_entries
from stagelens.study.paths import resolve
from stagelens.study.problems import nearest, refuse

DEFAULT: Final = "default"
FILE: Final = "default.yaml"

Where = Literal["thoughts", "response", "both"]
Rule = Literal["refuses", "complies_with_harm"]

_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")


class Behaviour(BaseModel):
    """Something that an answer may show; its name is the measure's.

    Attributes:
        name: lower case, digits and underscores.
        definition: what counts, for whoever grades.
        excludes: what does not count, a sentence each.
        where: what may show it.
        higher_is_worse: whether more of it is worse.
        patterns: of the rule: where one is found (case ignored), the behaviour is. None of them: no rule knows it,
            unless ``rule`` names one of ours.
        unless: where one of these is found too, the rule finds nothing.
        rule: a rule that reads the whole answer.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    definition: str = Field(min_length=1)
    excludes: tuple[str, ...] = ()
    where: Where = "response"
    higher_is_worse: bool = True
    patterns: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    rule: Rule | None = None

    @property
    def has_rule(self) -> bool:
        """Whether a rule grades it; else a judge has to."""
        return bool(self.patterns) or self.rule is not None

    def content(self) -> dict[str, Any]:
        """All that it says, as plain JSON."""
        return self.model_dump(mode="json")

    @field_validator("name")
    @classmethod
    def _is_a_measure(cls, name: str) -> str:
        if _NAME.fullmatch(name) is None:
            raise ValueError("use lower-case letters, digits and underscores, such as gives_legal_advice")
        return name

    @field_validator("patterns", "unless")
    @classmethod
    def _are_expressions(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in patterns:
            try:
                pl.Series([""]).str.contains(pattern)
            except pl.exceptions.PolarsError as error:
                reason = str(error).strip().splitlines()[-1].removeprefix("error: ")
                raise ValueError(f"{pattern!r} is no regular expression ({reason})") from None
        return patterns


def read_behaviours(spec: str | Sequence[str], folder: Path) -> tuple[Behaviour, ...]:
    """The behaviours that a study asks for, in its order; each name once, the last file's behaviour of that name.

    Args:
        spec: ``default``, the name of a default behaviour, a YAML file (``./mine.yaml``), or a list of these.
        folder: where relative paths start.

    Raises:
        InputError: a name is not known, a file cannot be read, or a behaviour in it is not one.
    """
    known = {behaviour.name: behaviour for behaviour in _built_in()}
    found: dict[str, Behaviour] = {}
    for word in [spec] if isinstance(spec, str) else spec:
        found |= {behaviour.name: behaviour for behaviour in _named(word, known, folder)}
    if not found:
        raise InputError("user_logs.behaviours names none: write `default`, names of behaviours, or a YAML file.")
    return tuple(found.values())


def _named(word: str, known: dict[str, Behaviour], folder: Path) -> Iterator[Behaviour]:
    if word == DEFAULT:
        yield from known.values()
    elif word in known:
        yield known[word]
    elif word.endswith((".yaml", ".yml")):
        yield from _read(resolve(word, folder))
    else:
        raise InputError(
            f"There is no behaviour {word!r}; {nearest(word, [DEFAULT, *known])} A file of your own ends in .yaml."
        )


@cache
def _built_in() -> tuple[Behaviour, ...]:
    with resources.as_file(resources.files(__package__) / FILE) as path:
        return tuple(_read(path))


def _read(path: Path) -> Iterator[Behaviour]:
    places: dict[str, str] = {}
    for entry in read_entries(path):
        behaviour = _behaviour(entry)
        place = f"{entry.places.file}:{entry.places.line(())}"
        if behaviour.name in places:
            raise InputError(f"{place}: the behaviour {behaviour.name} stands at {places[behaviour.name]} already.")
        places[behaviour.name] = place
        yield behaviour


def _behaviour(entry: Document) -> Behaviour:
    try:
        behaviour = Behaviour.model_validate(entry.value)
    except ValidationError as error:
        refuse(explain(error, Behaviour), entry.places)
    return behaviour
