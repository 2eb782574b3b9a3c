"""What is audited: a stage that is trained here on a mixture of sources, and how many rows each of these gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from stagelens.engine.preparing import index_items
from stagelens.engine.shards import read_questions
from stagelens.errors import InputError
from stagelens.stages import clean_mixture
from stagelens.stages.mixture import Content, Row, draw
from stagelens.stages.mixture.draw import amounts
from stagelens.study.problems import nearest
from stagelens.study.spec import Mixture, Stage, Study

KINDS: Final = ("sft", "dpo")
"""Stages whose mixture is data to imitate or to prefer: in RL the reward decides, not the prompts' source."""


@dataclass(frozen=True, slots=True)
class Target:
    """A stage whose data are audited.

    Attributes:
        study: it is trained in.
        family: its family.
        stage: the stage.
        mixture: its data.
        amounts: by source, in the mixture's order, how many rows it gives: those that give none are not there.
        contents: the sources as they are drawn from.
        asked: by benchmark, the prompts that the study asks.
    """

    study: Study
    family: str
    stage: Stage
    mixture: Mixture
    amounts: Mapping[str, int]
    contents: tuple[Content, ...]
    asked: Mapping[str, tuple[str, ...]]

    def rows(self) -> list[Row]:
        """What the stage is trained on under the study's seed, each row with its ``source``."""
        return draw(self.contents, self.mixture, self.study.seed)


def find_target(study: Study, family: str | None = None, stage: str | None = None) -> Target:
    """The stage that is audited.

    Args:
        study: it is trained in.
        family: its family; may be left out where there is one.
        stage: its name; where it is left out, the first that learns from data to imitate, or to prefer.

    Raises:
        InputError: there is no such stage, it is not trained here on several sources, or a source cannot be read.
    """
    name = _family(study, family)
    found = _stage(study, name, stage)
    where = f"Stage {name}/{found.name}"
    if found.mixture is None or found.kind not in KINDS:
        raise InputError(
            f"{where} is not trained here on data to imitate or to prefer, so there are none to leave out; an audit "
            f"takes a stage of kind {' or '.join(KINDS)} with a `mixture`."
        )
    if found.mixture.replace is not None:
        raise InputError(f"{where}: what `replace` brings in depends on what it replaces; audit the stage without it.")
    questions = read_questions(study)
    contents, _ = clean_mixture(found, study.folder, index_items(questions))
    counts = zip(contents, amounts(contents, found.mixture), strict=True)
    given = {content.name: count for content, count in counts if count}
    if len(given) < 2:
        raise InputError(
            f"{where} is trained on one source: leaving it out leaves nothing; split it into sources by what its rows "
            "have in common."
        )
    asked = {each.benchmark.name: tuple(item.prompt for item in each.items) for each in questions}
    return Target(study, name, found, found.mixture, given, contents, asked)


def _family(study: Study, family: str | None) -> str:
    if family is None and len(study.families) == 1:
        return next(iter(study.families))
    if family is None:
        raise InputError(f"The study has several families ({', '.join(study.families)}); name one with --family.")
    if family not in study.families:
        raise InputError(f"The study has no family {family!r}: {nearest(family, study.families)}")
    return family


def _stage(study: Study, family: str, stage: str | None) -> Stage:
    stages = {each.name: each for each in study.families[family].stages}
    if stage is not None:
        if stage not in stages:
            raise InputError(f"The family {family!r} has no stage {stage!r}: {nearest(stage, stages)}")
        return stages[stage]
    for each in stages.values():
        if each.trained and each.kind in KINDS and each.counterfactual is None:
            return each
    raise InputError(
        f"The family {family!r} has no stage of kind {' or '.join(KINDS)} that is trained here; an audit trains it "
        "again without a part of its data."
    )
