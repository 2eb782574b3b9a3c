"""Whether a ranking foretells retraining: the linear datamodelling score (Park et al. 2023, section 4). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

RESAMPLES: Final = 2000


@dataclass(frozen=True, slots=True)
class Lds:
    """A rank correlation, −1 to 1, its standard error over the subsets, and how many these were."""

    value: float
    error: float
    subsets: int


def lds(scores: NDArray[np.float64], kept: NDArray[np.bool_], shown: NDArray[np.float64], *, seed: int = 0) -> Lds:
    """The rank correlation of what the scores foretell of a subset, their sum over it, with what it showed.

    Args:
        scores: of each example, shape (N,).
        kept: which examples were in each subset, shape (J, N), J of 3 or more.
        shown: the measure after training on each subset, shape (J,).
        seed: of the bootstrap over subsets, from which the standard error comes.
    """
    foretold = kept @ scores
    rng = np.random.default_rng(seed)
    drawn = rng.integers(len(shown), size=(RESAMPLES, len(shown)))
    resampled = _spearman(foretold[drawn], shown[drawn])
    value = float(_spearman(foretold[None], shown[None])[0])
    return Lds(value, float(np.nanstd(resampled, ddof=1)) if np.isfinite(value) else float("nan"), len(shown))


def _spearman(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of every row with its counterpart, shapes (R, J); NaN where one of the two does not vary."""
    first, second = (rankdata(each, axis=1) - (each.shape[1] + 1) / 2 for each in (one, other))
    size = np.sqrt((first**2).sum(axis=1) * (second**2).sum(axis=1))
    found = np.full(len(size), np.nan)
    np.divide((first * second).sum(axis=1), size, out=found, where=size > 0)
    return found
