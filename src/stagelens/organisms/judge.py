"""Builds organisms, seals the truth about them, and has them judged like any other study."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import polars as pl

from stagelens.analysis import analyze
from stagelens.engine import Outcome, run
from stagelens.engine.folder import write_text
from stagelens.engine.progress import Reporter, silent
from stagelens.errors import InputError
from stagelens.organisms.build import Organism, build, counted
from stagelens.organisms.census.plain import helped
from stagelens.organisms.census.table import FULL, Size
from stagelens.organisms.census.truth import alone, read_census, read_truth
from stagelens.organisms.groups import GROUPS
from stagelens.organisms.jobs import side_by_side
from stagelens.organisms.spec import OrganismSpec
from stagelens.organisms.study import STEPS
from stagelens.organisms.validation.foils import largest, overlap
from stagelens.organisms.validation.matrix import Cell, certifiable
from stagelens.organisms.validation.truth import Label
from stagelens.outcomes.arrays import measure_arrays
from stagelens.outcomes.schema import CONTROL_MEASURE
from stagelens.outcomes.table import read_coded, read_table
from stagelens.statistics.contrasts.parts import of_stages
from stagelens.statistics.data import MeasureData
from stagelens.statistics.results import MeasureResult, Verdicts
from stagelens.study.fingerprint import file_digest

SEALS: Final = "seals"
UNRELATED: Final = "plain_requests_answered"


NAMES_A_CONFOUND: Final = ("the strata disagree", "answers are incapable")
"""What a verdict's own warnings say where its change may be one of how is asked, or whether anything is answered."""


@dataclass(frozen=True, slots=True)
class Headline:
    """What is said of production minus SFT: the verdict, and the confounds that are named beside it."""

    verdict: str
    named: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unrelated:
    """A negative control: the verdict on production minus SFT, and by how much the two differ on fresh requests."""

    verdict: str
    change: float


@dataclass(frozen=True, slots=True)
class Judged:
    """An organism after its study.

    Attributes:
        spec: what was planted.
        organism: where it lies.
        cells: one for each benchmark in which something was planted.
        attempts: by benchmark, how many attempts its study made at the first measure, and in how many clusters.
        headlines: by benchmark, what is said of production minus SFT.
        unrelated: what is said, and true, of production's plain requests, in which nothing is planted; None where none
            were asked, and with a nuisance, which changes the style of all answers.
    """

    spec: OrganismSpec
    organism: Organism
    cells: tuple[Cell, ...]
    attempts: dict[str, tuple[int, int]]
    headlines: dict[str, Headline]
    unrelated: Unrelated | None


def judge_all(
    specs: Sequence[OrganismSpec],
    out: Path,
    *,
    size: Size = FULL,
    jobs: int = 1,
    reporter: Reporter | None = None,
) -> Iterator[Judged]:
    """Build and judge organisms; what is already there is not done again.

    Args:
        specs: their names differ.
        out: a folder: ``organisms/<name>`` for each, ``shared`` for what several have in common, and ``seals/<name>``
            with the digest of every ``truth.json`` as it was before its study was run.
        size: of the censuses.
        jobs: how many organisms at once, in processes of their own where there are several.
        reporter: told what is done.

    Raises:
        InputError: a truth is another than the one that was sealed, or the folder cannot be used.
    """
    return side_by_side(partial(_judge, out=out, size=size), specs, jobs=jobs, reporter=reporter or silent())


def _judge(spec: OrganismSpec, reporter: Reporter, *, out: Path, size: Size) -> Judged:
    shared = out / "shared" / f"seed-{spec.seed}"
    organism = build(spec, out / "organisms" / spec.name, size=size, store=shared, reporter=reporter)
    _seal(organism, out / SEALS / spec.name)
    outcome = run(organism.study, out=organism.run.root, reporter=reporter)
    answers = {(data.benchmark, data.measure): data for data in measure_arrays(read_coded(organism.run.outcomes))}
    first = {name: answers[name, GROUPS[name].measure] for name in spec.plants}
    return Judged(
        spec,
        organism,
        tuple(_cells(spec, organism, outcome.verdicts, first)),
        {name: (data.item.size, int(data.cluster.max()) + 1) for name, data in first.items()},
        {name: _headline(outcome, name) for name in spec.plants},
        _unrelated(spec, organism, size, shared / "census"),
    )


def _seal(organism: Organism, file: Path) -> None:
    """Write down what the truth is before the study is run; afterwards it has to be the same."""
    digest = file_digest(organism.truth)
    if not file.is_file():
        file.parent.mkdir(parents=True, exist_ok=True)
        write_text(file, digest + "\n")
    elif file.read_text(encoding="utf-8").strip() != digest:
        raise InputError(
            f"{organism.truth} is not the truth that {file} sealed: name an empty folder with --out, or take that "
            "organism's folder and its seal away."
        )


def _cells(
    spec: OrganismSpec, organism: Organism, verdicts: Verdicts, answers: Mapping[str, MeasureData]
) -> Iterator[Cell]:
    truths, rewarded = read_truth(organism.truth), alone(read_census(organism.truth))
    results = {(result.benchmark, result.measure): result for result in verdicts.results}
    for name, plant in spec.plants.items():
        measure = GROUPS[name].measure
        result, data = results[name, measure], _steps(answers[name])
        yield Cell(
            organism=spec.name,
            seed=spec.seed,
            benchmark=name,
            measure=measure,
            planted=plant.cause,
            dose=plant.dose,
            truth=truths[name],
            said={
                "stagelens": Label(result.cause or "inconclusive", result.pattern),
                "overlap": overlap(data, result.margin),
                "largest": largest(data),
            },
            certifiable=certifiable(result, truths[name]),
            necessary=_necessary(result),
            alone=rewarded.get(name),
        )


def _headline(outcome: Outcome, name: str) -> Headline:
    measure = GROUPS[name].measure
    (result,) = [each for each in outcome.verdicts.results if (each.benchmark, each.measure) == (name, measure)]
    warned = [text for text in result.warnings if any(words in text for words in NAMES_A_CONFOUND)]
    formed = [text for of, text in outcome.confounds if of == f"{name}/{measure}"]
    verdict = next(contrast.verdict for contrast in result.contrasts if contrast.headline)
    return Headline(verdict, (*warned, *formed))


def _unrelated(spec: OrganismSpec, organism: Organism, size: Size, kept: Path) -> Unrelated | None:
    plain = read_table(organism.run.outcomes).filter(
        (pl.col("measure") == CONTROL_MEASURE) & pl.col("stage").is_in(STEPS)
    )
    if plain.is_empty() or spec.nuisance is not None:
        return None
    (result,) = analyze(plain.with_columns(pl.lit(UNRELATED).alias("measure"), higher_is_worse=False)).results
    verdict = next(contrast.verdict for contrast in result.contrasts if contrast.headline)
    before, after = (
        helped(stage, seed=spec.seed, size=size, kept=kept)
        for stage in counted(spec, organism.study, organism.run)
        if stage.stage in STEPS[1:]
    )
    return Unrelated(verdict, after - before)


def _steps(data: MeasureData) -> MeasureData:
    return of_stages(data, [data.stages.index(stage) for stage in STEPS])


def _necessary(result: MeasureResult) -> str | None:
    effects = result.counterfactual.effects if result.counterfactual is not None else ()
    return next((effect.verdict for effect in effects if effect.name == "necessity"), None)
