"""Items that a sequential run did not ask, since its looks at the data had decided: they are outside the sample."""

from __future__ import annotations

from typing import Final

import polars as pl

from stagelens.errors import InputError
from stagelens.statistics.design.looks import MOST_LOOKS, Look

_CAUSE: Final = "not asked: decided at look"
_PATTERN: Final = rf"^{_CAUSE} (\d{{1,3}}) of (\d{{1,3}})$"
_MEASURE: Final = ("family", "benchmark", "measure")

Looks = dict[tuple[str, str, str], Look]
"""By family, benchmark and measure: the look that the verdicts rest on."""


def not_asked(look: Look) -> str:
    """The cause of a row that stands for an item which was not asked, since this look had decided."""
    return f"{_CAUSE} {look.number} of {look.of}"


def is_not_asked() -> pl.Expr:
    """Whether a row stands for an item that was not asked, since a look had decided."""
    return _unattempted() & pl.col("cause").str.contains(_PATTERN).fill_null(False)


def take_looks(table: pl.DataFrame, *, looks: int = 1) -> tuple[pl.DataFrame, Looks]:
    """The rows inside the sample, and for every measure of every family the look that its verdicts rest on.

    A measure whose rows say at which look it was decided has that look, and the earliest where they name several: the
    stricter one. Every other one was asked to the end, and has the last look of the design. A design of one look gives
    no looks.

    Args:
        table: as ``read_table`` or ``read_coded`` returns it.
        looks: of the design, where a study says; else as many as the rows of any measure say.

    Raises:
        InputError: rows name a look that there cannot be, or looks of different designs.
    """
    if looks == 1 and not table.select(_unattempted().any()).item():
        return table, {}
    left_out = is_not_asked()
    named = table.filter(left_out).select(*_MEASURE, "cause").unique().sort(pl.all())
    stopped: Looks = {}
    for family, benchmark, measure, cause in named.iter_rows():
        look = _read(cause)
        known = stopped.setdefault((family, benchmark, measure), look)
        if look.of != known.of:
            raise InputError(
                f"The table's rows of {family}/{benchmark}/{measure} name looks of different designs: "
                f"{not_asked(look)!r} and {not_asked(known)!r}; analyze the outcomes of one run."
            )
        stopped[family, benchmark, measure] = min(look, known, key=lambda each: each.number)
    most = max([looks, *(look.of for look in stopped.values())])
    if most == 1:
        return table, {}
    last = {(*measure,): Look(most, most) for measure in table.select(_MEASURE).unique().iter_rows()}
    return table.filter(~left_out) if stopped else table, last | stopped


def _unattempted() -> pl.Expr:
    # As a word: a coded table's column knows only the statuses that occur.
    return pl.col("status").cast(pl.String) == "unattempted"


def _read(cause: str) -> Look:
    number, of = (int(word) for word in cause.removeprefix(_CAUSE).split(" of "))
    if not 1 <= number < of <= MOST_LOOKS:
        raise InputError(
            f"The table's rows say {cause!r}: a look that decides comes before the last, of at most {MOST_LOOKS}."
        )
    return Look(number, of)
