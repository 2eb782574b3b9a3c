"""A run: stages, answers, outcomes, verdicts, report; in one folder, resumable at any moment."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from stagelens.engine.ask import ask_shards, unasked
from stagelens.engine.bulk import grade_again
from stagelens.engine.collect import collect_outcomes, decide, missing_sentences, outcomes_of, write_outcomes
from stagelens.engine.engines import Engine, open_engine
from stagelens.engine.folder import RunFolder
from stagelens.engine.found import note_found_shards, note_found_stages, take_over
from stagelens.engine.identity import StageIdentity, identify_stages
from stagelens.engine.judges import read_panels
from stagelens.engine.judging import Judging, write_summary
from stagelens.engine.ledger import Ledger
from stagelens.engine.left_out import askable, left_out, sentences, skipped
from stagelens.engine.planning import plan_questions
from stagelens.engine.preparing import examine_stages, index_items, items_digest
from stagelens.engine.progress import Reporter, silent
from stagelens.engine.remote import Publishing, Remote, is_url, working_name
from stagelens.engine.samples import write_samples
from stagelens.engine.sequential import ask_until_decided
from stagelens.engine.shards import Questions, Shard, cut_shards, read_questions
from stagelens.engine.train import train_stages, unmade
from stagelens.errors import InputError
from stagelens.files import write_text
from stagelens.stages import clean_mixture, preflight
from stagelens.statistics.results import Verdicts
from stagelens.study.load import check_files
from stagelens.study.problems import nearest
from stagelens.study.spec import Study
from stagelens.study.write import dump_study


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run ended with.

    ``missing`` names, a sentence each, items that another run could fill; ``confounds``, (measure, sentence), what a
    change of the answers' form may have to do with the verdicts.
    """

    folder: RunFolder
    verdicts: Verdicts
    missing: tuple[str, ...]
    confounds: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class _Work:
    """A study in its folder: what there is, and what is still to be made and asked."""

    study: Study
    questions: tuple[Questions, ...]
    folder: RunFolder
    ledger: Ledger
    reporter: Reporter
    stages: tuple[StageIdentity, ...]
    shards: tuple[Shard, ...]
    unmade: list[StageIdentity]
    unasked: list[Shard]
    lacks: dict[str, str]
    judging: Judging
    engine: Engine


def default_folder(study: Study, limit: int | None) -> Path:
    """``runs/<study>`` beside the study file; a limited run, which asks other items, has a folder of its own."""
    name = study.name if limit is None else f"{study.name}-limit-{limit}"
    return study.folder / "runs" / name


def run(
    study: Study,
    *,
    out: Path | str | None = None,
    limit: int | None = None,
    reporter: Reporter | None = None,
    engine: str = "local",
) -> Outcome:
    """Make the stages that are missing, ask what has not been asked, decide, report.

    ``engine`` says where stages are trained and asked (see ``engines``); nothing that is decided depends on it. ``out``
    may be a URL (see ``remote``).

    Raises:
        InputError: the study or something it names is not usable, or the folder holds work from other inputs.
    """
    with _opened(study, out, limit, reporter, engine=engine) as work:
        _train(work)
        return _evaluate(work)


def train(
    study: Study, *, out: Path | str | None = None, reporter: Reporter | None = None, engine: str = "local"
) -> RunFolder:
    """Make the stages that are missing, and no more."""
    with _opened(study, out, None, reporter, engine=engine) as work:
        _train(work)
        return work.folder


def evaluate(
    study: Study,
    *,
    out: Path | str | None = None,
    limit: int | None = None,
    reporter: Reporter | None = None,
    engine: str = "local",
) -> Outcome:
    """Ask what has not been asked, decide, report; every stage has to be there."""
    with _opened(study, out, limit, reporter, engine=engine) as work:
        return _evaluate(work)


def gather(
    study: Study,
    *,
    out: Path,
    stages: Collection[str] | None = None,
    known: Path | None = None,
    reporter: Reporter | None = None,
) -> RunFolder:
    """Make the stages that are missing, ask them what has not been asked, and write the outcome table; decide nothing.

    Args:
        study: whose stages need not be a ladder.
        out: the run folder.
        stages: names of those that are asked; the others are only made. All of them where None.
        known: the run folder of another study, from which checkpoints and answers with the same inputs are taken.
        reporter: told what is done.

    Raises:
        InputError: a stage that is not there, a ``known`` folder that holds no run, or as ``run`` does.
    """
    names = {stage.name for family in study.families.values() for stage in family.stages}
    unknown = [stage for stage in stages or () if stage not in names]
    if unknown:
        raise InputError(f"The study has no stage {unknown[0]!r}: {nearest(unknown[0], names)}")
    if known is not None and not RunFolder(known).ledger.is_file():
        raise InputError(f"{known} is no run folder, so nothing can be taken from it: name that of a study's run.")
    with _opened(study, out, None, reporter, stages=stages, known=known) as work:
        _train(work)
        _outcomes(work)
        return work.folder


