"""Inside one source: which of its examples carry a measure, by each ranking, and how well each foretells retraining."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from stagelens.audit.inventory.example import Example, read_example
from stagelens.audit.ranking.activation import by_activation
from stagelens.audit.ranking.influence import by_influence, check_influence
from stagelens.audit.ranking.lds import Lds, lds
from stagelens.audit.ranking.parts import halves, part_of, rows_of, without_first
from stagelens.audit.ranking.queries import Queries, read_queries
from stagelens.audit.ranking.tfidf import by_words
from stagelens.audit.retraining import retrain, without
from stagelens.audit.run import AuditPlan, folders, level_of
from stagelens.audit.variants import leave_one_out
from stagelens.engine.folder import RunFolder
from stagelens.engine.progress import Reporter
from stagelens.errors import InputError
from stagelens.files import write_frame
from stagelens.statistics.data import MeasureData
from stagelens.study.problems import nearest

METHODS: Final = ("words", "activation", "influence")
DEFAULT: Final = ("words", "activation")
"""The rankings that are made unless others are asked for; the first is the one that is shown."""
FEWEST: Final = 4
"""Examples below which halves of a source say nothing of one of them."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """The examples of a source, and the scores of each by every method: the higher, the more it carries.

    The first method is the one that is shown.
    """

    source: str
    examples: tuple[Example, ...]
    scores: Mapping[str, NDArray[np.float64]]

    @property
    def shown(self) -> str:
        """The method that is shown."""
        return next(iter(self.scores))

    def first(self, number: int) -> list[tuple[float, Example]]:
        """The ``number`` examples with the highest scores by the method that is shown, those first."""
        scores = self.scores[self.shown]
        order = np.argsort(-scores, kind="stable")[:number]
        return [(float(scores[place]), self.examples[place]) for place in order]


@dataclass(frozen=True, slots=True)
class Judgement:
    """How a ranking does.

    Attributes:
        method: its name, or ``random``.
        lds: how well its scores foretell what training on random halves shows; None for ``random``.
        after: the measure's level after training without as many examples as it puts first, in its unit.
    """

    method: str
    lds: Lds | None
    after: float


def check_source(planned: AuditPlan, source: str, top: int | None = None, by: Sequence[str] = DEFAULT) -> None:
    """See, before anything is trained, that a source can be ranked, and ``top`` of its examples left out.

    Raises:
        InputError: there is no such source, or it has too few examples; there is no such method, or its library is not
            installed.
    """
    unknown = next((method for method in by if method not in METHODS), None)
    if unknown is not None:
        raise InputError(f"There is no ranking by {unknown!r}: {nearest(unknown, METHODS)}")
    if "influence" in by:
        check_influence()
    rows = _rows(planned, source)
    if top is not None and not 0 < top < len(rows):
        raise InputError(f"{source!r} has {len(rows)} examples, so {top} cannot be left out; name fewer with --top.")


def rank_within(
    planned: AuditPlan,
    source: str,
    *,
    by: Sequence[str] = DEFAULT,
    out: Path | None = None,
    known: Path | None = None,
    reporter: Reporter | None = None,
) -> Ranking:
    """Rank the examples of a source by what the stage says with it and not without.

    ``ranking-without-<source>.parquet`` in the audit's folder has every example with its scores.

    Args:
        planned: the audit, whose measure counts.
        source: of the stage.
        by: methods of ``METHODS``; the first is the one that is shown.
        out: as for ``run_audit``; the stage with and without the source is trained there, if it is not yet.
        known: as for ``run_audit``.
        reporter: told what is done.

    Raises:
        InputError: as for ``check_source``, or the source changes nothing.
    """
    check_source(planned, source, by=by)
    rows = _rows(planned, source)
    target = planned.target
    folder, taken = folders(target, out, known)
    (variant,) = leave_one_out([source])
    mixtures = without(target, [variant])
    retrain(target, mixtures, seeds=1, out=folder, known=taken, reporter=reporter)
    run = RunFolder(folder.resolve())
    queries = read_queries(run, target.family, target.stage.name, variant.name, planned.asked)
    examples = tuple(map(read_example, rows))
    checkpoint = run.checkpoint(target.family, target.stage.name)
    ranking = Ranking(source, examples, {method: _scores(method, examples, queries, checkpoint) for method in by})
    columns = {"asked": [each.asked for each in examples], "taught": [each.taught for each in examples]}
    write_frame(folder / f"ranking-{variant.name}.parquet", pl.DataFrame({**columns, **ranking.scores}))
    return ranking


def judge_rankings(
    planned: AuditPlan,
    ranking: Ranking,
    *,
    subsets: int,
    top: int,
    out: Path | None = None,
    known: Path | None = None,
    reporter: Reporter | None = None,
) -> tuple[Judgement, ...]:
    """Train on random halves of the source, and without what each ranking puts first, and see which foretold it.

    Args:
        planned: the audit.
        ranking: of a source.
        subsets: how many random halves.
        top: how many examples are left out.
        out: as for ``run_audit``.
        known: as for ``run_audit``.
        reporter: told what is done.

    Returns:
        One for each method, and one for as many examples left out at random.

    Raises:
        InputError: ``top`` is no smaller than the number of examples, or as ``run_audit`` does.
    """
    target, rows = planned.target, _rows(planned, ranking.source)
    check_source(planned, ranking.source, top)
    folder, taken = folders(target, out, known)
    kept = halves(len(rows), subsets, target.study.seed)
    (variant,) = leave_one_out([ranking.source])
    name_of = variant.name.replace("without-", "", 1)
    parts = {f"{name_of}-half-{number}": half for number, half in enumerate(kept, start=1)}
    chance = np.random.default_rng(target.study.seed).random(len(rows))
    firsts = {**ranking.scores, "random": chance}
    parts |= {f"{name_of}-but-{top}-by-{name}": without_first(score, top) for name, score in firsts.items()}
    mixtures = {name: part_of(target, ranking.source, rows, part, folder / "parts") for name, part in parts.items()}
    mixtures |= without(target, [variant])
    data = retrain(target, mixtures, seeds=1, out=folder, known=taken, reporter=reporter)
    (measure,) = (each for each in data if (each.benchmark, each.measure) == planned.asked)
    levels = _levels(measure)
    shown = np.array([levels[f"{name_of}-half-{number}"] for number in range(1, subsets + 1)])
    # A high score is one of what the source brings about, which may be less of the measure.
    sign = 1.0 if levels[target.stage.name] >= levels[variant.name] else -1.0
    return tuple(
        Judgement(
            name,
            lds(score, kept, sign * shown) if name in ranking.scores else None,
            levels[f"{name_of}-but-{top}-by-{name}"],
        )
        for name, score in firsts.items()
    )


def _rows(planned: AuditPlan, source: str) -> Sequence[dict[str, object]]:
    if source not in planned.target.amounts:
        raise InputError(f"The stage has no source {source!r}: {nearest(source, planned.target.amounts)}")
    rows = rows_of(planned.target, source)
    if len(rows) < FEWEST:
        raise InputError(
            f"The source {source!r} has {len(rows)} different example(s), too few to rank; leave it out as a whole."
        )
    return rows


def _scores(method: str, examples: Sequence[Example], queries: Queries, checkpoint: Path) -> NDArray[np.float64]:
    match method:
        case "words":
            return by_words(examples, queries)
        case "activation":
            return by_activation(examples, queries, checkpoint)
        case _:
            return by_influence(examples, queries, checkpoint)


def _levels(data: MeasureData) -> dict[str, float]:
    """The level of every stage. InputError: one has none."""
    levels = {stage: level_of(data, stage) for stage in data.stages}
    lacking = next((stage for stage, level in levels.items() if level is None), None)
    if lacking is not None:
        raise InputError(
            f"No answer of {lacking} was graded on {data.benchmark}/{data.measure}: rankings cannot be judged by it."
        )
    return {stage: level for stage, level in levels.items() if level is not None}
