"""Answers that were asked in bulk: a Parquet file a shard, with what the scorer left of each, as an Inspect log has it.

One row is one attempt. ``messages`` is all that the model was shown, ``outcomes`` one record a measure.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence, Set
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any, Final

import polars as pl

from stagelens.errors import InputError
from stagelens.files import replacing, write_parquet
from stagelens.judges.turns import Conversation, Part, transcript_text
from stagelens.outcomes.answers import CUT, AnswerSummary
from stagelens.outcomes.inspect_logs import Attempt, Transcript
from stagelens.outcomes.measures import KNOWN
from stagelens.outcomes.schema import COLUMNS

SUFFIX: Final = ".parquet"

ASKED: Final[dict[str, pl.DataType]] = {
    "item": pl.String(),
    "epoch": pl.Int64(),
    "group": pl.String(),
    "cluster": pl.String(),
    "stratum": pl.String(),
    "messages": pl.List(pl.Struct({"role": pl.String(), "text": pl.String()})),
}
"""An attempt, and what it shows the model."""
ANSWER: Final[dict[str, pl.DataType]] = {
    "answer": pl.String(),
    "thoughts": pl.String(),
    "stop_reason": pl.String(),
    "error": pl.String(),
    "prompt_tokens": pl.Int64(),
    "tokens": pl.Int64(),
}
"""What came back. ``thoughts`` is null where there are none, ``error`` where an answer came, ``answer`` where none did.
``tokens`` are those generated, thoughts included."""
ANSWERED: Final = ASKED | ANSWER
RECORD: Final[dict[str, pl.DataType]] = {
    "measure": pl.String(),
    "value": pl.Float64(),
    "status": pl.String(),
    "cause": pl.String(),
    "judge": pl.String(),
    "higher_is_worse": pl.Boolean(),
}
"""A record of one measure (``benchmarks.records``), with its direction; null: as ``outcomes.measures`` knows it."""
GRADED: Final = ANSWERED | {"outcomes": pl.List(pl.Struct(RECORD))}
"""The file's columns."""

_NOTE: Final = "stagelens"


def write_bulk(answers: pl.DataFrame, path: Path, note: Mapping[str, Any]) -> None:
    """Write graded answers whole or not at all; ``note``, plain JSON, says what they were made from."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as beside:
        write_parquet(answers.select(*GRADED), beside, metadata={_NOTE: json.dumps(note, sort_keys=True)})


def read_note(path: Path) -> dict[str, Any] | None:
    """What a file of answers was made from; None where it cannot be read or is none of ours."""
    try:
        return dict(json.loads(pl.read_parquet_metadata(path)[_NOTE]))
    except (OSError, ValueError, KeyError, pl.exceptions.PolarsError):
        return None


def read_bulk(path: str | Path, *columns: str) -> pl.DataFrame:
    """The answers of a file, all columns or those named.

    Raises:
        InputError: there is no such file, or it is not whole.
    """
    try:
        return pl.read_parquet(path, columns=list(columns) or None)
    except (OSError, pl.exceptions.PolarsError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise InputError(f"{path} is not a whole file of answers: remove it and run again ({reason}).") from error


def with_outcomes(answers: pl.DataFrame, records: pl.DataFrame) -> pl.DataFrame:
    """The answers, in their order, with what ``Bulk.grade`` found of each."""
    each = records.group_by("item", "epoch", maintain_order=True).agg(pl.struct(*RECORD).alias("outcomes"))
    return answers.join(each, on=["item", "epoch"], how="left", maintain_order="left").select(*GRADED)


def read_outcomes(path: str | Path, *, family: str, stage: str, stage_index: int, benchmark: str) -> pl.DataFrame:
    """The outcomes in a file, with all of the table's columns, as ``inspect_logs.read_log`` gives those of a log."""
    known = {measure: each.higher_is_worse for measure, each in KNOWN.items()}
    return (
        read_bulk(path, "item", "epoch", "cluster", "stratum", "outcomes")
        .explode("outcomes")
        .unnest("outcomes")
        .with_columns(
            family=pl.lit(family),
            stage=pl.lit(stage),
            stage_index=pl.lit(stage_index, pl.Int64),
            benchmark=pl.lit(benchmark),
            seed=pl.lit(0, pl.Int64),
            higher_is_worse=pl.coalesce(
                "higher_is_worse", pl.col("measure").replace_strict(known, default=True, return_dtype=pl.Boolean)
            ),
        )
        .select(*COLUMNS)
    )


