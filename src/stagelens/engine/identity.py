"""What decides a result: the inputs of every stage and every cell, as plain JSON.

Two pieces of work with equal inputs are the same piece. Names of stages and places on disk are not inputs: a checkpoint
that is moved, or a stage that is renamed, is the same checkpoint.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stagelens.benchmarks.base import Item
from stagelens.stages import stage_inputs
from stagelens.study.fingerprint import fingerprint
from stagelens.study.spec import Family, Generation, Prompting, Stage, Study

Inputs = dict[str, Any]


@dataclass(frozen=True, slots=True)
class StageIdentity:
    """A stage with all that decides its weights, and the stage that it is trained from."""

    family: str
    stage: Stage
    parent: str | None
    inputs: Inputs

    @property
    def piece(self) -> str:
        """Its name in the ledger."""
        return f"stage/{self.family}/{self.stage.name}"

    @property
    def fingerprint(self) -> str:
        """The digest of its inputs."""
        return fingerprint(self.inputs)


def identify_stages(study: Study) -> tuple[StageIdentity, ...]:
    """Every stage of every family, parents before children.

    Raises:
        InputError: a file or folder that decides a stage is not there.
    """
    return tuple(
        identity
        for name, family in study.families.items()
        for identity in _identify_family(name, family, seed=study.seed, folder=study.folder)
    )


def _identify_family(name: str, family: Family, *, seed: int, folder: Path) -> list[StageIdentity]:
    known: dict[str, StageIdentity] = {}
    before: str | None = None
    for stage in family.stages:
        parent = stage.from_ or before
        inputs = stage_inputs(stage, folder)
        if stage.trained:
            inputs |= {"seed": seed, "parent": known[parent].fingerprint if parent in known else None}
        else:
            parent = None
        known[stage.name] = StageIdentity(name, stage, parent, inputs)
        before = stage.name
    return list(known.values())


def cell_inputs(
    study: Study, identity: StageIdentity, benchmark: Mapping[str, Any], *, epochs: int, shard: Sequence[Item]
) -> Inputs:
    """All that decides one shard's answers and grades.

    Args:
        study: for the seed, the generation settings and the number of looks.
        identity: the stage that answers.
        benchmark: ``Benchmark.fingerprint`` of the shard's items: their content, the settings, the judge's version.
        epochs: attempts at each item.
        shard: the items, in the order in which they are asked.
    """
    looks = study.analysis.looks
    return {
        # Which items are asked together depends on the looks; a run without them does not mention any.
        **({"analysis.looks": looks} if looks > 1 else {}),
        "checkpoint": identity.fingerprint,
        "prompting": prompting_of(identity.stage, study.generation),
        "seed": study.seed,
        "generation": generation_inputs(study.generation),
        "benchmark": benchmark,
        "epochs": epochs,
        "items": [item.id for item in shard],
    }


def prompting_of(stage: Stage, generation: Generation) -> Prompting:
    """How the stage is asked: as its own block says, or, where the study wants that, under production's template."""
    borrowed = generation.chat_template == "production" and stage.prompting == "chat"
    return "template" if borrowed else stage.prompting


def generation_inputs(generation: Generation) -> Inputs:
    """The generation settings as plain JSON."""
    return generation.model_dump(mode="json")
