"""A pilot's outcomes as what a plan draws on: how much paired answers vary, cluster by cluster."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from stagelens.analysis import rules_from_study
from stagelens.errors import InputError
from stagelens.outcomes.arrays import measure_arrays
from stagelens.outcomes.table import read_table
from stagelens.statistics.data import SCORED, FamilyRules, MeasureData, default_roles
from stagelens.statistics.intervals.tails import FloatArray
from stagelens.statistics.planning.worlds import Pilot
from stagelens.study.prospects import Pilots
from stagelens.study.spec import Study

FEWEST = 10
"""Clusters below which a pilot shows too little of how much they vary."""


def read_pilots(table: Path, study: Study) -> Pilots:
    """From an outcome table: every measure's clusters, over all families, between the stages of their headline.

    Raises:
        InputError: the table cannot be read, or no measure of the study has enough clusters in it.
    """
    families = rules_from_study(study).families
    clusters: dict[tuple[str, str], list[FloatArray]] = {}
    known: dict[tuple[str, str], MeasureData] = {}
    for data in measure_arrays(read_table(table)):
        roles = families.get(data.family)
        if roles is None or roles.headline_from not in data.stages:
            roles = default_roles(data.stages)
        key = (data.benchmark, data.measure)
        clusters.setdefault(key, []).extend(_clusters(data, roles))
        known[key] = data
    pilots = {key: _pilot(rows, known[key]) for key, rows in clusters.items() if len(rows) >= FEWEST}
    usable = {key: pilot for key, pilot in pilots.items() if key[0] in study.benchmarks}
    if not usable:
        raise InputError(
            f"{table} has no measure of the study's benchmarks with {FEWEST} clusters or more, answered by the stages "
            "of the headline: give a larger pilot, or plan without one."
        )
    return usable


def _clusters(data: MeasureData, roles: FamilyRules) -> Iterator[FloatArray]:
    """Per cluster: gained, lost, pairs that agree at the low end, pairs, sum of values, sum of squares."""
    start = data.stages.index(roles.headline_from)
    scored = (data.status[start] == SCORED) & (data.status[-1] == SCORED)
    earlier, later = data.values[start][scored], data.values[-1][scored]
    change = later - earlier
    columns = (
        np.maximum(change, 0.0),
        np.maximum(-change, 0.0),
        ((earlier == data.low) & (later == data.low)).astype(np.float64),
        np.ones_like(change),
        (earlier + later) / 2,
        (earlier**2 + later**2) / 2,
    )
    for cluster in np.unique(data.cluster[scored]):
        members = data.cluster[scored] == cluster
        yield np.array([column[members].sum() for column in columns])


def _pilot(rows: list[FloatArray], data: MeasureData) -> Pilot:
    gained, lost, neither, size, total, squares = np.array(rows).T
    mean = total.sum() / size.sum()
    return Pilot(
        gained=gained,
        lost=lost,
        neither=neither,
        size=size,
        variance=float(squares.sum() / size.sum() - mean**2),
        rate=data.kind == "rate",
        span=data.high - data.low,
    )