def read_attempts(path: str | Path, wanted: Set[tuple[str, int]] | None = None) -> Iterator[Attempt]:
    """Every attempt of a file that has records, or those of the ``wanted`` (item, epoch)."""
    for row in _chosen(read_bulk(path), wanted).iter_rows(named=True):
        attempt = _attempt(row)
        if attempt is not None:
            yield attempt


def read_groups(path: str | Path) -> Iterator[tuple[str, int, str]]:
    """Every attempt of a file with the benchmark's word for it: (item, epoch, group)."""
    for item, epoch, group in read_bulk(path, "item", "epoch", "group").iter_rows():
        yield item, epoch, str(group)


def read_transcripts(path: str | Path, limit: int) -> list[Transcript]:
    """Up to ``limit`` answers, chosen as ``inspect_logs.read_transcripts`` chooses: by the items alone."""
    names = read_bulk(path, "item", "epoch", "group").sort("item", "epoch")
    groups = names.group_by("group", maintain_order=True).agg(pl.struct("item", "epoch"))["item"].to_list()
    in_turn = [each for each in chain.from_iterable(zip_longest(*groups)) if each is not None][:limit]
    places = {(each["item"], each["epoch"]): place for place, each in enumerate(in_turn)}
    return sorted(read_answers(path, set(places)), key=lambda answer: places[answer.item, answer.epoch])


def read_answers(path: str | Path, attempts: Set[tuple[str, int]]) -> Iterator[Transcript]:
    """The answers in a file to these attempts (item, epoch), in the file's order."""
    for row in _chosen(read_bulk(path), attempts).iter_rows(named=True):
        talk = _conversation(row)
        statuses = [record["status"] for record in row["outcomes"] or ()]
        yield Transcript(
            item=row["item"],
            prompt=talk.prompt,
            answer=row["answer"],
            group=row["group"],
            stop_reason=row["stop_reason"],
            epoch=row["epoch"],
            status=statuses[0] if statuses else "unattempted",
            grade=", ".join(record["measure"] for record in row["outcomes"] or () if record["value"] == 1.0) or None,
            system=talk.system,
            parts=talk.parts if len(talk.parts) > 1 else (),
            attempt=_attempt(row),
        )


def summarise(path: Path) -> AnswerSummary:
    """Counts over the answers that came."""
    came = read_bulk(path, "error", "stop_reason", "thoughts", "tokens").filter(pl.col("error").is_null())
    return AnswerSummary(
        answers=came.height,
        truncated=int(came["stop_reason"].is_in(CUT).sum()),
        with_thoughts=came["thoughts"].count(),
        tokens=int(came["tokens"].sum()),
    )


def _chosen(answers: pl.DataFrame, wanted: Set[tuple[str, int]] | None) -> pl.DataFrame:
    if wanted is None:
        return answers
    keys = pl.DataFrame(sorted(wanted), schema={"item": pl.String, "epoch": pl.Int64}, orient="row")
    return answers.join(keys, on=["item", "epoch"], how="semi", maintain_order="left")


def _attempt(row: Mapping[str, Any]) -> Attempt | None:
    if not row["outcomes"] or row["error"] is not None:
        return None
    return Attempt(
        item=row["item"],
        epoch=row["epoch"],
        group=str(row["group"]),
        conversation=_conversation(row),
        records=tuple(row["outcomes"]),
        evidence=None,
    )


def _conversation(row: Mapping[str, Any]) -> Conversation:
    messages = row["messages"]
    system = "\n\n".join(message["text"] for message in messages if message["role"] == "system")
    parts = [Part("thoughts", row["thoughts"])] if row["thoughts"] else []
    return Conversation(
        system=system or None,
        prompt=shown([(message["role"], message["text"]) for message in messages]),
        parts=(*parts, Part("said", row["answer"] or "")),
    )


def shown(messages: Sequence[tuple[str, str]]) -> str:
    """A conversation as one text, without the system's words: a single turn as it is, several each under a heading."""
    turns = [Part("said" if role == "assistant" else "user", text) for role, text in messages if role != "system"]
    return turns[0].text if len(turns) == 1 else transcript_text(turns, thoughts=False)
