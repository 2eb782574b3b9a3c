"""How the instrument reads a drawn study: by the public decision, with nothing but the margin and the method fixed."""

from __future__ import annotations

from stagelens.statistics.data import MeasureData, Method, Rules
from stagelens.statistics.decide import decide
from stagelens.statistics.results import Contrast, MeasureResult


def read(study: MeasureData, margin: float, method: Method = "tango_neff", alpha: float = 0.05) -> MeasureResult:
    """Everything that is decided about one measure; ``margin`` in its unit."""
    key = f"{study.benchmark}/{study.measure}"
    return decide([study], Rules(alpha=alpha, margins={key: margin}, method=method)).results[0]


def headline(study: MeasureData, margin: float, method: Method = "tango_neff", alpha: float = 0.05) -> Contrast:
    """The only contrast of two stages, or the last stage against the one where the headline starts."""
    return next(each for each in read(study, margin, method, alpha).contrasts if each.headline)
