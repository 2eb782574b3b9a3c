"""What a measure's items can and cannot certify: what no number of answers could show, and what these could."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from statistics import median
from typing import Final

from stagelens.report.pairs import is_side_by_side
from stagelens.report.tabulate import Column, Table, tabulate
from stagelens.report.units import MISSING, Units, units_of
from stagelens.report.words import families, full_name, headline_contrast
from stagelens.statistics.design.planning import clusters_to_certify, gate_margin
from stagelens.statistics.results import MeasureResult, Verdicts

CLUSTERS: Final = {"odcv": "scenario"}
"""What a cluster is called, by benchmark; elsewhere it is a cluster of items."""


@dataclass(frozen=True, slots=True)
class Range:
    """A planning number over the contrasts of a measure: the headline's (or the median pair's), the least, the most."""

    typical: float
    least: float
    most: float


@dataclass(frozen=True, slots=True)
class Certifiable:
    """One measure: its clusters, the margin that the cluster gate allows, and what was observed.

    ``gate``: the smallest margin that any number of answers about so many clusters could certify. ``needed``: the
    clusters that the study's own margin takes at least. ``realistic`` and ``detectable`` are None where no contrast
    could be read.
    """

    result: MeasureResult
    units: Units
    clusters: int
    gate: float
    needed: int
    realistic: Range | None
    detectable: Range | None

    @property
    def sentence(self) -> str:
        """What the items can and cannot show, in one sentence."""
        units, many = self.units, is_side_by_side(self.result)
        text = f"{self.noun} can certify no margin below ±{units.amount(self.gate)} at any number of epochs"
        if self.realistic is not None:
            text += f", about ±{units.amount(self.realistic.typical, coarse=True)} realistically"
        if self.detectable is not None:
            size = units.amount(self.detectable.typical, coarse=True)
            text += f"; a difference under {size} between two stages could have gone unseen"
        if many and self.realistic is not None:
            text += " (both for the median pair)"
        return text + "."

    @property
    def reach(self) -> str:
        """Whether the study's own margin can be certified, in one sentence."""
        margin = f"The margin of ±{self.units.amount(self.result.margin)}"
        if self.clusters < self.needed:
            noun = cluster_noun(self.result, self.needed)
            return f"{margin} is out of reach: it takes {noun} at least, so nothing here can be called equivalent."
        if self.realistic is None:
            return f"{margin} passes this gate, but no contrast could be read."
        if self.result.margin < self.realistic.typical:
            more = "more of them" if self.result.runs < 2 else "more training runs, or more of them"
            return f"{margin} is not barred, but would take {more}, or answers that vary less."
        return f"{margin} is within reach."

    @property
    def noun(self) -> str:
        """The clusters with their count: `40 scenarios`."""
        return cluster_noun(self.result, self.clusters)


def cluster_noun(result: MeasureResult, count: int) -> str:
    """`40 scenarios`, `200 items`, `40 clusters of items`."""
    single = all(level.clusters == level.items for level in result.stages)
    word = CLUSTERS.get(result.benchmark, "item" if single else "cluster")
    noun = f"{count:,} {word}" + ("" if count == 1 else "s")
    return f"{noun} of items" if word == "cluster" else noun


def certifiable(result: MeasureResult, alpha: float) -> Certifiable | None:
    """What the items of one measure can certify; None where it has no clusters.

    The gate counts every cluster alike. Where their sizes are unequal they are worth fewer, and it only rises.
    """
    clusters = max((level.clusters for level in result.stages), default=0)
    if clusters == 0:
        return None
    units = units_of(result)
    span = units.high - units.low
    return Certifiable(
        result=result,
        units=units,
        clusters=clusters,
        gate=gate_margin(clusters, span, alpha),
        needed=ceil(clusters_to_certify(result.margin, span, alpha) - 1e-9),
        realistic=_range(result, "smallest_certifiable_margin"),
        detectable=_range(result, "minimum_detectable_difference"),
    )


def all_certifiable(verdicts: Verdicts) -> tuple[Certifiable, ...]:
    """Every measure that has clusters."""
    found = (certifiable(result, verdicts.alpha) for result in verdicts.results)
    return tuple(one for one in found if one is not None)


def certify_sentences(verdicts: Verdicts) -> tuple[tuple[str, str, str], ...]:
    """(measure, what its items can show, whether its margin is within reach)."""
    several = len(families(verdicts)) > 1
    return tuple(
        (full_name(one.result, several_families=several), one.sentence, one.reach) for one in all_certifiable(verdicts)
    )


def certify_table(verdicts: Verdicts) -> Table:
    """A row a measure."""
    several = len(families(verdicts)) > 1
    columns: tuple[Column[Certifiable], ...] = (
        Column("measure", lambda row: full_name(row.result, several_families=several), numeric=False),
        Column("clusters", lambda row: f"{row.clusters:,}", "the unit of inference"),
        Column("margin", lambda row: f"±{row.units.width(row.result.margin)}", "fixed before the run"),
        Column("clusters it takes", lambda row: f"{row.needed:,}", "at least, to certify that margin"),
        Column("gate", lambda row: f"±{row.units.width(row.gate)}", "no smaller margin at any number of epochs"),
        Column(
            "certifiable",
            lambda row: _typical(row.realistic, row.units, "±"),
            "the smallest margin that was realistic: headline, or median pair",
        ),
        Column("over the contrasts", lambda row: _spread(row.realistic, row.units, "±")),
        Column(
            "detectable",
            lambda row: _typical(row.detectable, row.units, ""),
            "a smaller difference could have gone unseen: headline, or median pair",
        ),
        Column("over the contrasts", lambda row: _spread(row.detectable, row.units, "")),
    )
    return tabulate(columns, all_certifiable(verdicts), group=lambda row: row.result.family)


def _range(result: MeasureResult, field: str) -> Range | None:
    values = [value for contrast in result.contrasts if (value := getattr(contrast, field)) is not None]
    if not values:
        return None
    headline = headline_contrast(result)
    own = None if headline is None or is_side_by_side(result) else getattr(headline, field)
    return Range(median(values) if own is None else own, min(values), max(values))


def _typical(found: Range | None, units: Units, sign: str) -> str:
    return MISSING if found is None else f"{sign}{units.width(found.typical)}"


def _spread(found: Range | None, units: Units, sign: str) -> str:
    return MISSING if found is None else f"{sign}{units.interval(found.least, found.most)}"
