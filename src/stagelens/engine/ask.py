"""What has to be asked, and that it is: an engine asks, the ledger says what is done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from stagelens.engine.bulk import log_of
from stagelens.engine.engines import Engine
from stagelens.engine.folder import RunFolder
from stagelens.engine.ledger import Ledger
from stagelens.engine.progress import Reporter
from stagelens.engine.samples import sample_of
from stagelens.engine.shards import Shard
from stagelens.study.spec import Study


def unasked(shards: Sequence[Shard], folder: RunFolder, ledger: Ledger) -> list[Shard]:
    """The shards that have to be asked.

    Raises:
        InputError: a shard is there, asked with other inputs.
    """
    missing = []
    for shard in shards:
        done = ledger.is_done(shard.piece, shard.inputs)
        if done and not log_of(shard, folder).is_file():
            ledger.forget(shard.piece)
            done = False
        if not done:
            missing.append(shard)
    return missing


def ask_shards(
    shards: Sequence[Shard], *, study: Study, folder: RunFolder, ledger: Ledger, reporter: Reporter, engine: Engine
) -> None:
    """Ask every shard.

    A shard in which items failed keeps its log, and is not recorded as done: another run asks it again.
    """
    left = Counter(shard.stage.piece for shard in shards)
    answers: Counter[str] = Counter()
    for shard, whole in engine.ask(shards, study=study, folder=folder, reporter=reporter):
        if shard.questions.bulk is not None:
            sample_of(shard, folder).unlink(missing_ok=True)
        if whole:
            ledger.record(shard.piece, shard.inputs)
        stage = shard.stage
        left[stage.piece] -= 1
        answers[stage.piece] += shard.attempts
        if not left[stage.piece]:
            look = f" at look {shard.look}" if study.analysis.looks > 1 else ""
            reporter.say(f"asked {stage.family}/{stage.stage.name}{look}: {answers[stage.piece]} answers")
