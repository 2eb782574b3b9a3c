"""Items that a sequential run did not ask, since its looks at the data had decided: they are outside the sample."""

from __future__ import annotations

from typing import Final

import polars as pl

from stagelens.errors import InputError
from stagelens.statistics.design.looks import MOST_LOOKS, Look

_CAUSE: Final = "not asked: decided at look"
_PATTERN: Final = rf"^{_CAUSE} (\d+) of (\d+)$"

Cell = tuple[str, str]
"""A family and a benchmark: what a sequential run stops asking."""


def not_asked(look: Look) -> str:
    """The cause of a row that stands for an item which was not asked, since this look had decided."""
    return f"{_CAUSE} {look.number} of {look.of}"


def is_not_asked() -> pl.Expr:
    """Whether a row stands for an item that was not asked, since a look had decided."""
    return (pl.col("status") == "unattempted") & pl.col("cause").str.contains(_PATTERN).fill_null(False)


def take_looks(table: pl.DataFrame, *, looks: int = 1) -> tuple[pl.DataFrame, dict[Cell, Look]]:
    """The rows inside the sample, and for every family and benchmark the look that its verdicts rest on.

    A cell whose rows say at which look it was decided has that look; every other one was asked to the end, and has the
    last look of the design.

    Args:
        table: as ``read_table`` returns it.
        looks: of the design, where the study says; else as many as the rows of any cell say.

    Raises:
        InputError: a cell's rows name different looks, or one that there cannot be.
    """
    if looks == 1 and not table.select((pl.col("status") == "unattempted").any()).item():
        return table, {}
    left_out = table.filter(is_not_asked())
    stopped: dict[Cell, Look] = {}
    for family, benchmark, cause in left_out.select("family", "benchmark", "cause").unique().sort(pl.all()).iter_rows():
        number, of = (int(word) for word in cause.removeprefix(_CAUSE).split(" of "))
        if not 1 <= number < of <= MOST_LOOKS or (family, benchmark) in stopped:
            raise InputError(
                f"The table's rows of {family}/{benchmark} say {cause!r}: a look has to come before the last of at "
                f"most {MOST_LOOKS}, and all rows of a benchmark have to name the same one."
            )
        stopped[family, benchmark] = Look(number, of)
    most = max([looks, *(look.of for look in stopped.values())])
    if most == 1:
        return table, {}
    cells = table.select("family", "benchmark").unique().iter_rows()
    last = Look(most, most)
    sample = table.filter(~is_not_asked()) if stopped else table
    return sample, {(family, benchmark): stopped.get((family, benchmark), last) for family, benchmark in cells}
