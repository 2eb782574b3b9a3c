"""What decides a result: the inputs of every stage and every cell, as plain JSON.

Two pieces of work with equal inputs are the same piece. Names of stages and places on disk are not inputs: a checkpoint
that is moved, or a stage that is renamed, is the same checkpoint.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stagelens.benchmarks.base import Item
from stagelens.stages import stage_inputs
from stagelens.study.asked import Asked, asked_stages
from stagelens.study.fingerprint import file_digest, fingerprint
from stagelens.study.paths import resolve
from stagelens.study.spec import Generation, Prompting, Stage, Study

Inputs = dict[str, Any]


@dataclass(frozen=True, slots=True)
class StageIdentity:
    """A stage as it is asked, with all that decides its weights."""

    family: str
    asked: Asked
    inputs: Inputs

    @property
    def stage(self) -> Stage:
        """The stage, under its name in the run folder."""
        return self.asked.stage

    @property
    def piece(self) -> str:
        """Its name in the ledger."""
        return f"stage/{self.family}/{self.stage.name}"

    @property
    def fingerprint(self) -> str:
        """The digest of its inputs."""
        return fingerprint(self.inputs)


def identify_stages(study: Study, items: str | None = None) -> tuple[StageIdentity, ...]:
    """Every stage of every family as it is asked, parents before children.

    ``items`` is a digest of all items that the study asks, which mixtures that leave out rows with one depend on.

    Raises:
        InputError: a file or folder that decides a stage is not there.
    """
    return tuple(identity for name in study.families for identity in _identify_family(name, study, items))


def _identify_family(name: str, study: Study, items: str | None) -> list[StageIdentity]:
    known: dict[str, StageIdentity] = {}
    of_stage: dict[str, Inputs] = {}
    for asked in asked_stages(study, name):
        stage = asked.stage
        if asked.of not in of_stage:
            # Runs of one stage share what they are trained on: it is read once.
            of_stage[asked.of] = stage_inputs(stage, study.folder, items)
        inputs = dict(of_stage[asked.of])
        if stage.trained:
            parent = None if asked.parent is None else known[asked.parent].fingerprint
            inputs |= {"seed": asked.training_seed, "parent": parent}
        if asked.part is not None:
            inputs["saved_at"] = asked.part
        known[stage.name] = StageIdentity(name, asked, inputs)
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
        **_asked_through(identity.stage, study),
        "seed": study.seed,
        "generation": generation_inputs(study.generation),
        "benchmark": benchmark,
        "epochs": epochs,
        "items": [item.id for item in shard],
    }


def _asked_through(stage: Stage, study: Study) -> Inputs:
    """What a stage says of how it is asked beside its prompting; nothing for one that says nothing."""
    named = stage.chat_template
    template = {} if named is None else {"chat_template": file_digest(resolve(named, study.folder))}
    return template | ({"stop": list(stage.stop)} if stage.stop else {})


def prompting_of(stage: Stage, generation: Generation) -> Prompting:
    """How the stage is asked: as its own block says, or, where the study wants that, under production's template."""
    borrowed = generation.chat_template == "production" and stage.prompting == "chat"
    return "template" if borrowed else stage.prompting


def generation_inputs(generation: Generation) -> Inputs:
    """The generation settings as plain JSON.

    That stages are asked under production's template as well changes nothing of how they are asked under their own.
    """
    own = {"chat_template": "own"} if generation.chat_template == "both" else {}
    return generation.model_dump(mode="json") | own
