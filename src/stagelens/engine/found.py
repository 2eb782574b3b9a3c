"""Finished work that lies in a run folder without standing in its ledger.

A process can be killed between the moment a checkpoint or a log is in its place and the moment the ledger says so; and
a ledger can be lost. Both are mended from what lies beside the work itself.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from typing import Any

from stagelens.engine.bulk import log_of, whole_inputs
from stagelens.engine.folder import RunFolder
from stagelens.engine.identity import StageIdentity
from stagelens.engine.ledger import Ledger
from stagelens.engine.logs import METADATA_KEY, is_whole
from stagelens.engine.shards import Shard


def note_found_stages(stages: Sequence[StageIdentity], folder: RunFolder, ledger: Ledger) -> None:
    """Record every checkpoint that is whole and that the ledger does not know."""
    from stagelens.stages.checkpoint import read_inputs

    for identity in stages:
        if identity.asked.trained and not ledger.knows(identity.piece):
            inputs = read_inputs(folder.checkpoint(identity.family, identity.stage.name))
            if inputs is not None:
                ledger.record(identity.piece, inputs)


def note_found_shards(shards: Sequence[Shard], folder: RunFolder, ledger: Ledger) -> None:
    """Record every log that answers all of its shard and that the ledger does not know."""
    for shard in shards:
        if not ledger.knows(shard.piece):
            inputs = _whole_log_inputs(shard, folder)
            if inputs is not None:
                ledger.record(shard.piece, inputs)


def take_over(known: RunFolder, stages: Sequence[StageIdentity], shards: Sequence[Shard], folder: RunFolder) -> None:
    """Put into a folder what another one has of the same stages and shards, made from the same inputs.

    A stage that has another name there is another stage. What the folder has is left as it is.
    """
    from stagelens.stages.checkpoint import is_complete, link

    for identity in stages:
        family, name = identity.family, identity.stage.name
        own, other = folder.checkpoint(family, name), known.checkpoint(family, name)
        if identity.asked.trained and not own.exists() and is_complete(other, identity.inputs):
            link(other, own)
    for shard in shards:
        log = log_of(shard, folder)
        if not log.exists() and _whole_log_inputs(shard, known) == shard.inputs:
            log.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(log_of(shard, known), log)  # no link: what grades again writes into logs


def _whole_log_inputs(shard: Shard, folder: RunFolder) -> dict[str, Any] | None:
    path = log_of(shard, folder)
    if not path.is_file():
        return None
    if shard.questions.bulk is not None:
        return whole_inputs(path)
    from inspect_ai.log import read_eval_log

    try:
        log = read_eval_log(str(path), header_only=True)
    except Exception:
        # A log that cannot be read is no finished work: the shard is asked again.
        return None
    note = (log.eval.metadata or {}).get(METADATA_KEY)
    return dict(note["inputs"]) if note is not None and is_whole(log) else None
