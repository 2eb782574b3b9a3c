"""What a behaviour is, and how behaviours are read from YAML: the built-in ones, and a user's own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Final, Literal, LiteralString

import polars as pl
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from stagelens.errors import InputError
from stagelens.outcomes.measures import KNOWN, Measure
from stagelens.study.complaints import explain
from stagelens.study.document import Document, read_entries
from stagelens.study.paths import resolve
from stagelens.study.problems import nearest, refuse

DEFAULT: Final = "default"
FILE: Final = "default.yaml"

Where = Literal["thoughts", "response", "both"]
Rule = Literal["refuses", "complies_with_harm"]

RESERVED: Final = frozenset({"reasoning"})
"""What a judge's answer holds beside the behaviours."""

_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")


def _is_expression(pattern: str) -> str:
    try:
        everywhere = pl.Series([""]).str.contains(pattern).item()
    except pl.exceptions.PolarsError:
        raise _fault("must be a regular expression of Rust's syntax, which has no look-around") from None
    if everywhere:
        raise _fault("must be an expression that is not found in an empty answer too")
    return pattern


def _fault(message: LiteralString) -> PydanticCustomError:
    """A fault that ``explain`` ends with what was written instead."""
    return PydanticCustomError("behaviour", message)


Pattern = Annotated[str, AfterValidator(_is_expression)]


class Behaviour(BaseModel):
    """Something that an answer may show; its name is the measure's.

    Attributes:
        name: lower case, digits and underscores.
        definition: what counts, for whoever grades.
        excludes: what does not count, a sentence each.
        example: an answer, or a piece of one, that shows it.
        near_miss: one that may look like it and does not.
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
    example: str | None = None
    near_miss: str | None = None
    where: Where = "response"
    higher_is_worse: bool = True
    patterns: tuple[Pattern, ...] = ()
    unless: tuple[Pattern, ...] = ()
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
            raise _fault("must be lower-case letters, digits and underscores, such as gives_legal_advice")
        known = KNOWN.get(name, Measure(name))
        if name in RESERVED or hasattr(BaseModel, name) or known.kind != "rate" or not known.higher_is_worse:
            raise _fault("must be a word that is not taken, such as gives_legal_advice")
        return name

    @field_validator("higher_is_worse")
    @classmethod
    def _is_the_measures_direction(cls, higher_is_worse: bool, info: ValidationInfo) -> bool:
        if info.data.get("name") in KNOWN and not higher_is_worse:
            raise _fault("must be true for a measure that StageLens knows by this name")
        return higher_is_worse


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
