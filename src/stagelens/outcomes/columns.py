"""A coded table's columns as arrays, cut to the rows of one measure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from stagelens.outcomes.codes import Codes, codes_of, words_of
from stagelens.outcomes.schema import STATUSES


@dataclass(frozen=True, slots=True)
class Columns:
    """Arrays of shape (rows,).

    ``stage``, ``item``, ``cluster``, ``judge``, ``stratum``: codes; the last two are -1 where the table has none.
    ``value``: NaN where there is none. ``status``: int8, codes of ``statistics.data``. ``probability``: NaN where there
    is none, None where the table has no such column. ``stages``, ``items``, ``judges``, ``strata``: what the
    codes stand for.
    """

    stage: Codes
    item: Codes
    epoch: Codes
    seed: Codes
    cluster: Codes
    judge: Codes
    stratum: Codes
    value: NDArray[np.float64]
    status: NDArray[np.int8]
    probability: NDArray[np.float64] | None
    stages: tuple[str, ...]
    items: tuple[str, ...]
    judges: tuple[str, ...]
    strata: tuple[str, ...]

    def take(self, rows: Codes, stages: tuple[str, ...]) -> Columns:
        """These rows, with ``stage`` as the position in ``stages``."""
        position = np.array([stages.index(word) if word in stages else -1 for word in self.stages], dtype=np.int64)
        return Columns(
            stage=position[self.stage[rows]],
            item=self.item[rows],
            epoch=self.epoch[rows],
            seed=self.seed[rows],
            cluster=self.cluster[rows],
            judge=self.judge[rows],
            stratum=self.stratum[rows],
            value=self.value[rows],
            status=self.status[rows],
            probability=None if self.probability is None else self.probability[rows],
            stages=stages,
            items=self.items,
            judges=self.judges,
            strata=self.strata,
        )


def columns_of(table: pl.DataFrame) -> Columns:
    """The columns of a coded table that was checked."""
    statuses = np.array([STATUSES.index(word) for word in words_of(table["status"])], dtype=np.int8)
    return Columns(
        stage=codes_of(table["stage"]),
        item=codes_of(table["item"]),
        epoch=table["epoch"].to_numpy(),
        seed=table["seed"].to_numpy(),
        cluster=codes_of(table["cluster"]),
        judge=codes_of(table["judge"]),
        stratum=codes_of(table["stratum"]),
        value=table["value"].to_numpy(),
        status=statuses[codes_of(table["status"])],
        probability=table["probability"].to_numpy() if "probability" in table.columns else None,
        stages=tuple(words_of(table["stage"])),
        items=tuple(words_of(table["item"])),
        judges=tuple(words_of(table["judge"])),
        strata=tuple(words_of(table["stratum"])),
    )
