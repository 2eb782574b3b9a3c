"""Trains a stage again on other mixtures, and asks it what the study asks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from stagelens.audit.target import Target
from stagelens.audit.variants import Variant, changed
from stagelens.engine import gather
from stagelens.engine.progress import Reporter
from stagelens.errors import InputError
from stagelens.outcomes.arrays import measure_arrays
from stagelens.outcomes.table import read_coded
from stagelens.statistics.data import MeasureData
from stagelens.study.spec import Family, Mixture, Stage, Study


def retrain(
    target: Target,
    mixtures: Mapping[str, Mixture],
    *,
    seeds: int,
    out: Path,
    known: Path | None = None,
    reporter: Reporter | None = None,
) -> tuple[MeasureData, ...]:
    """Train the whole and on every mixture, ask them, and return their answers: a measure each, the whole first.

    What is there is not made again, so that further mixtures, or seeds, cost what they alone do.

    Args:
        target: the stage.
        mixtures: by the name of the stage that is trained on it.
        seeds: training runs of each: the study's seed and those that follow it.
        out: the run folder of the audit.
        known: the run folder of the study, from which what is the same there is taken.
        reporter: told what is done.

    Raises:
        InputError: a mixture has the name of a stage, or as ``engine.run`` does.
    """
    study = retraining_study(target, mixtures, seeds)
    asked = [target.stage.name, *mixtures]
    folder = gather(study, out=out, stages=asked, known=known, reporter=reporter)
    return measure_arrays(read_coded(folder.outcomes))


def without(target: Target, variants: Sequence[Variant]) -> dict[str, Mixture]:
    """The mixtures of variants, by their names."""
    return {variant.name: changed(target.mixture, target.amounts, variant) for variant in variants}


def retraining_study(target: Target, mixtures: Mapping[str, Mixture], seeds: int) -> Study:
    """The study in which every mixture's stage stands beside the whole; what is asked is what ``target.study`` asks.

    It is no ladder and decides nothing: it has no claims and no looks, and each stage is asked under its own template.
    """
    study = target.study
    before = list(_ancestors(study.families[target.family], target.stage))
    taken = {stage.name for stage in before} | {target.stage.name}
    clash = next((name for name in mixtures if name in taken), None)
    if clash is not None:
        raise InputError(f"The family {target.family!r} has a stage {clash!r}, as one of the audit's is: rename it.")
    whole = target.stage.model_copy(update={"seeds": seeds, "save_at": ()})
    others = [whole.model_copy(update={"name": name, "mixture": mixture}) for name, mixture in mixtures.items()]
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
