"""Imports tables of any shape by a mapping file, a batch of rows at a time: only outcomes are kept in memory.

No row is left out, and no value taken for missing, without being counted and said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import polars as pl

from stagelens.errors import InputError
from stagelens.outcomes.importers.imported import FAMILY, LONGEST, Imported, Results, named_files, number_of
from stagelens.outcomes.importers.mapping import MeasureSpec, Only, TableMapping, Values
from stagelens.outcomes.importers.their_rows import Batch, is_table, origin_of, read_batches
from stagelens.outcomes.importers.told import Told
from stagelens.outcomes.importers.words import Words
from stagelens.outcomes.measures import KNOWN
from stagelens.outcomes.source import Origin
from stagelens.outcomes.table import complete_table

_NAMING: Final = ("family", "stage", "benchmark", "measure", "item")
"""A row that lacks one of these is about nothing."""
_TRUTH: Final[Mapping[str, float]] = {"true": 1.0, "false": 0.0}
_FILE: Final = "their file"
_ROW: Final = "their row"


def import_mapped(given: Sequence[str], mapping: TableMapping) -> Imported:
    """An outcome table from CSV, JSONL and Parquet files, as the mapping says.

    Args:
        given: each ``PATH`` or ``STAGE=PATH``, a file or a folder of them.
        mapping: what their columns mean.

    Raises:
        InputError: a file that cannot be read, a column, a stage or a measure that is nowhere, a stage that is said
            twice or not at all, no row that could be taken over, or rows that contradict each other.
    """
    files = list(named_files(given, is_table, "tables (.csv, .jsonl, .parquet)"))
    for results in files:
        _check_stage(results, mapping)
    told = Told()
    reader = _Reader(mapping, told)
    parts = [
        part.with_columns(pl.lit(number, pl.Int32).alias(_FILE))
        for number, results in enumerate(files)
        for batch in read_batches(results.path, reader.wanted)
        for part in reader.outcomes(batch, results.stage)
    ]
    told.check_found(mapping)
    rows = pl.concat(parts) if parts else pl.DataFrame()
    if not rows.height:
        raise InputError(" ".join(["Nothing could be taken over.", *told.notes()]))
    order = list(mapping.stages) or list(dict.fromkeys(each.stage for each in files if each.stage))
    if order:
        positions = pl.col("stage").replace_strict(order, range(len(order)), return_dtype=pl.Int64)
        rows = rows.with_columns(positions.alias("stage_index"))
    origins, of, places = [origin_of(each.path) for each in files], rows[_FILE], rows[_ROW]
    origin = Origin("The imported table", stood=lambda row: origins[of[row]].at(places[row]))
    return Imported(complete_table(rows.drop(_FILE, _ROW), origin), told.notes())


def _check_stage(results: Results, mapping: TableMapping) -> None:
    said = "stage" in mapping.taken or "stage" in mapping.fixed
    if results.stage is not None and said:
        raise InputError(
            f"{results.path} is given as the stage {results.stage!r}, and the mapping says where stages stand: "
            "leave one of the two out."
        )
    if results.stage is None and not said:
        raise InputError(
            f"Nothing says which stage {results.path} is: write STAGE={results.path}, or name its column as the "
            "mapping's columns.stage."
        )


class _Measure(NamedTuple):
    """How one measure's values are read. ``name`` is None where a column says it; ``values`` what words are worth."""

    name: str | None
    columns: tuple[str, ...]
    values: Words[float | str]
    only: Only
    higher_is_worse: bool | None