@contextmanager
def _opened(
    study: Study,
    out: Path | str | None,
    limit: int | None,
    reporter: Reporter | None,
    *,
    stages: Collection[str] | None = None,
    known: Path | None = None,
    engine: str = "local",
) -> Iterator[_Work]:
    """Read everything, claim the folder, and find every clash with what is in it, before anything is spent."""
    opening = open_engine(engine)
    check_files(study)
    folder = RunFolder(_place(study, out, limit).resolve())
    questions = read_questions(study, limit=limit)
    identities = identify_stages(study, items_digest(questions))
    panels = read_panels(study, [(asked.benchmark, asked.settings) for asked in questions], folder.root)
    lacks = left_out(study)
    asking = [each for each in identities if stages is None or each.asked.of in stages]
    shards = tuple(shard for stage in asking for asked in questions for shard in cut_shards(study, stage, asked))
    with opening as at_work, folder.claimed(), closing(Ledger(folder.ledger)) as ledger:
        remote = Remote(str(out), folder) if out is not None and is_url(out) else None
        if remote is not None:
            remote.fetch()
        if known is not None:
            take_over(RunFolder(known.resolve()), identities, shards, folder)
        note_found_stages(identities, folder, ledger)
        note_found_shards(shards, folder, ledger)
        grade_again(shards, folder)
        work = _Work(
            study=study,
            questions=questions,
            folder=folder,
            ledger=ledger,
            reporter=reporter or silent(),
            stages=identities,
            shards=shards,
            unmade=unmade(identities, folder, ledger),
            # What cannot be asked now is not compared: which sandbox `auto` would choose is not known without one.
            unasked=unasked(askable(shards, lacks), folder, ledger),
            lacks=lacks,
            judging=Judging(panels, study=study, folder=folder, reporter=reporter or silent()),
            engine=at_work if remote is None else Publishing(at_work, remote),
        )
        for notice in (notice for asked in questions for notice in asked.notices if work.unasked):
            work.reporter.say(notice)
        write_text(folder.study, dump_study(study, folder.root))
        write_text(folder.plan, json.dumps(plan_questions(study, questions, simulated=True).to_dict(), indent=2) + "\n")
        yield work
        if remote is not None:
            remote.send_all()


def _place(study: Study, out: Path | str | None, limit: int | None) -> Path:
    """The local folder that a run works in."""
    if out is None:
        return default_folder(study, limit)
    return study.folder / "runs" / working_name(study.name, str(out)) if is_url(out) else Path(out)


def _train(work: _Work) -> None:
    if not work.unmade:
        return
    items = index_items(work.questions)
    unmade = {(identity.family, identity.asked.of): identity for identity in work.unmade}
    for identity in unmade.values():
        clean_mixture(identity.stage, work.study.folder, items)
    # Chats are examined and then trained on, by one stage after the other: each is tokenised once.
    with preflight.remembering():
        for line in examine_stages(work.study, work.folder.root / "checkpoints", unmade=unmade):
            work.reporter.say(line)
        train_stages(
            work.unmade,
            items=items,
            all_stages=work.stages,
            study=work.study,
            folder=work.folder,
            ledger=work.ledger,
            reporter=work.reporter,
            engine=work.engine,
        )


def _evaluate(work: _Work) -> Outcome:
    outcomes = _outcomes(work)
    decided = decide(work.study, work.folder)
    return Outcome(work.folder, decided.verdicts, missing_sentences(outcomes), decided.confounds)


def _outcomes(work: _Work) -> pl.DataFrame:
    """Ask what has not been asked, have it judged, and write the outcome table."""
    study, folder, ledger, reporter = work.study, work.folder, work.ledger, work.reporter
    lacks, unasked = work.lacks, work.unasked
    for sentence in sentences(lacks):
        reporter.say(sentence)
    causes = skipped(work.shards, lacks, folder)
    asked = [shard for shard in work.shards if shard.piece not in causes]
    if asked and study.analysis.looks > 1:
        graded = ask_until_decided(
            asked,
            unasked,
            study=study,
            folder=folder,
            ledger=ledger,
            reporter=reporter,
            judging=work.judging,
            engine=work.engine,
        )
        frames = [graded]
    elif asked:
        ask_shards(unasked, study=study, folder=folder, ledger=ledger, reporter=reporter, engine=work.engine)
        frames = [collect_outcomes(asked, study, folder, work.judging)]
    else:
        frames = []
    frames += [
        outcomes_of(shard, study, folder, skipped=causes[shard.piece]) for shard in work.shards if shard.piece in causes
    ]
    write_samples(asked, folder)
    outcomes = write_outcomes(frames, study, folder)
    write_summary(work.judging, folder)
    return outcomes
