"""The mapping file: what the columns of somebody's table mean, as types, read with line numbers.

A long table has a row for every attempt and measure, a wide one a row an attempt and a column for every measure::

    stages: {sft: run-17/final, production: release}   # ours: theirs, in order; rows of other stages are left out
    columns: {stage: checkpoint, item: [set, id], cluster: topic}     # several columns are joined by a slash
    constants: {family: my-model, benchmark: quiz}     # what has no column
    only: {split: test}                                # rows that are taken
    measures:                                          # wide: each with its column
      refused: {column: verdict, values: {refused: 1, answered: 0, timeout: unattempted}, only: {kind: harmful}}
      severity: {column: sev, higher_is_worse: true}

A long one has `columns: {measure: …, value: …}` instead, and `values` where words have to become numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from stagelens.outcomes.schema import READ
from stagelens.study.complaints import explain
from stagelens.study.document import read_document
from stagelens.study.problems import Places, Problem, refuse

Missing: TypeAlias = Literal["incapable", "ungraded", "unattempted"]


def _one_or_more(given: Any) -> Any:
    """A list of texts; a single one need not be written as a list."""
    return (
        given
        if given is None or isinstance(given, dict)
        else _texts(list(given) if isinstance(given, list | tuple) else [given])
    )


def _texts(given: list[Any]) -> list[Any]:
    return [_text(each) for each in given]


def _text(given: Any) -> Any:
    """A number or a truth value as the text that stands in a table."""
    if isinstance(given, bool):
        return str(given).lower()
    return str(given) if isinstance(given, int | float) else given


def _worth(given: Any) -> Any:
    """A value as it is, if it is one: pydantic's own error would be about each of the two kinds."""
    if isinstance(given, bool):
        return float(given)
    if given in ("incapable", "ungraded", "unattempted") or isinstance(given, int | float):
        return given
    raise PydanticCustomError("worth", "must be a number, or incapable, ungraded or unattempted")


Texts = Annotated[tuple[str, ...], BeforeValidator(_one_or_more), Field(min_length=1)]
"""One text or several."""
Word = Annotated[str, BeforeValidator(_text)]
Values: TypeAlias = dict[str, Annotated[float | Missing, BeforeValidator(_worth)]]
"""What a table's words are worth: a number, or why they are none."""
Only: TypeAlias = dict[str, Texts]
"""Rows in which each of these columns has one of these words."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Columns(_Strict):
    """Which of their columns, or which several, each of ours is."""

    family: Texts | None = None
    stage: Texts | None = None
    benchmark: Texts | None = None
    measure: Texts | None = None
    item: Texts
    value: Texts | None = None
    status: Texts | None = None
    cause: Texts | None = None
    stage_index: Texts | None = None
    cluster: Texts | None = None
    epoch: Texts | None = None
    seed: Texts | None = None
    judge: Texts | None = None
    stratum: Texts | None = None
    higher_is_worse: Texts | None = None
    probability: Texts | None = None


class Constants(_Strict):
    """What stands in every row."""

    family: Word | None = None
    stage: Word | None = None
    benchmark: Word | None = None
    measure: Word | None = None
    epoch: int | None = None
    seed: int | None = None
    judge: Word | None = None
    stratum: Word | None = None
    higher_is_worse: bool | None = None


class MeasureSpec(_Strict):
    """One measure: its column in a wide table, what its words are worth, which rows it applies to, its direction."""

    column: Texts | None = None
    values: Values = {}
    only: Only = {}
    higher_is_worse: bool | None = None


class TableMapping(_Strict):
    """A mapping file. ``places`` says on which line each field stands."""

    columns: Columns
    constants: Constants = Constants()
    stages: dict[str, Word] = {}
    only: Only = {}
    measures: dict[str, MeasureSpec] = {}
    values: Values = {}
    statuses: dict[str, Literal["scored", "incapable", "ungraded", "unattempted"]] = {}
    places: Places = Field(default=Places(), exclude=True)

    @property
    def is_wide(self) -> bool:
        """Whether every measure has a column of its own."""
        return any(spec.column for spec in self.measures.values())

    @property
    def taken(self) -> Mapping[str, tuple[str, ...]]:
        """Our columns, each with theirs."""
        return {name: theirs for name in READ if (theirs := getattr(self.columns, name)) is not None}

    @property
    def fixed(self) -> Mapping[str, Any]:
        """Our columns that are the same in every row."""
        return {name: value for name, value in self.constants.model_dump().items() if value is not None}


def read_mapping(path: Path) -> TableMapping:
    """Read a mapping file.

    Raises:
        InputError: file, line and field of the first thing that is wrong, and how many others there are.
    """
    document = read_document(path)
    if "places" in document.value:
        refuse([Problem(("places",), "the key 'places' is not known here")], document.places)
    try:
        mapping = TableMapping.model_validate({**document.value, "places": document.places})
    except ValidationError as error:
        refuse(explain(error, TableMapping), document.places)
    found = list(_problems(mapping))
    if found:
        refuse(found, document.places)
    return mapping


_LONG: Final = ("measure", "value", "higher_is_worse")
"""What a wide table's measures say each for itself."""


def _problems(mapping: TableMapping) -> Iterator[Problem]:
    for name in mapping.fixed:
        if name in mapping.taken:
            yield Problem(("constants", name), f"columns names a column for {name} too: leave one out")
    if "benchmark" not in mapping.taken and "benchmark" not in mapping.fixed:
        yield Problem(
            (), "nothing says the benchmark: give columns a column for it, or write constants: {benchmark: …}"
        )
    if mapping.stages and "stage" in mapping.fixed:
        yield Problem(("constants", "stage"), "stages are told apart by a column: leave one of the two out")
    if mapping.stages and "stage_index" in mapping.taken:
        yield Problem(("columns", "stage_index"), "stages says their order already: leave one of the two out")
    if mapping.statuses and "status" not in mapping.taken:
        yield Problem(("statuses",), "there is no status column: name it under columns")
    theirs = list(mapping.stages.values())
    for name, their in mapping.stages.items():
        if theirs.count(their) > 1:
            yield Problem(("stages", name), f"{their!r} stands for two stages")
    yield from _problems_of_measures(mapping)


def _problems_of_measures(mapping: TableMapping) -> Iterator[Problem]:
    if mapping.is_wide:
        for name, spec in mapping.measures.items():
            if spec.column is None:
                yield Problem(("measures", name), "the key 'column' is missing, which other measures have")
        for name in _LONG:
            if name in mapping.taken:
                yield Problem(("columns", name), "every measure has a column of its own already: leave one of them out")
        if "measure" in mapping.fixed:
            yield Problem(("constants", "measure"), "every measure has a name of its own already: leave it out")
        return
    if "value" not in mapping.taken:
        yield Problem(("columns",), "no column has the values: write value: COLUMN, or give each measure its column")
    if "measure" not in mapping.taken and "measure" not in mapping.fixed:
        yield Problem(
            ("columns",), "nothing says the measure: write measure: COLUMN, or constants: {measure: NAME} for all rows"
        )
