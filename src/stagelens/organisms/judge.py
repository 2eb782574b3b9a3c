"""Builds organisms, seals the truth about them, and has them judged like any other study."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import polars as pl

from stagelens.analysis import analyze
from stagelens.engine import Outcome, run
from stagelens.engine.progress import Reporter, silent
from stagelens.errors import InputError
from stagelens.files import write_text
from stagelens.organisms.build import Organism, build, counted, lay_out
from stagelens.organisms.census.plain import helped
from stagelens.organisms.census.table import FULL, Size
from stagelens.organisms.census.truth import alone, read_census, read_truth
from stagelens.organisms.groups import GROUPS
from stagelens.organisms.jobs import side_by_side
from stagelens.organisms.kept import Headline, Kept, Said, Unrelated
from stagelens.organisms.spec import OrganismSpec, written
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

UNRELATED: Final = "plain_requests_answered"


NAMES_A_CONFOUND: Final = ("the strata disagree", "answers are incapable")
"""What a verdict's own warnings say where its change may be one of how is asked, or whether anything is answered."""


@dataclass(frozen=True, slots=True)
class Judged:
    """An organism after its study: what was planted, where it lies, and what is said and true of it.

    Of ``organism`` nothing but its files need be there, where what was said of it had been kept.
    """

    spec: OrganismSpec
    organism: Organism
    said: Said


def judge_all(
    specs: Sequence[OrganismSpec],
    out: Path,
    kept: Kept,
    *,
    size: Size = FULL,
    jobs: int = 1,
    reporter: Reporter | None = None,
) -> Iterator[Judged]:
    """Build and judge organisms; what is already there is not done again.

    Args:
        specs: their names differ.
        out: a folder: ``organisms/<name>`` for each, and ``shared`` for the checkpoints that several have in common.
        kept: what was counted and said. The digest of every ``truth.json`` is put there before its study is run.
        size: of the censuses.
        jobs: how many organisms at once, in processes of their own where there are several.
        reporter: told what is done.

    Raises:
        InputError: a truth is another than the one that was sealed, or the folder cannot be used.
    """
    return side_by_side(partial(_judge, out=out, kept=kept, size=size), specs, jobs=jobs, reporter=reporter or silent())


def _judge(spec: OrganismSpec, reporter: Reporter, *, out: Path, kept: Kept, size: Size) -> Judged:
    place = folder_of(spec, out)
    organism = lay_out(spec, place)
    inputs = _inputs(spec, organism, size)
    said = kept.read(spec.name, inputs)
    if said is None:
        build(spec, place, size=size, store=store_in(out), counts=kept.census, reporter=reporter)
        _seal(organism, kept.seal(spec.name))
        outcome = run(organism.study, out=organism.run.root, reporter=reporter)
        said = _said(spec, organism, outcome, size, kept)
        kept.write(spec.name, inputs, said)
    elif organism.truth.is_file():
        _seal(organism, kept.seal(spec.name))
    return Judged(spec, organism, said)


def folder_of(spec: OrganismSpec, out: Path) -> Path:
    """Where an organism of a validation lies."""
    return out / "organisms" / spec.name


def store_in(out: Path) -> Path:
    """Where a validation's organisms have what several of them share."""
    return out / "shared"


def _inputs(spec: OrganismSpec, organism: Organism, size: Size) -> dict[str, Any]:
    """All that decides what is said of an organism, as plain JSON."""
    return {
        "stagelens": version("stagelens"),
        "organism": written(spec),
        "census": asdict(size),
        "checkpoints": {each.stage: each.fingerprint for each in counted(spec, organism)},
    }


def _said(spec: OrganismSpec, organism: Organism, outcome: Outcome, size: Size, kept: Kept) -> Said:
    answers = {(data.benchmark, data.measure): data for data in measure_arrays(read_coded(organism.run.outcomes))}
    first = {name: answers[name, GROUPS[name].measure] for name in spec.plants}
    return Said(
        tuple(_cells(spec, organism, outcome.verdicts, first)),
        {name: (data.item.size, int(data.cluster.max()) + 1) for name, data in first.items()},
        {name: _headline(outcome, name) for name in spec.plants},
        _unrelated(spec, organism, size, kept),
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


def _unrelated(spec: OrganismSpec, organism: Organism, size: Size, kept: Kept) -> Unrelated | None:
    plain = read_table(organism.run.outcomes).filter(
        (pl.col("measure") == CONTROL_MEASURE) & pl.col("stage").is_in(STEPS)
    )
    if plain.is_empty() or spec.nuisance is not None:
        return None
    (result,) = analyze(plain.with_columns(pl.lit(UNRELATED).alias("measure"), higher_is_worse=False)).results
    verdict = next(contrast.verdict for contrast in result.contrasts if contrast.headline)
    before, after = (
        helped(stage, seed=spec.seed, size=size, kept=kept.census)
        for stage in counted(spec, organism)
        if stage.stage in STEPS[1:]
    )
    return Unrelated(verdict, after - before)


def _steps(data: MeasureData) -> MeasureData:
    return of_stages(data, [data.stages.index(stage) for stage in STEPS])


def _necessary(result: MeasureResult) -> str | None:
    effects = result.counterfactual.effects if result.counterfactual is not None else ()
    return next((effect.verdict for effect in effects if effect.name == "necessity"), None)
