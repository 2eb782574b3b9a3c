"""A sample of the answers that were asked in bulk, as an Inspect log: ``inspect view`` shows it beside the others."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from stagelens.engine.bulk import log_of
from stagelens.engine.folder import RunFolder
from stagelens.engine.shards import Shard
from stagelens.files import replacing
from stagelens.outcomes.bulk_answers import read_bulk

if TYPE_CHECKING:
    from inspect_ai.log import EvalLog, EvalSample
    from inspect_ai.model import ChatMessage, ModelOutput

SAMPLES: Final = 100


def write_samples(shards: Sequence[Shard], folder: RunFolder) -> None:
    """Write the logs that are not there yet, one for each stage and benchmark asked in bulk.

    They lie in a folder of their own below the stage's logs: the answers in them are counted elsewhere.
    """
    cells: dict[tuple[str, str], list[Shard]] = {}
    for shard in shards:
        if shard.questions.bulk is not None:
            cells.setdefault((shard.stage.piece, shard.questions.benchmark.name), []).append(shard)
    for own in cells.values():
        place = sample_of(own[0], folder)
        files = [path for path in (log_of(shard, folder) for shard in own) if path.is_file()]
        if files and not place.is_file():
            _write(own[0], _drawn(files), place)


def sample_of(shard: Shard, folder: RunFolder) -> Path:
    """The place of the log for a shard's cell."""
    stage = shard.stage
    return folder.logs(stage.family, stage.stage.name) / "samples" / f"{shard.questions.benchmark.name}.eval"


def _drawn(files: Sequence[Path]) -> pl.DataFrame:
    """The attempts whose names have the smallest hashes: the same at every stage."""
    frames = []
    for path in files:
        names = read_bulk(path, "item", "epoch")
        hashes = [
            hashlib.sha256(f"{item}\x1f{epoch}".encode()).hexdigest()
            for item, epoch in names.select("item", "epoch").iter_rows()
        ]
        frames.append(names.with_columns(hash=pl.Series(hashes, dtype=pl.String), file=pl.lit(str(path))))
    chosen = pl.concat(frames).sort("hash").head(SAMPLES)
    rows = [
        read_bulk(path).join(own, on=["item", "epoch"], how="semi")
        for (path,), own in chosen.partition_by("file", as_dict=True, maintain_order=True).items()
    ]
    return pl.concat(rows).join(chosen.select("item", "epoch", "hash"), on=["item", "epoch"]).sort("hash")


def _write(shard: Shard, answers: pl.DataFrame, place: Path) -> None:
    from inspect_ai.log import write_eval_log

    place.parent.mkdir(parents=True, exist_ok=True)
    with replacing(place) as beside:
        write_eval_log(_log(shard, answers), str(beside), format="eval")


def _log(shard: Shard, answers: pl.DataFrame) -> EvalLog:
    from inspect_ai.log import EvalConfig, EvalDataset, EvalLog, EvalResults, EvalSpec

    name = shard.questions.benchmark.name
    samples = [_sample(row) for row in answers.iter_rows(named=True)]
    return EvalLog(
        status="success",
        eval=EvalSpec(
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            task=f"stagelens/{name}",
            dataset=EvalDataset(name=name, samples=len(samples), sample_ids=[sample.id for sample in samples]),
            model=f"{shard.stage.family}-{shard.stage.stage.name}",
            config=EvalConfig(epochs=shard.questions.epochs),
        ),
        results=EvalResults(total_samples=len(samples), completed_samples=len(samples)),
        samples=samples,
    )


def _sample(row: dict[str, Any]) -> EvalSample:
    from inspect_ai.log import EvalError, EvalSample
    from inspect_ai.scorer import Score

    asked = list(_messages(row))
    records = [dict(record) for record in row["outcomes"] or ()]
    output = _output(row)
    shown = [record["measure"] for record in records if record["value"] == 1.0]
    error = None if row["error"] is None else EvalError(message=row["error"], traceback="", traceback_ansi="")
    return EvalSample(
        id=row["item"],
        epoch=row["epoch"],
        input=asked,
        target="",
        messages=[*asked, *([output.message] if output.choices else [])],
        output=output,
        scores={"rules": Score(value=", ".join(shown) or "none", metadata={"outcomes": records})},
        metadata={"cluster": row["cluster"], "stratum": row["stratum"], "group": row["group"]},
        error=error,
    )


def _output(row: dict[str, Any]) -> ModelOutput:
    from inspect_ai.model import (
        ChatCompletionChoice,
        ChatMessageAssistant,
        ContentReasoning,
        ContentText,
        ModelOutput,
    )

    if row["answer"] is None:
        return ModelOutput()
    thoughts = [ContentReasoning(reasoning=row["thoughts"])] if row["thoughts"] else []
    message = ChatMessageAssistant(content=[*thoughts, ContentText(text=row["answer"])], source="generate")
    return ModelOutput(choices=[ChatCompletionChoice(message=message, stop_reason=row["stop_reason"] or "unknown")])


def _messages(row: dict[str, Any]) -> Iterator[ChatMessage]:
    from inspect_ai.model import ChatMessageAssistant, ChatMessageSystem, ChatMessageUser

    for message in row["messages"]:
        role, text = message["role"], message["text"]
        if role == "system":
            yield ChatMessageSystem(content=text, source="input")
        elif role == "assistant":
            yield ChatMessageAssistant(content=text, source="input")
        else:
            yield ChatMessageUser(content=text, source="input")
