"""What became of every item between two stages, by the grades that are analysed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from stagelens.errors import InputError
from stagelens.outcomes.aligned import aligned
from stagelens.outcomes.codes import Codes, coded
from stagelens.outcomes.groups import groups_of
from stagelens.outcomes.looks import take_looks
from stagelens.outcomes.schema import STATUSES
from stagelens.outcomes.table import read_coded

_GROUP: Final = ("family", "benchmark", "measure")


def rows_of(table: Path, family: str, benchmark: str, measure: str) -> pl.DataFrame:
    """The rows of one measure of one family in a Parquet file, coded and checked; of the others little is read.

    Raises:
        InputError: the table cannot be read, or has no such rows.
    """
    named = zip(_GROUP, (family, benchmark, measure), strict=True)
    try:
        rows = pl.scan_parquet(table).filter(pl.col(name) == word for name, word in named).collect()
    except (OSError, pl.exceptions.PolarsError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise InputError(f"{table} cannot be read ({reason}): run or analyze the study again.") from error
    return read_coded(rows)


def attempts_between(rows: pl.DataFrame, before: str, after: str) -> pl.DataFrame:
    """Every attempt of a measure's ``rows`` (see ``rows_of``) at two of its stages, in order of item, epoch and run.

    Columns: ``item``, ``stratum`` (null where there is none), ``epoch``, ``seed``, and of either stage the value that
    is analysed, null unless scored, and its status: ``before``, ``before_status``, ``after``, ``after_status``. A stage
    that was not asked is `unattempted` throughout; items that a sequential run left out are not among the attempts.
    """
    inside = coded(take_looks(rows)[0])
    family, *others = inside["family"].unique().to_list()
    assert not others, "rows of one measure of one family"
    names = tuple(dict.fromkeys([*inside["stage"].unique().cast(pl.String).sort(), before, after]))
    (group,) = groups_of(inside, {family: names})
    attempts, run, found = aligned(group)
    own, sides = group.rows, {"before": group.stages.index(before), "after": group.stages.index(after)}
    item, stratum = attempts.of(own.item), _stratum(own.item, own.stratum)
    seeds = np.unique(own.seed[~group.one_checkpoint[own.stage]])
    return pl.DataFrame(
        {
            "item": _words(own.items, item),
            "stratum": _words(own.strata, stratum[item]),
            "epoch": attempts.of(own.epoch),
            "seed": attempts.of(own.seed) if run is None else seeds[run],
            **{side: pl.Series(found.values[stage], nan_to_null=True) for side, stage in sides.items()},
            **{f"{side}_status": _words(STATUSES, found.status[stage]) for side, stage in sides.items()},
        }
    )


def items_between(attempts: pl.DataFrame) -> pl.DataFrame:
    """One row an item, the largest change first, then by name; ``attempts`` as ``attempts_between`` has them.

    Columns: ``item``, ``stratum``, ``attempts``, how many of them were scored at both stages (``pairs``), the means
    over these, ``before`` and ``after``, and ``change``, the later minus the earlier. Without a pair there is no
    change, and a mean is over what was scored at its stage, if anything was.
    """
    paired = pl.col("before").is_not_null() & pl.col("after").is_not_null()
    return (
        attempts.group_by("item", maintain_order=True)
        .agg(
            pl.col("stratum").first(),
            pl.len().alias("attempts"),
            paired.sum().alias("pairs"),
            *(pl.coalesce(pl.col(side).filter(paired).mean(), pl.col(side).mean()) for side in ("before", "after")),
        )
        .with_columns(change=pl.when(pl.col("pairs") > 0).then(pl.col("after") - pl.col("before")))
        .sort(
            pl.col("change").abs(), pl.col("change"), pl.col("item"), descending=[True, False, False], nulls_last=True
        )
    )


def _words(words: Sequence[str], codes: Codes) -> pl.Series:
    """The words that codes stand for, null for -1."""
    return pl.Series([*words, None], dtype=pl.String).gather(np.where(codes < 0, len(words), codes))


def _stratum(item: Codes, stratum: Codes) -> Codes:
    """By item's code the stratum that some row of it gives, -1 where none does."""
    found = np.full(int(item.max()) + 1, -1)
    given = stratum >= 0
    found[item[given]] = stratum[given]
    return found
