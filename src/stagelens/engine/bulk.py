"""Asks a shard of a benchmark in bulk: one Parquet file of graded answers, whole or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from stagelens.benchmarks.base import Bulk, Message
from stagelens.benchmarks.seeds import attempt_seed
from stagelens.engine.folder import RunFolder
from stagelens.engine.shards import Shard
from stagelens.outcomes.bulk_answers import (
    ANSWERED,
    ASKED,
    GRADED,
    read_bulk,
    read_note,
    with_outcomes,
    write_bulk,
)
from stagelens.study.fingerprint import fingerprint
from stagelens.study.spec import Study

if TYPE_CHECKING:
    from stagelens.models.bulk import Ask


def ask_in_bulk(shard: Shard, bulk: Bulk, ask: Ask, place: Path, study: Study) -> bool:
    """Ask what has no answer yet, grade, and write the file; returns whether every attempt has its answer now.

    Answers that came are kept where others failed: what has been paid for is not asked again.
    """
    from stagelens.models.bulk import Question
    from stagelens.models.prompting import Turn

    asked = pl.DataFrame(list(_attempts(shard, bulk, study)), schema=ASKED, orient="row")
    kept = _kept(place, shard)
    due = asked if kept is None else asked.join(kept, on=["item", "epoch"], how="anti", maintain_order="left")
    questions = [
        Question(
            tuple(Turn(message["role"], message["text"]) for message in messages),
            attempt_seed(study.seed, shard.questions.benchmark.name, item, epoch),
        )
        for item, epoch, messages in due.select("item", "epoch", "messages").iter_rows()
    ]
    rows = [
        (answer.text, answer.thoughts, answer.stop_reason, answer.error, answer.prompt_tokens, answer.tokens)
        for answer in (ask(questions) if questions else [])
    ]
    columns = [name for name in ANSWERED if name not in ASKED]
    came = pl.DataFrame(rows, schema={name: ANSWERED[name] for name in columns}, orient="row")
    answers = due.hstack(came)
    if kept is not None:
        answers = asked.join(
            pl.concat([kept, answers]).drop([name for name in ASKED if name not in ("item", "epoch")]),
            on=["item", "epoch"],
            maintain_order="left",
        )
    _write(answers, shard, bulk, place)
    return answers["error"].is_null().all()


def grade_again(shards: Iterable[Shard], folder: RunFolder) -> int:
    """Grade answers again whose grades another version of the benchmark's rules gave; returns how many shards it was.

    The answers of a shard that was asked with other inputs are left alone.
    """
    count = 0
    for shard in shards:
        bulk, place = shard.questions.bulk, log_of(shard, folder)
        note = read_note(place) if bulk is not None and place.is_file() else None
        if bulk is not None and note is not None and _is_of(note, shard) and note["grader"] != bulk.version:
            _write(read_bulk(place).select(*ANSWERED), shard, bulk, place)
            count += 1
    return count


def log_of(shard: Shard, folder: RunFolder) -> Path:
    """The place of a shard's log, or of its answers where they are asked in bulk."""
    return folder.logs(shard.stage.family, shard.stage.stage.name) / shard.log_name


def whole_inputs(place: Path) -> dict[str, Any] | None:
    """The inputs of a file in which every attempt has its answer; None where there is none."""
    note = read_note(place)
    whole = note is not None and read_bulk(place, "error")["error"].is_null().all()
    return dict(note["inputs"]) if note is not None and whole else None


def _attempts(shard: Shard, bulk: Bulk, study: Study) -> Iterator[tuple[Any, ...]]:
    for item in shard.items:
        messages = [
            {"role": role, "text": text}
            for role, text in _with_system(study.generation.system_prompt, bulk.conversation(item))
        ]
        for epoch in range(1, shard.questions.epochs + 1):
            yield item.id, epoch, item.group, item.cluster, item.stratum, messages


def _with_system(prompt: str | None, messages: tuple[Message, ...]) -> list[Message]:
    """The study's system prompt first, in one message with the conversation's own: templates seldom take two."""
    own = [text for role, text in messages if role == "system"]
    text = "\n\n".join(filter(None, (prompt, *own)))
    rest = [message for message in messages if message[0] != "system"]
    return [("system", text), *rest] if text else rest


def _kept(place: Path, shard: Shard) -> pl.DataFrame | None:
    """The answers that came before; None where there are none from these inputs."""
    note = read_note(place) if place.is_file() else None
    if note is None or not _is_of(note, shard):
        return None
    return read_bulk(place).select(*ANSWERED).filter(pl.col("error").is_null())


def _is_of(note: dict[str, Any], shard: Shard) -> bool:
    return fingerprint(note["inputs"]) == fingerprint(shard.inputs)


def _write(answers: pl.DataFrame, shard: Shard, bulk: Bulk, place: Path) -> None:
    graded = with_outcomes(answers, bulk.grade(answers)).select(*GRADED)
    write_bulk(graded, place, {"piece": shard.piece, "inputs": shard.inputs, "grader": bulk.version})
