"""What a filled table must not be: each check finds the first row that is wrong and says it in one sentence."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

import polars as pl

from stagelens.errors import InputError
from stagelens.outcomes.codes import codes_of, key_of, words_of
from stagelens.outcomes.convert import first_true
from stagelens.outcomes.measures import KNOWN
from stagelens.outcomes.schema import COLUMNS, KEY, READ, REQUIRED, STATUSES
from stagelens.outcomes.source import Origin


def nearest(name: str, known: Iterable[str]) -> str:
    """ "did you mean …?", or the names there are."""
    names = list(known)
    close = difflib.get_close_matches(name.lower(), names, n=1, cutoff=0.6)
    return f"did you mean {close[0]!r}?" if close else f"known are {', '.join(names)}."


def check_columns(columns: list[str], origin: Origin) -> None:
    """Every required column is there, and no unknown one."""
    unknown = [name for name in columns if name not in READ]
    for name in REQUIRED:
        if name not in columns:
            close = difflib.get_close_matches(name, unknown, n=1, cutoff=0.6)
            hint = f"rename {close[0]!r}" if close else f"the table has {', '.join(columns) or 'no columns at all'}"
            raise InputError(f"{origin.name}: the column {name!r} is missing: {hint}.")
    if unknown:
        free = [name for name in COLUMNS if name not in columns] or list(COLUMNS)
        raise InputError(f"{origin.name}: the column {unknown[0]!r} is not known: {nearest(unknown[0], free)}")


def check_present(table: pl.DataFrame, origin: Origin) -> None:
    """Rows there are, and each says what it is about."""
    if table.height == 0:
        raise InputError(f"{origin.name} has no rows: give one row for each answer.")
    for name in REQUIRED:
        row = None if name == "value" else _first_null(table[name])
        if row is not None:
            raise InputError(f"{origin.at(row)}: {name} is empty: every row needs one.")


def _first_null(column: pl.Series) -> int | None:
    return first_true(column.is_null()) if column.null_count() else None


def check_values(table: pl.DataFrame, origin: Origin) -> None:
    """Statuses are statuses, a value stands exactly where a row is scored, and lies in its measure's range."""
    status, value, words = table["status"], table["value"], words_of(table["status"])
    row = None if set(words) <= set(STATUSES) else first_true(~status.cast(pl.String).is_in(STATUSES))
    if row is not None:
        raise InputError(f"{origin.at(row)}: status is {status[row]!r}: {nearest(status[row], STATUSES)}")
    scored = status.to_physical() == (words.index("scored") if "scored" in words else len(words))
    row = first_true(scored & value.is_null())
    if row is not None:
        raise InputError(f"{origin.at(row)}: status is 'scored' but value is empty: give the value, or say 'ungraded'.")
    row = first_true(~scored & value.is_not_null())
    if row is not None:
        raise InputError(
            f"{origin.at(row)}: value is {value[row]:g} though status is {status[row]!r}: "
            "remove the value, or say 'scored'."
        )
    row = first_true(~value.is_finite())
    if row is not None:
        raise InputError(f"{origin.at(row)}: value is {value[row]}: leave it empty where there is none.")
    _check_ranges(table, origin)
    _check_probabilities(table, origin)


def _check_ranges(table: pl.DataFrame, origin: Origin) -> None:
    extremes = table.group_by("measure").agg(pl.col("value").min().alias("least"), pl.col("value").max().alias("most"))
    for name, least, most in extremes.sort("measure").iter_rows():
        known = KNOWN.get(name)
        if known is None or least is None or (least >= known.low and most <= known.high):
            continue
        value = table["value"]
        row = first_true((table["measure"] == name) & ((value < known.low) | (value > known.high)))
        if row is not None:
            raise InputError(
                f"{origin.at(row)}: value is {value[row]:g}, and {name} goes from {known.low:g} to {known.high:g}: "
                "rescale it, or give the measure another name."
            )


def _check_probabilities(table: pl.DataFrame, origin: Origin) -> None:
    if "probability" not in table.columns:
        return
    chance = table["probability"]
    row = first_true(~((chance > 0) & (chance <= 1)))
    if row is not None:
        raise InputError(
            f"{origin.at(row)}: probability is {chance[row]:g}, but the chance of being drawn for a label is above 0 "
            "and at most 1: leave it empty where none is known."
        )


