"""Which attempts a cascade's judge is asked about: what its screen flags, and some of the rest. Pure.

An attempt (item, epoch) is drawn with all of a family's answers to it, since pairs correct a difference best. It is
*flagged* where the screen finds the behaviour, or the upper half of a severity, under any judged measure at any stage;
*unknown* where the screen gave a judged measure no grade; else it belongs to the *rest*. Within each class, and within
attempts that the same measures are judged of, those are drawn whose lot lies below the class's share, and at least
``LEAST_DRAWN``. A lot follows from the study's seed, the benchmark, the item and the epoch alone: another run draws the
same attempts, a larger share draws these and more, and families draw alike where their classes agree. Everything
unknown is drawn: nothing else is known of it.

Given how many were drawn, each of a class was as likely as any other, so the chance is recorded as drawn / there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import polars as pl

from stagelens.benchmarks.records import AWAITS_JUDGE
from stagelens.judges.rubric import Rubric
from stagelens.outcomes.grades import PANEL
from stagelens.outcomes.measures import KNOWN
from stagelens.study.spec import CascadeSpec

LEAST_DRAWN: Final = 20
"""Attempts drawn from a class that has as many, however small its share: without any, nothing would speak for it."""

UNKNOWN, FLAGGED, REST = "unknown", "flagged", "rest"
ATTEMPT: Final = ("family", "item", "epoch")

_GROUPS: Final[dict[str, pl.DataType]] = {
    "family": pl.String(),
    "stage": pl.String(),
    "item": pl.String(),
    "epoch": pl.Int64(),
    "group": pl.String(),
}


@dataclass(frozen=True, slots=True)
class Draw:
    """Every attempt with a judged answer: ``ATTEMPT``, ``kind``, ``drawn`` and, where drawn, its ``probability``."""

    attempts: pl.DataFrame

    @property
    def chosen(self) -> pl.DataFrame:
        """Those that were drawn: ``ATTEMPT`` and ``probability``."""
        return self.attempts.filter("drawn").select(*ATTEMPT, "probability")

    def counts(self) -> dict[str, tuple[int, int]]:
        """By kind of attempt how many there are and how many were drawn; kinds without any are left out."""
        found = self.attempts.group_by("kind").agg(there=pl.len(), drawn=pl.col("drawn").sum())
        known = {kind: (there, drawn) for kind, there, drawn in found.select("kind", "there", "drawn").iter_rows()}
        return {kind: known[kind] for kind in (FLAGGED, REST, UNKNOWN) if kind in known}


def draw(
    rows: pl.DataFrame,
    groups: Iterable[tuple[str, str, str, int, str]],
    rubric: Rubric,
    shares: CascadeSpec,
    *,
    benchmark: str,
    screen: str | None,
    seed: int,
) -> Draw:
    """Draw from one benchmark's attempts.

    Args:
        rows: the outcomes of this benchmark as the screen left them, panels' rows included.
        groups: of every answer that can be judged its family, stage, item, epoch and group.
        rubric: which measures are judged.
        shares: of each class.
        benchmark: its name.
        screen: the model that screened, by its name in the rows; None where the benchmark's rules did.
        seed: the study's.
    """
    judged = _judged(rows, groups, rubric, screen)
    scored = pl.col("status") == "scored"
    attempts = judged.group_by(*ATTEMPT).agg(
        kind=pl.when(~scored.all())
        .then(pl.lit(UNKNOWN))
        .when((pl.col("value") >= _middle(judged)).any())
        .then(pl.lit(FLAGGED))
        .otherwise(pl.lit(REST)),
        measures=pl.col("measure").unique().sort().str.join("\n"),
    )
    names = attempts.select("item", "epoch").unique()
    lots = names.with_columns(
        lot=pl.Series([lot(seed, benchmark, item, epoch) for item, epoch in names.iter_rows()], dtype=pl.Float64)
    )
    own = ("family", "measures", "kind")
    share = pl.col("kind").replace_strict(
        {UNKNOWN: 1.0, FLAGGED: shares.flagged, REST: shares.rest}, return_dtype=pl.Float64
    )
    drawn = (
        attempts.join(lots, on=["item", "epoch"])
        .sort(*ATTEMPT)
        .with_columns(drawn=(pl.col("lot") < share) | (pl.col("lot").rank("ordinal").over(own) <= LEAST_DRAWN))
        .with_columns(probability=pl.when("drawn").then(pl.col("drawn").mean().over(own)))
    )
    return Draw(drawn.select(*ATTEMPT, "kind", "drawn", "probability"))


def lot(seed: int, benchmark: str, item: str, epoch: int) -> float:
    """An attempt's lot, in [0, 1): the same in every run, and as good as random over attempts."""
    digest = hashlib.sha256("\x1f".join((str(seed), benchmark, item, str(epoch))).encode()).digest()
    return float((int.from_bytes(digest[:8], "big") >> 11) / 2**53)  # as many bits as a float holds


def _judged(
    rows: pl.DataFrame, groups: Iterable[tuple[str, str, str, int, str]], rubric: Rubric, screen: str | None
) -> pl.DataFrame:
    """The screen's rows of what is judged: one for every answer and judged measure, as ``grades.judged_measures``."""
    by_panel = (pl.col("judge") == PANEL).fill_null(False)
    own = rows.filter(~by_panel.any().over("measure") | by_panel)
    gradable = (pl.col("status") == "scored") | (pl.col("cause") == AWAITS_JUDGE) | by_panel
    if screen is not None:
        gradable |= pl.col("judge") == screen
    answers = pl.DataFrame(list(groups), schema=_GROUPS, orient="row")
    if rubric.measures is not None:
        pairs = [
            (group, measure) for group in answers["group"].unique().to_list() for measure in rubric.measures(group)
        ]
        kinds = pl.DataFrame(pairs, schema={"group": pl.String(), "measure": pl.String()}, orient="row")
        answers = answers.join(kinds, on="group")
    on = [name for name in ("family", "stage", "item", "epoch", "measure") if name in answers.columns]
    return own.filter(gradable.fill_null(False)).join(answers, on=on, how="semi")


def _middle(rows: pl.DataFrame) -> pl.Expr:
    """The middle of each measure's range: as known here, else of 0 to 1, else as far as its values go."""
    ends = rows.group_by("measure").agg(low=pl.col("value").min(), high=pl.col("value").max()).iter_rows()
    middles: Mapping[str, float] = {measure: _centre(measure, low, high) for measure, low, high in ends}
    return pl.col("measure").replace_strict(middles, return_dtype=pl.Float64)


def _centre(measure: str, low: float | None, high: float | None) -> float:
    known = KNOWN.get(measure)
    if known is not None:
        return (known.low + known.high) / 2
    return 0.5 if low is None or high is None or (low >= 0 and high <= 1) else (low + high) / 2