class _Reader:
    """From batches of their rows to ours, as the mapping says; what it meets goes into ``told``."""

    def __init__(self, mapping: TableMapping, told: Told) -> None:
        self._mapping = mapping
        self._told = told
        self._stages = Words({their: name for name, their in mapping.stages.items()})
        self._statuses = Words[str](mapping.statuses)
        self._measures = [_measure(name, spec, mapping) for name, spec in mapping.measures.items()]
        self._any = _measure(None, MeasureSpec(column=mapping.columns.value), mapping)
        names = [name for theirs in mapping.taken.values() for name in theirs]
        names += [name for spec in self._measures for name in (*spec.columns, *spec.only)]
        self.wanted = list(dict.fromkeys([*names, *mapping.only]))
        """Their columns that have to be read."""

    def outcomes(self, batch: Batch, stage: str | None) -> Iterator[pl.DataFrame]:
        """Our rows of a batch, measure by measure; ``stage`` where the whole file is of one."""
        self._told.columns.update(dict.fromkeys(batch.others))
        theirs = batch.rows.rename(dict(zip(batch.rows.columns, self.wanted, strict=True)))
        theirs = theirs.with_row_index(_ROW, offset=batch.first)
        kept = _in(theirs, self._mapping.only)
        self._count_out(~kept, f"not {_said(self._mapping.only)}")
        theirs = theirs.filter(kept)
        ours = self._named(theirs, stage)
        whole = pl.repeat(True, ours.height, eager=True)
        for name in _NAMING:
            if name in ours.columns:
                self._count_out(whole & ours[name].is_null(), f"no {name}")
                whole &= ours[name].is_not_null()
        whole &= self._known_stages(ours, whole)
        theirs, ours = theirs.filter(whole), self._renamed(ours.filter(whole))
        if self._mapping.is_wide:
            for measure in self._measures:
                applies = self._applies(theirs, measure)
                yield self._graded(ours.filter(applies), theirs.filter(applies), measure)
        elif self._measures:
            yield from self._chosen(theirs, ours)
        else:
            yield self._graded(ours, theirs, self._any)

    def _applies(self, theirs: pl.DataFrame, measure: _Measure) -> pl.Series:
        applies = _in(theirs, measure.only)
        self._count_out(~applies, f"{measure.name} is asked of {_said(measure.only)} only")
        return applies

    def _named(self, theirs: pl.DataFrame, stage: str | None) -> pl.DataFrame:
        """Everything of ours but the value; what is empty is missing."""
        fixed = {"family": FAMILY, **({} if stage is None else {"stage": stage}), **self._mapping.fixed}
        taken = {name: columns for name, columns in self._mapping.taken.items() if name != "value"}
        constants = {name: pl.lit(value) for name, value in fixed.items() if name not in taken}
        return theirs.select(pl.col(_ROW), **constants, **{name: _joined(columns) for name, columns in taken.items()})

    def _count_out(self, mask: pl.Series, reason: str) -> None:
        if count := int(mask.sum()):
            self._told.left_out[reason] += count

    def _known_stages(self, ours: pl.DataFrame, whole: pl.Series) -> pl.Series:
        if not self._mapping.stages:
            return whole
        known = [word for word in ours["stage"].unique().to_list() if self._stages.find(word) is not None]
        self._told.found.update(("stage", str(self._stages.find(word))) for word in known)
        inside = ours["stage"].is_in(known)
        self._told.stages.update(_counts(ours.filter(whole & ~inside)["stage"]))
        return inside

    def _renamed(self, ours: pl.DataFrame) -> pl.DataFrame:
        return _translated(ours, "stage", self._stages) if self._mapping.stages else ours

    def _chosen(self, theirs: pl.DataFrame, ours: pl.DataFrame) -> Iterator[pl.DataFrame]:
        """A long table's rows of the measures that the mapping names."""
        for measure in self._measures:
            mine = ours["measure"] == measure.name
            if mine.any():
                self._told.found.add(("measure", str(measure.name)))
                rows, cells = ours.filter(mine), theirs.filter(mine)
                applies = self._applies(cells, measure)
                yield self._graded(rows.filter(applies), cells.filter(applies), measure)
        asked = ours["measure"].is_in([measure.name for measure in self._measures])
        self._told.measures.update(_counts(ours.filter(~asked)["measure"]))

    def _graded(self, ours: pl.DataFrame, theirs: pl.DataFrame, measure: _Measure) -> pl.DataFrame:
        """Our rows with value, status and cause; with the measure's name and direction where it says them."""
        text = theirs.select(_joined(measure.columns).alias("text")).to_series()
        graded = _worths(text, measure.values)
        self._count_words(text, ours, measure)
        rows = ours.select(pl.exclude("status", "cause")).hstack(graded)
        if "status" in ours.columns:
            rows = self._with_status(rows, ours)
        if "cause" in ours.columns:
            cause = pl.when(pl.col("status") != "scored").then(pl.coalesce(ours["cause"], "cause"))
            rows = rows.with_columns(cause.alias("cause"))
        if measure.name is not None:
            rows = rows.with_columns(pl.lit(measure.name).alias("measure"))
        if "higher_is_worse" not in rows.columns or measure.higher_is_worse is not None:
            rows = rows.with_columns(_direction(measure.higher_is_worse).alias("higher_is_worse"))
        return rows.with_columns(pl.exclude(_ROW, "value").cast(pl.String))

    def _with_status(self, rows: pl.DataFrame, ours: pl.DataFrame) -> pl.DataFrame:
        """Where their status says that there is no grade there is none, whatever stands as the value."""
        word = ours["status"]
        said = _translated(ours.select("status"), "status", self._statuses)["status"].fill_null(word)
        missing = (said != "scored").fill_null(False)
        for status, count in _counts(said.filter(missing & rows["value"].is_not_null())).items():
            self._told.dropped[status] += count
        cause = pl.when(word == said).then(pl.col("cause")).otherwise(pl.format("the status is '{}'", word))
        return rows.with_columns(
            pl.when(~missing).then(pl.col("value")).alias("value"),
            pl.when(missing).then(said).otherwise(pl.col("status")).alias("status"),
            pl.when(missing).then(cause).otherwise(pl.col("cause")).alias("cause"),
        )

    def _count_words(self, text: pl.Series, ours: pl.DataFrame, measure: _Measure) -> None:
        odd = [
            word
            for word in text.unique().drop_nulls().to_list()
            if measure.values.find(word) is None and number_of(word, _TRUTH).number is None
        ]
        if odd:
            names = ours["measure"] if measure.name is None else pl.repeat(measure.name, ours.height, eager=True)
            met = pl.DataFrame({"measure": names, "word": text}).filter(pl.col("word").is_in(odd))
            for name, word, count in met.group_by("measure", "word").len().iter_rows():
                self._told.words[name, word.strip()[:LONGEST]] += count


