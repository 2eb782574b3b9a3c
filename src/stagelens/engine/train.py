"""Makes the stages that are missing, in order, and keeps those that are there."""

from __future__ import annotations

from collections.abc import Sequence

from stagelens.engine.engines import Engine
from stagelens.engine.folder import RunFolder
from stagelens.engine.identity import StageIdentity
from stagelens.engine.ledger import Ledger
from stagelens.engine.progress import Reporter
from stagelens.engine.training import Training
from stagelens.stages.checkpoint import read_inputs
from stagelens.stages.contamination import Index
from stagelens.study.spec import Study


def unmade(stages: Sequence[StageIdentity], folder: RunFolder, ledger: Ledger) -> list[StageIdentity]:
    """The stages that have to be trained; of a run whose saved points are not all there, all of it.

    Raises:
        InputError: a stage is there, made from other inputs.
    """
    missing: dict[str, StageIdentity] = {}
    by_name = {(identity.family, identity.stage.name): identity for identity in stages}
    for identity in stages:
        if not identity.asked.trained:
            continue
        done = ledger.is_done(identity.piece, identity.inputs)
        if done and read_inputs(folder.checkpoint(identity.family, identity.stage.name)) is None:
            ledger.forget(identity.piece)
            done = False
        if not done:
            made = by_name[identity.family, identity.asked.made_by or identity.stage.name]
            missing.setdefault(made.piece, made)
    return [identity for identity in stages if identity.piece in missing]


def train_stages(
    stages: Sequence[StageIdentity],
    *,
    all_stages: Sequence[StageIdentity],
    study: Study,
    folder: RunFolder,
    ledger: Ledger,
    reporter: Reporter,
    items: Index,
    engine: Engine,
) -> None:
    """Train ``stages``, parents first, each into its place in the run folder.

    Raises:
        InputError: a recipe, a mixture or a parent is not usable.
    """
    trainings = [_training(identity, all_stages) for identity in stages]
    for done in engine.train(trainings, study=study, folder=folder, reporter=reporter, items=items):
        for made in done.makes:
            ledger.record(made.piece, made.inputs)
        reporter.say(f"made {done.name} ({done.identity.stage.kind})")


def _training(identity: StageIdentity, all_stages: Sequence[StageIdentity]) -> Training:
    family = [each for each in all_stages if each.family == identity.family]
    parent = next((each for each in family if each.stage.name == identity.asked.parent), None)
    made = (each for each in family if each.asked.made_by == identity.stage.name and each.asked.part is not None)
    return Training(identity, parent, tuple(made))