def check_rows_differ(table: pl.DataFrame, origin: Origin) -> None:
    """No two rows are about the same attempt, measure and judge."""
    # Stages, measures and judges first: they are few, and the items then fill what is left without gaps.
    if key_of(table, *(name for name in KEY if name != "item"), "item").distinct() == table.height:
        return
    keys = table.select(pl.col(name).cast(READ[name]) for name in KEY)
    repeated = keys.with_row_index("row").filter(keys.is_duplicated())
    first = repeated.row(0, named=True)
    second = repeated.filter(pl.all_horizontal(pl.col(name).eq_missing(first[name]) for name in KEY))["row"][1]
    raise InputError(
        f"{origin.at(second)}: the same answer as {origin.brief(first['row'])} ({_described(first)}): "
        "remove one, or give repeated attempts their own epoch."
    )


def check_stage_order(table: pl.DataFrame, origin: Origin) -> None:
    """A family's stages and their positions belong together, one to one."""
    stages = _firsts(table, ["family", "stage", "stage_index"])
    position: dict[tuple[str, str], int] = {}
    holder: dict[tuple[str, int], str] = {}
    for row, family, stage, index in stages.iter_rows():
        if position.setdefault((family, stage), index) != index:
            raise InputError(
                f"{origin.at(row)}: stage_index of {family}/{stage} is {index} here and "
                f"{position[family, stage]} before: give the stage one position."
            )
        if holder.setdefault((family, index), stage) != stage:
            raise InputError(
                f"{origin.at(row)}: stage_index {index} of {family} is {stage} here and {holder[family, index]} "
                "before: give each stage its own position."
            )


def check_clusters(table: pl.DataFrame, origin: Origin) -> None:
    """Every item lies in one cluster."""
    item = ["family", "benchmark", "item"]
    if not key_of(table, *item).undecided(codes_of(table["cluster"])).any():
        return
    firsts = _firsts(table, [*item, "cluster"])
    split = firsts.filter(firsts.select(item).is_duplicated())
    one = split.row(0, named=True)
    other = split.filter(pl.all_horizontal(pl.col(name) == one[name] for name in item)).row(1, named=True)
    raise InputError(
        f"{origin.at(other['row'])}: item {one['item']!r} of {one['benchmark']} is in cluster {other['cluster']!r} "
        f"here and in {one['cluster']!r} in {origin.brief(one['row'])}: an item lies in one cluster."
    )


def check_paired(table: pl.DataFrame) -> None:
    """Every item that one stage of a family answered another one answered too; ``table`` is coded and checked."""
    item = ["family", "benchmark", "item"]
    key = key_of(table, *item)
    shared = key.undecided(table["stage_index"].to_numpy())[key.codes]
    if shared.all():
        return
    alone = table.filter(~pl.Series(shared)).select(pl.col(name).cast(READ[name]) for name in (*item, "stage"))
    alone = alone.unique(item).sort(item)
    family, benchmark, name, stage = alone.row(0)
    same = alone.filter((pl.col("family") == family) & (pl.col("benchmark") == benchmark)).height
    more = f" ({same} such items in {benchmark})" if same > 1 else ""
    raise InputError(
        f"An item answered by one stage only: {name} of {benchmark}, by {family}/{stage}{more}: "
        "ask every stage the same items under the same ids, or leave the item out."
    )


def check_directions(table: pl.DataFrame, origin: Origin) -> None:
    """A measure is worse in one direction only."""
    seen: dict[tuple[str, str], bool] = {}
    for row, benchmark, measure, worse in _firsts(table, ["benchmark", "measure", "higher_is_worse"]).iter_rows():
        if seen.setdefault((benchmark, measure), worse) != worse:
            raise InputError(
                f"{origin.at(row)}: higher_is_worse of {benchmark}/{measure} is {str(worse).lower()} here and "
                f"{str(not worse).lower()} before: a measure has one direction."
            )


def _firsts(table: pl.DataFrame, columns: list[str]) -> pl.DataFrame:
    """The distinct combinations with the first row each stands in, in order of appearance."""
    rows = key_of(table, *columns).firsts()
    return table.select(pl.col(name).gather(rows).cast(READ[name]) for name in columns).insert_column(
        0, pl.Series("row", rows)
    )


def _described(key: dict[str, object]) -> str:
    return ", ".join(f"{name} {key[name]}" for name in KEY if key[name] is not None)