def _measure(name: str | None, spec: MeasureSpec, mapping: TableMapping) -> _Measure:
    """A measure's own words come before the table's."""
    values: Values = {**mapping.values, **spec.values}
    return _Measure(
        name=name,
        columns=spec.column or mapping.columns.value or (),
        values=Words[float | str](values),
        only=spec.only,
        higher_is_worse=spec.higher_is_worse,
    )


def _joined(columns: Sequence[str]) -> pl.Expr:
    texts = [pl.col(name).replace("", None) for name in columns]
    return texts[0] if len(texts) == 1 else pl.concat_str(texts, separator="/")


def _in(theirs: pl.DataFrame, only: Only) -> pl.Series:
    mask = pl.repeat(True, theirs.height, eager=True)
    for name, words in only.items():
        wanted = Words(dict.fromkeys(words, True))
        mask &= theirs[name].is_in([word for word in theirs[name].unique().to_list() if wanted.find(word)])
    return mask.fill_null(False)


def _said(only: Only) -> str:
    return " and ".join(f"{name} {' or '.join(words)}" for name, words in only.items())


def _worths(text: pl.Series, values: Words[float | str]) -> pl.DataFrame:
    """value, status and cause for every text."""
    words = text.unique()
    worth = [_worth(word, values) for word in words.to_list()]
    columns = []
    for place, (name, kind) in enumerate({"value": pl.Float64(), "status": pl.String(), "cause": pl.String()}.items()):
        meanings = pl.Series([each[place] for each in worth], dtype=kind)
        # Of no rows at all the type would stay what it was.
        columns.append(text.replace_strict(words, meanings, return_dtype=kind).cast(kind).alias(name))
    return pl.DataFrame(columns)


def _worth(word: str | None, values: Words[float | str]) -> tuple[float | None, str, str | None]:
    known = values.find(word)
    if isinstance(known, str):
        return None, known, f"the value is {str(word).strip()[:LONGEST]!r}"
    if known is not None:
        return known, "scored", None
    number, cause = number_of(word, _TRUTH)
    return number, "ungraded" if number is None else "scored", cause


def _translated(frame: pl.DataFrame, name: str, words: Words[str]) -> pl.DataFrame:
    """The column in our words; null where a word has no meaning."""
    there = frame[name].unique()
    ours = pl.Series([words.find(word) for word in there.to_list()], dtype=pl.String)
    return frame.with_columns(frame[name].replace_strict(there, ours, return_dtype=pl.String).alias(name))


def _direction(higher_is_worse: bool | None) -> pl.Expr:
    """As the mapping says, else as our own measure of that name, else worse."""
    if higher_is_worse is not None:
        return pl.lit(higher_is_worse)
    better = [name for name, measure in KNOWN.items() if not measure.higher_is_worse]
    return ~pl.col("measure").is_in(better)


def _counts(words: pl.Series) -> dict[str, int]:
    return {str(word): count for word, count in words.value_counts().iter_rows()}
