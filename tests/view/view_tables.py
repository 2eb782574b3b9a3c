"""Run folders without Inspect: an outcome table, its verdicts and, where asked for, answers that were given in bulk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl

from stagelens.analysis import analyze
from stagelens.outcomes.bulk_answers import GRADED, write_bulk
from stagelens.outcomes.table import read_table, write_table
from stagelens.study.spec import Study
from stagelens.study.write import dump_study

STAGES = ("base", "sft", "production")
STUDY: dict[str, Any] = {
    "name": "in bulk",
    "families": {
        "acme": {
            "stages": [
                {"name": "base", "kind": "pretrained", "model": "mockllm/base", "elicitation": "chat"},
                {"name": "sft", "kind": "sft", "model": "mockllm/sft"},
                {"name": "production", "kind": "rl", "model": "mockllm/production"},
            ]
        }
    },
    "benchmarks": {"user_logs": {"path": "./logs.jsonl"}},
    "analysis": {"margins": {"default": 0.05}},
}


def outcome_rows(items: int = 120, epochs: int = 1) -> Iterator[dict[str, Any]]:
    """Items in three strata. Known by their number's remainder: 0 of 10 rose, 1 and 2 fell, 3 lost its judge."""
    for number in range(items):
        for position, stage in enumerate(STAGES):
            for epoch in range(1, epochs + 1):
                rest = number % 10
                value: float | None = float(
                    (rest == 0 and stage == "production") or (rest in (1, 2) and stage == "sft")
                )
                lost = rest == 3 and stage == "production" and epoch == epochs
                yield {
                    "family": "acme",
                    "stage": stage,
                    "stage_index": position,
                    "benchmark": "user_logs",
                    "measure": "misaligned",
                    "item": f"item-{number:04d}",
                    "epoch": epoch,
                    "stratum": f"stratum {number % 3}",
                    "value": None if lost else value,
                    "status": "ungraded" if lost else "scored",
                    "cause": "the judge's answer is empty" if lost else None,
                    "judge": "rule:signs",
                    "higher_is_worse": True,
                }


def make_table(folder: Path, *, items: int = 120, epochs: int = 1) -> Path:
    """What ``analyze --out`` leaves, with the outcome table beside it; returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    write_table(read_table(pl.DataFrame(list(outcome_rows(items, epochs)))), folder / "outcomes.parquet")
    (folder / "verdicts.json").write_text(analyze(folder / "outcomes.parquet").to_json(), encoding="utf-8")
    return folder


def add_answers(folder: Path) -> None:
    """A study, and the answers behind the table's rows: a file a stage."""
    (folder / "study.yaml").write_text(dump_study(Study.model_validate(STUDY), folder), encoding="utf-8")
    for (stage,), rows in pl.read_parquet(folder / "outcomes.parquet").partition_by("stage", as_dict=True).items():
        answers = [
            {
                "item": row["item"],
                "epoch": row["epoch"],
                "group": "log",
                "cluster": row["cluster"],
                "stratum": row["stratum"],
                "messages": [{"role": "user", "text": f"Asked of {row['item']}."}],
                "answer": f"{stage} answers {row['item']} at its {row['epoch']}.",
                "thoughts": None,
                "stop_reason": "stop",
                "error": None,
                "prompt_tokens": 5,
                "tokens": 9,
                "outcomes": [
                    {name: row[name] for name in ("measure", "value", "status", "cause", "judge", "higher_is_worse")}
                ],
            }
            for row in rows.iter_rows(named=True)
        ]
        write_bulk(
            pl.DataFrame(answers, schema=GRADED), folder / "logs" / "acme" / str(stage) / "user_logs-0000.parquet", {}
        )
