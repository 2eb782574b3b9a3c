"""How the trials ask for decisions: the public way in, and the one contrast of a two-stage study."""

from __future__ import annotations

from collections.abc import Mapping
from math import nan

from stagelens.statistics.data import MeasureData, Method, Rules
from stagelens.statistics.decide import decide
from stagelens.statistics.results import Contrast, Level, MeasureResult

DEFAULT: Method = "tango_neff"
GUARANTEED: Method = "betting"
FAST: tuple[Method, ...] = (DEFAULT, "cluster_t")
SLOW: tuple[Method, ...] = ("bootstrap", GUARANTEED)
"""Methods that take ten times as long: they get fewer replicates."""

METHODS = FAST + SLOW
SAME = ("equivalent", "below_margin")
CHANGED = ("changed_up", "changed_down")


def result(data: MeasureData, method: Method = DEFAULT, margin: float | None = None) -> MeasureResult:
    """What is decided about one measure alone, at alpha 0.05 and, unless given, the default margin."""
    margins: Mapping[str, float] = {} if margin is None else {"bench/m": margin}
    return decide([data], Rules(margins=margins, method=method)).results[0]


def contrast(data: MeasureData, method: Method = DEFAULT, margin: float | None = None) -> Contrast:
    """The contrast of a study with two stages."""
    return result(data, method, margin).contrasts[0]


def covers(interval: Contrast | Level, truth: float) -> float:
    """1 where the 1 - alpha interval contains the truth, else 0."""
    return float(interval.low <= truth <= interval.high)


def covers_ratio(interval: Contrast, truth: float) -> float:
    """The same of the ratio's 1 - 2 alpha interval, where a missing limit is none; nan where it has neither."""
    low, high = interval.ratio_low, interval.ratio_high
    if low is None and high is None:
        return nan
    return float((low is None or low <= truth) and (high is None or truth <= high))
