"""Builds an organism: its files, its checkpoints, and the truth about it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from stagelens.engine import train
from stagelens.engine.folder import RunFolder
from stagelens.engine.identity import identify_stages
from stagelens.engine.progress import Reporter, silent
from stagelens.engine.run import default_folder
from stagelens.errors import InputError
from stagelens.files import write_text
from stagelens.organisms.census.table import FULL, Counted, Size, take_census
from stagelens.organisms.census.truth import TRUTH, write_truth
from stagelens.organisms.data import data_files
from stagelens.organisms.spec import OrganismSpec, check_spec
from stagelens.organisms.store import give_shared, take_shared
from stagelens.organisms.study import STEPS, study_text
from stagelens.study.spec import PRETRAINING, Study

STUDY: Final = "study.yaml"


@dataclass(frozen=True, slots=True)
class Organism:
    """A built organism: its study, the run folder with its checkpoints, and the file with the truth about it."""

    study: Study
    run: RunFolder
    truth: Path


def build(
    spec: OrganismSpec,
    out: Path,
    *,
    size: Size = FULL,
    store: Path | None = None,
    counts: Path | None = None,
    reporter: Reporter | None = None,
) -> Organism:
    """Make an organism in the folder ``out``; what is already there is not made again.

    Args:
        spec: what is planted.
        out: gets ``study.yaml`` with its data, ``runs/<name>`` with the checkpoints, and, beside them, ``truth.json``
            with the census it rests on. The analysis reads none of the last two.
        size: of the census.
        store: a folder of checkpoints that organisms share, if they do.
        counts: a folder for what a census counts, which organisms may share; one of ``out``'s own where None.
        reporter: told what is made.

    Raises:
        InputError: ``out`` holds another organism, or cannot be written.
    """
    reporter = reporter or silent()
    organism = lay_out(spec, out)
    study = organism.study
    _make(study, organism.run, store, reporter)
    table = take_census(
        spec.name,
        counted(spec, organism),
        seed=spec.seed,
        size=size,
        kept=counts or out / "census",
        progress=reporter.say,
    )
    write_truth(spec, table, out)
    return organism


def make_until(organism: Organism, last: str, store: Path | None, reporter: Reporter) -> None:
    """Make the stages of an organism's one family up to the one that is called ``last``; see ``build``."""
    ((name, family),) = organism.study.families.items()
    until = [stage.name for stage in family.stages].index(last) + 1
    early = family.model_copy(update={"stages": family.stages[:until]})
    _make(organism.study.model_copy(update={"families": {name: early}}), organism.run, store, reporter)


def _make(study: Study, folder: RunFolder, store: Path | None, reporter: Reporter) -> None:
    if store is not None:
        for name in take_shared(study, folder, store):
            reporter.say(f"{study.name}/{name}: shared with another organism")
    train(study, out=folder.root, reporter=reporter)
    if store is not None:
        give_shared(study, folder, store)


def lay_out(spec: OrganismSpec, out: Path) -> Organism:
    """An organism as it stands before anything is trained: its files, and where the rest goes.

    Raises:
        InputError: as ``write_study`` does.
    """
    study = write_study(spec, out)
    return Organism(study, RunFolder(default_folder(study, None).resolve()), out / TRUTH)


def write_study(spec: OrganismSpec, out: Path) -> Study:
    """Write an organism's study file and data; a file that is already right is left alone.

    Raises:
        InputError: the spec cannot be planted, or ``out`` holds another organism's study file or cannot be written.
    """
    check_spec(spec)
    text = study_text(spec)
    file = out / STUDY
    if file.is_file() and file.read_text(encoding="utf-8") != text:
        raise InputError(f"{file} is another study than the organism's: name an empty folder with --out.")
    try:
        for path, content in {**data_files(spec), STUDY: text}.items():
            target = out / path
            if not target.is_file() or target.read_text(encoding="utf-8") != content:
                target.parent.mkdir(parents=True, exist_ok=True)
                write_text(target, content)
    except OSError as error:
        raise InputError(f"{out} cannot be written ({error.strerror}): name another folder with --out.") from error
    return Study.load(file)


def counted(spec: OrganismSpec, organism: Organism) -> list[Counted]:
    """The checkpoints of an organism's one family, as a census takes them, whether they are there yet or not.

    Those of the 2×2 that are no steps are counted where it decides: in groups whose cause is SFT's alone or redundant.
    """
    told_apart = tuple(name for name, plant in spec.plants.items() if plant.cause in ("sft", "redundant"))
    return [
        Counted(
            stage=identity.stage.name,
            index=index,
            checkpoint=organism.run.checkpoint(identity.family, identity.stage.name),
            prompting="raw" if identity.stage.kind in PRETRAINING else "chat",
            fingerprint=identity.fingerprint,
            benchmarks=tuple(spec.plants) if identity.stage.counterfactual is None else told_apart,
            nuisance=spec.nuisance if identity.stage.name == STEPS[-1] else None,
        )
        for index, identity in enumerate(identify_stages(organism.study))
    ]
