"""A family's stages as they are asked: a run for each training seed, saved points, a second way of asking.

In a run folder each has a name of its own, ``Asked.stage.name``. In outcome tables runs of one stage share its name and
differ in their seed; saved points and second ways of asking are stages beside it. There are two of the latter: a base's
other few-shot prompt, and, where the study asks under both chat templates, production's template for the stages before.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from stagelens.study.spec import Family, Prompting, Stage, Study

FIRST: Final[Prompting] = "urial_benign"
SECOND: Final[Prompting] = "urial_careful"
"""The two few-shot prompts that ``elicitation: urial`` stands for: the one whose answers are a stage's own, and the one
under which a cause has to hold as well."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One checkpoint under one elicitation.

    Attributes:
        stage: as it is asked; ``stage.name`` is its name in the run folder.
        of: the study's stage that it is a checkpoint of.
        outcome: its name in outcome tables.
        seed: the training seed in outcome tables; 0 where the stage is one checkpoint.
        training_seed: what it is trained with.
        parent: the name in the run folder of what it is trained from; None for one that is adopted or starts afresh.
        part: of its stage's training, 0 to 1, where it is a saved point.
        made_by: the name in the run folder of the stage whose training makes it, where that is another.
    """

    stage: Stage
    of: str
    outcome: str
    seed: int
    training_seed: int
    parent: str | None = None
    part: float | None = None
    made_by: str | None = None

    @property
    def trained(self) -> bool:
        """Whether its checkpoint is made here, by its own training or, a saved point's, by that of its stage."""
        return self.stage.trained and (self.made_by is None or self.part is not None)

    @property
    def checkpoint(self) -> str:
        """The name of its checkpoint in the run folder, where it is made here."""
        return self.stage.name if self.trained else self.made_by or self.stage.name


BORROWED: Final = "production_template"
"""What the name of a stage ends in that is asked under production's chat template beside its own."""


def asked_stages(study: Study, family: str) -> tuple[Asked, ...]:
    """All that is asked of a family: parents before children, a stage's saved points before it, runs by their seed."""
    members = study.families[family]
    runs = run_counts(members)
    return tuple(
        each
        for stage in members.stages
        for run in range(runs[stage.name])
        for each in _of_run(stage, run, runs, family, study)
    )


def outcome_names(study: Study, family: str) -> tuple[str, ...]:
    """The names that outcome tables know, in order; a stage's index in them is its ``stage_index``."""
    return tuple(dict.fromkeys(each.outcome for each in asked_stages(study, family)))


def run_counts(family: Family) -> dict[str, int]:
    """How many checkpoints each stage is: as many as its ``seeds`` say, or as what it is trained from."""
    counts: dict[str, int] = {}
    for stage in family.stages:
        inherited = counts.get(stage.from_ or "", 1) if stage.trained else 1
        counts[stage.name] = stage.seeds or inherited
    return counts


def point_name(stage: str, part: float) -> str:
    """A saved point's name in outcome tables: ``sft@0.25``."""
    return f"{stage}@{part:g}"


def second_name(stage: str) -> str:
    """The name of a stage that is asked under the second elicitation too: ``base@urial_careful``."""
    return f"{stage}@{SECOND}"


def borrowed_name(stage: str) -> str:
    """The name of a stage that is asked under production's template too: ``sft@production_template``."""
    return f"{stage}@{BORROWED}"


def borrows(stage: Stage, study: Study, family: str) -> bool:
    """Whether a stage is asked under production's chat template beside its own."""
    members = study.families[family]
    tuned = stage.elicitation == "chat" and stage.counterfactual is None
    return study.generation.chat_template == "both" and tuned and stage.name != members.production.name


def _of_run(stage: Stage, run: int, runs: dict[str, int], family: str, study: Study) -> Iterator[Asked]:
    several, seed = runs[stage.name] > 1, study.seed
    name = _in_run(stage.name, run, seed)
    known = {each.name for each in study.families[family].stages}
    parent = stage.from_ if stage.trained and stage.from_ in known else None
    shared = {
        "seed": seed + run if several else 0,
        "training_seed": seed + run,
        "parent": None if parent is None else _in_run(parent, run if runs[parent] > 1 else 0, seed),
    }
    for part in sorted(stage.save_at):
        at = point_name(stage.name, part)
        yield Asked(_named(stage, _in_run(at, run, seed)), stage.name, at, part=part, made_by=name, **shared)  # type: ignore[arg-type]
    twice = stage.elicitation == "urial"
    yield Asked(_named(stage, name, FIRST if twice else None), stage.name, stage.name, **shared)  # type: ignore[arg-type]
    if twice:
        again = second_name(stage.name)
        yield Asked(_named(stage, _in_run(again, run, seed), SECOND), stage.name, again, made_by=name, **shared)  # type: ignore[arg-type]
    if borrows(stage, study, family):
        again = borrowed_name(stage.name)
        yield Asked(_named(stage, _in_run(again, run, seed), "template"), stage.name, again, made_by=name, **shared)  # type: ignore[arg-type]


def _named(stage: Stage, name: str, elicitation: Prompting | None = None) -> Stage:
    return stage.model_copy(update={"name": name, "elicitation": elicitation or stage.elicitation})


def _in_run(name: str, run: int, seed: int) -> str:
    return f"{name}@seed-{seed + run}" if run else name
