"""The study of the positive controls: a base and its SFT, in which a behaviour of every benchmark is planted. Pure."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from stagelens.organisms.groups import GROUPS
from stagelens.organisms.spec import OrganismSpec, Plant
from stagelens.study.paths import is_local, resolve
from stagelens.study.spec import Analysis, Family, JudgeSpec, Study

BASE, TAUGHT = "base", "sft"
"""The stages before and after the planted step."""


def control_spec(study: Study) -> OrganismSpec | None:
    """One organism for every benchmark of the study in which something can be planted; None where there is none.

    SFT carries all of it.
    """
    plants = {name: Plant(cause="sft") for name in GROUPS if name in study.benchmarks}
    return OrganismSpec(name="controls", plants=plants) if plants else None


def control_study(organism: Study, study: Study, judged: Collection[str]) -> Study:
    """An organism's study, up to the planted step, with the judges, error rate, margins and method of ``study``.

    RL is left out: it says nothing of the step, and would have to be trained, asked and judged. Judges are asked about
    the benchmarks ``judged`` only, and those on this machine named by where they lie: the studies have two folders.
    """
    families = {
        name: Family(stages=tuple(stage for stage in family.stages if stage.name in (BASE, TAUGHT)))
        for name, family in organism.families.items()
    }
    judges = {
        name: _found(judge, study.folder)
        for name in organism.benchmarks
        if name in judged and (judge := study.judge_of(name)) is not None
    }
    changed = {"families": families, "judges": judges, "analysis": _analysis(organism, study.analysis)}
    return organism.model_copy(update=changed)


def _analysis(organism: Study, analysis: Analysis) -> Analysis:
    margins = {
        key: margin
        for key, margin in analysis.margins.items()
        if key == "default" or key.partition("/")[0] in organism.benchmarks
    }
    return analysis.model_copy(update={"margins": margins, "looks": 1})


def _found(judge: JudgeSpec, folder: Path) -> JudgeSpec:
    def placed(model: str) -> str:
        return str(resolve(model, folder).resolve()) if is_local(model) else model

    return judge.model_copy(
        update={
            "model": None if judge.model is None else placed(judge.model),
            "panel": tuple(map(placed, judge.panel)),
            "screen": None if judge.screen is None else placed(judge.screen),
        }
    )
