"""Trains a stage again without parts of its data, and asks it what the study asks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from stagelens.audit.target import Target
from stagelens.audit.variants import Variant, changed
from stagelens.engine import gather
from stagelens.engine.progress import Reporter
from stagelens.errors import InputError
from stagelens.outcomes.arrays import measure_arrays
from stagelens.outcomes.table import read_coded
from stagelens.statistics.data import MeasureData
from stagelens.study.spec import Family, Stage, Study


def retrain(
    target: Target,
    variants: Sequence[Variant],
    *,
    seeds: int,
    out: Path,
    known: Path | None = None,
    reporter: Reporter | None = None,
) -> tuple[MeasureData, ...]:
    """Train the whole and every variant, ask them, and return their answers: a measure each, the whole first.

    What is there is not made again, so that further variants, or seeds, cost what they alone do.

    Args:
        target: the stage.
        variants: of its mixture; no two have the same name.
        seeds: training runs of each: the study's seed and those that follow it.
        out: the run folder of the audit.
        known: the run folder of the study, from which what is the same there is taken.
        reporter: told what is done.

    Raises:
        InputError: a variant has the name of a stage, or as ``engine.run`` does.
    """
    study = retraining_study(target, variants, seeds)
    asked = [target.stage.name, *(variant.name for variant in variants)]
    folder = gather(study, out=out, stages=asked, known=known, reporter=reporter)
    return measure_arrays(read_coded(folder.outcomes))


def retraining_study(target: Target, variants: Sequence[Variant], seeds: int) -> Study:
    """The study in which every variant is a stage beside the whole; what is asked is what ``target.study`` asks.

    It is no ladder and decides nothing: it has no claims and no looks, and each stage is asked under its own template.
    """
    study = target.study
    before = list(_ancestors(study.families[target.family], target.stage))
    taken = {stage.name for stage in before} | {target.stage.name}
    clash = next((variant.name for variant in variants if variant.name in taken), None)
    if clash is not None:
        raise InputError(f"The family {target.family!r} has a stage {clash!r}, as a variant is called: rename it.")
    whole = target.stage.model_copy(update={"seeds": seeds, "save_at": ()})
    others = [
        whole.model_copy(update={"name": each.name, "mixture": changed(target.mixture, target.amounts, each)})
        for each in variants
    ]
    return study.model_copy(
        update={
            "families": {target.family: Family(stages=(*before, whole, *others))},
            "claims": (),
            "generation": study.generation.model_copy(update={"chat_template": "own"}),
            "analysis": study.analysis.model_copy(update={"looks": 1}),
        }
    )


def _ancestors(family: Family, stage: Stage) -> Iterator[Stage]:
    """The stages that one descends from, the first of them first."""
    known = {each.name: each for each in family.stages}
    parent = known.get(stage.from_ or "")
    if parent is not None:
        yield from _ancestors(family, parent)
        yield parent
