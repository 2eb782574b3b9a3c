"""The units that a measure's attempts fall into: items, clusters and training runs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stagelens.statistics.data import MeasureData
from stagelens.statistics.intervals.clusters import Sample


def sample_of(data: MeasureData, kept: NDArray[np.bool_] | None = None) -> Sample:
    """The sample of the ``kept`` attempts, shape (A,), by default of all."""
    if kept is None:
        return Sample.of(data.item, data.cluster, data.run)
    return Sample.of(data.item[kept], data.cluster[kept], None if data.run is None else data.run[kept])
