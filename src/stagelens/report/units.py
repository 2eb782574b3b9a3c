"""What a measure's numbers look like: rates in per cent and percentage points, severities on their own scale."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypeGuard

from stagelens.outcomes.measures import KNOWN
from stagelens.statistics.results import MeasureResult

MISSING = "–"
"""What stands where a number is not known. Never 0."""

MINUS = "\u2212"


@dataclass(frozen=True, slots=True)
class Units:
    """How one measure is written. ``high`` is the top of its scale; rates run from 0 to 1."""

    kind: Literal["rate", "severity"]
    low: float
    high: float

    @property
    def factor(self) -> float:
        """From a stored number to a written one."""
        return 100.0 if self.kind == "rate" else 1.0

    @property
    def name(self) -> str:
        """The unit of a difference: `pp` (percentage points), or nothing for a severity."""
        return "pp" if self.kind == "rate" else ""

    def level(self, value: float | None) -> str:
        """`71.4%`, or `1.24` for a severity."""
        number = self._number(value, fine_below=1.0)
        return f"{number}%" if self.kind == "rate" and number != MISSING else number

    def level_interval(self, low: float | None, high: float | None) -> str:
        """`64.0 to 77.1%`."""
        if not (_known(low) and _known(high)):
            return MISSING
        return f"{self._number(low, fine_below=1.0)} to {self.level(high)}"

    def difference(self, value: float | None) -> str:
        """`−1.0 pp` or `+0.31`."""
        return self._with_unit(self._number(value, signed=True))

    def width(self, value: float | None) -> str:
        """`5.0 pp`: a size without a direction, such as a margin."""
        return self._with_unit(self._number(value))

    def amount(self, value: float, *, coarse: bool = False) -> str:
        """`7.2 points` in a sentence, or `0.36` for a severity; ``coarse`` leaves out a rate's decimals from 10 on."""
        if self.kind == "severity":
            return _written(value, 2, signed=False)
        written = value * self.factor
        digits = 0 if coarse and written >= 10 else 1
        number = _written(written, digits, signed=False).removesuffix(".0")
        return f"{number} point" if number == "1" else f"{number} points"

    def interval(self, low: float | None, high: float | None) -> str:
        """`−4.0 to 2.0`, without the unit."""
        if not (_known(low) and _known(high)):
            return MISSING
        return f"{self._number(low)} to {self._number(high)}"

    def _number(self, value: float | None, *, signed: bool = False, fine_below: float = 0.1) -> str:
        """One decimal for rates (two below ``fine_below``), two for severities; without the unit."""
        if not _known(value):
            return MISSING
        written = value * self.factor
        fine = self.kind == "severity" or 0 < abs(written) < fine_below - 0.005
        return _written(written, 2 if fine else 1, signed=signed)

    def _with_unit(self, number: str) -> str:
        return number if number == MISSING or not self.name else f"{number} {self.name}"


def units_of(result: MeasureResult) -> Units:
    """A measure's units: by its name where StageLens knows it, else by its numbers.

    ``MeasureResult`` does not say whether it is a rate or a severity. An unknown measure counts as a severity where a
    level's interval reaches above 1, or below 0, or where its margin is 0.5 or more, which no rate would be given.
    """
    known = KNOWN.get(result.measure)
    if known is not None:
        return Units(known.kind, known.low, known.high)
    low = min((level.low for level in result.stages), default=0.0)
    high = max((level.high for level in result.stages), default=1.0)
    if low < 0 or high > 1 or result.margin >= 0.5:
        return Units("severity", min(low, 0.0), max(high, 1.0))
    return Units("rate", 0.0, 1.0)


def probability(value: float | None) -> str:
    """A p value to three significant digits; below a thousandth it is `<0.001`."""
    if not _known(value):
        return MISSING
    return "<0.001" if value < 0.001 else f"{value:.3g}"


def share(value: float | None) -> str:
    """A share of one, in whole per cent: `97%`. Small ones keep a digit: `0.4%`."""
    if not _known(value):
        return MISSING
    written = 100 * value
    return f"{_written(written, 1 if 0 < abs(written) < 0.95 else 0, signed=False)}%"


def ratio(value: float | None) -> str:
    """A ratio or a coefficient to two decimals."""
    return _written(value, 2, signed=False) if _known(value) else MISSING


def count(value: int | None) -> str:
    """A whole number with thousands apart: `50,000`."""
    return MISSING if value is None else f"{value:,}"


def plain(value: float | None) -> str:
    """A setting as one would write it: `1`, `0.95`."""
    return f"{value:g}" if _known(value) else MISSING


def coverage(alpha: float) -> tuple[str, str]:
    """The names of the two intervals at this alpha: (`95%`, `90%`)."""
    return f"{100 * (1 - alpha):g}%", f"{100 * (1 - 2 * alpha):g}%"


def _known(value: float | None) -> TypeGuard[float]:
    return value is not None and math.isfinite(value)


def _written(value: float, decimals: int, *, signed: bool) -> str:
    digits = f"{abs(value):.{decimals}f}"
    if float(digits) == 0:
        return digits
    if value < 0:
        return MINUS + digits
    return f"+{digits}" if signed else digits
