"""The tables of everything that was compared, and of every level."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from stagelens.report import units as write
from stagelens.report.tabulate import Column, Table, tabulate
from stagelens.report.units import MISSING, Units, coverage, units_of
from stagelens.report.words import families, full_name, verdict_with_side
from stagelens.statistics.results import Contrast, Level, MeasureResult, Verdicts


@dataclass(frozen=True, slots=True)
class _ContrastOf:
    result: MeasureResult
    contrast: Contrast
    units: Units


@dataclass(frozen=True, slots=True)
class _LevelOf:
    result: MeasureResult
    level: Level
    units: Units


def contrast_table(verdicts: Verdicts) -> Table:
    """Every contrast of every measure with all that was decided on; the headline ones are strong."""
    several = len(families(verdicts)) > 1
    outer, inner = coverage(verdicts.alpha)
    every = [contrast for result in verdicts.results for contrast in result.contrasts]
    not_worse: list[Column[_ContrastOf]] = []
    if any(contrast.p_noninferiority_raw < 1 for contrast in every):
        not_worse.append(Column("p, not worse", _not_worse_cell, "by the margin or more; unadjusted"))
    tipping: list[Column[_ContrastOf]] = []
    if any(contrast.tipping_point is not None for contrast in every):
        tipping.append(Column("tipping point", _tipping_cell, "what more of a judge's error at one stage overturns it"))
    columns: tuple[Column[_ContrastOf], ...] = (
        Column("measure", lambda row: full_name(row.result, several_families=several), numeric=False),
        Column("contrast", lambda row: f"{row.contrast.to_stage} − {row.contrast.from_stage}", numeric=False),
        Column("verdict", lambda row: verdict_with_side(row.result, row.contrast), numeric=False),
        Column("difference", lambda row: row.units.difference(row.contrast.difference), "pp: percentage points"),
        Column(f"{outer} interval", lambda row: row.units.interval(row.contrast.low, row.contrast.high)),
        Column(
            f"{inner} interval",
            lambda row: row.units.interval(row.contrast.equivalence_low, row.contrast.equivalence_high),
            "compared with the margin",
        ),
        Column("margin", lambda row: f"±{row.units.width(row.result.margin)}", "fixed before the run"),
        Column(f"{inner} ratio interval", _ratio_cell, "ratio of the two levels; rates only"),
        Column("p, difference", lambda row: write.probability(row.contrast.p_difference), "Holm-adjusted"),
        Column("raw", lambda row: write.probability(row.contrast.p_difference_raw), "p, difference, unadjusted"),
        Column("p, equivalence", lambda row: write.probability(row.contrast.p_equivalence), "Holm-adjusted"),
        Column("raw", lambda row: write.probability(row.contrast.p_equivalence_raw), "p, equivalence, unadjusted"),
        *not_worse,
        Column("pairs", lambda row: write.count(row.contrast.pairs), "attempts scored at both stages"),
        Column("clusters", lambda row: write.count(row.contrast.clusters), "the unit of inference"),
        Column("more clusters", lambda row: write.count(row.contrast.clusters_needed), "needed to decide"),
        Column(
            "detectable",
            lambda row: row.units.width(row.contrast.minimum_detectable_difference),
            "minimum detectable difference",
        ),
        Column(
            "certifiable",
            lambda row: row.units.width(row.contrast.smallest_certifiable_margin),
            "smallest margin that these data could certify",
        ),
        *tipping,
        Column("method", lambda row: row.contrast.method, numeric=False),
    )
    rows = [
        _ContrastOf(result, contrast, units_of(result)) for result in verdicts.results for contrast in result.contrasts
    ]
    return tabulate(columns, rows, group=lambda row: id(row.result), strong=lambda row: row.contrast.headline)


def level_table(verdicts: Verdicts) -> Table:
    """Every step's level, and how many answers it rests on."""
    return _levels(verdicts, lambda result: result.stages)


def counterfactual_levels(verdicts: Verdicts) -> Table:
    """The levels of the stages that are not steps."""
    return _levels(verdicts, lambda result: result.counterfactual.stages if result.counterfactual else ())


def _levels(verdicts: Verdicts, of: Callable[[MeasureResult], Sequence[Level]]) -> Table:
    several = len(families(verdicts)) > 1
    outer, _ = coverage(verdicts.alpha)
    columns: tuple[Column[_LevelOf], ...] = (
        Column("measure", lambda row: full_name(row.result, several_families=several), numeric=False),
        Column("stage", lambda row: row.level.stage, numeric=False),
        Column("level", lambda row: row.units.level(row.level.estimate)),
        Column(f"{outer} interval", lambda row: row.units.level_interval(row.level.low, row.level.high)),
        Column("answers", lambda row: write.count(row.level.n), "item × epoch × seed"),
        Column("scored", lambda row: write.count(row.level.scored)),
        Column("incapable", lambda row: write.count(row.level.incapable), "empty, incoherent, cut off, could not act"),
        Column("ungraded", lambda row: write.count(row.level.ungraded), "the judge failed"),
        Column("unattempted", lambda row: write.count(row.level.unattempted)),
        Column("items", lambda row: write.count(row.level.items)),
        Column("clusters", lambda row: write.count(row.level.clusters)),
        Column("competence", lambda row: write.share(row.level.competence), "plain control prompts answered"),
    )
    rows = [_LevelOf(result, level, units_of(result)) for result in verdicts.results for level in of(result)]
    return tabulate(columns, rows, group=lambda row: id(row.result))


def _ratio_cell(row: _ContrastOf) -> str:
    low, high = row.contrast.ratio_low, row.contrast.ratio_high
    if row.units.kind == "severity" or (low is None and high is None):
        return MISSING
    return f"{write.ratio(low)} to {'unbounded' if high is None else write.ratio(high)}"


def _not_worse_cell(row: _ContrastOf) -> str:
    return write.probability(row.contrast.p_noninferiority_raw)


def _tipping_cell(row: _ContrastOf) -> str:
    share = row.contrast.tipping_point
    return row.units.width(None if share is None else share * (row.units.high - row.units.low))
