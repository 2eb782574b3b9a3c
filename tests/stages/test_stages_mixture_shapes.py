"""Rows in the shapes that people publish, made those that are trained on."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from stagelens.stages.mixture import characters, read_source
from stagelens.study.spec import Source, StageKind

USER = {"role": "user", "content": "Why?"}
YES = {"role": "assistant", "content": "Because."}
NO = {"role": "assistant", "content": "No."}
CALL = {"type": "function", "function": {"name": "look", "arguments": {"at": "it"}}}


def row_of(folder: Path, kind: StageKind, row: dict[str, Any]) -> dict[str, Any]:
    (folder / "a.jsonl").write_text(json.dumps(row))
    (found,) = read_source(Source(name="s", path="a.jsonl"), folder, kind).rows
    return found


@pytest.mark.parametrize(
    ("row", "wanted"),
    [
        ({"messages": [USER, YES], "id": 3}, {"messages": [USER, YES]}),
        ({"messages": [USER, YES], "prompt": "p", "completion": "c"}, {"messages": [USER, YES]}),
        ({"messages": [YES, USER, USER, YES]}, {"messages": [YES, USER, USER, YES]}),
        ({"messages": None, "prompt": "p", "completion": "c"}, {"prompt": "p", "completion": "c"}),
        ({"prompt": [USER], "completion": "c"}, {"prompt": [USER], "completion": "c"}),
        ({"prompt": "p", "completion": [YES]}, {"prompt": "p", "completion": [YES]}),
        (
            {
                "messages": [
                    {"role": "user", "content": [{"type": "text", "text": text} for text in ("Why", "?")]},
                    YES,
                ]
            },
            {"messages": [USER, YES]},
        ),
        (
            {"conversations": [{"from": "human", "value": "Why?"}, {"from": "gpt", "value": "Because.", "weight": 1}]},
            {"messages": [USER, YES]},
        ),
        (
            {
                "conversations": [{"from": "user", "value": "Why?"}, {"from": "assistant", "value": "Because."}],
                "system": "Be.",
            },
            {"messages": [{"role": "system", "content": "Be."}, USER, YES]},
        ),
        ({"conversations": [USER, YES], "system": ""}, {"messages": [USER, YES]}),
        (
            {
                "conversations": [
                    {"from": "human", "value": "Why?"},
                    {"from": "function_call", "value": '{"name": "look", "arguments": {"at": "it"}}'},
                    {"from": "observation", "value": ""},
                    {"from": "gpt", "value": "Because."},
                ]
            },
            {
                "messages": [
                    USER,
                    {"role": "assistant", "content": "", "tool_calls": [CALL]},
                    {"role": "tool", "content": ""},
                    YES,
                ]
            },
        ),
        ({"instruction": "Do.", "input": "", "output": "Done."}, {"prompt": "Do.", "completion": "Done."}),
        ({"instruction": "Do.", "input": "This", "output": "Done."}, {"prompt": "Do.\n\nThis", "completion": "Done."}),
        ({"instruction": "Do.", "output": "Done.", "history": []}, {"prompt": "Do.", "completion": "Done."}),
        (
            {"instruction": "Why?", "system": "Be.", "output": "Because."},
            {"messages": [{"role": "system", "content": "Be."}, USER, YES]},
        ),
    ],
)
def test_sft(tmp_path: Path, row: dict[str, Any], wanted: dict[str, Any]) -> None:
    assert row_of(tmp_path, "sft", row) == wanted


@pytest.mark.parametrize(
    ("row", "wanted"),
    [
        ({"prompt": "p", "chosen": "c", "rejected": "r", "score": 1}, {"prompt": "p", "chosen": "c", "rejected": "r"}),
        (
            {"prompt": [USER], "chosen": [YES], "rejected": [NO]},
            {"prompt": [USER], "chosen": [YES], "rejected": [NO]},
        ),
        ({"prompt": "Why?", "chosen": [YES], "rejected": "No."}, {"prompt": [USER], "chosen": [YES], "rejected": [NO]}),
        ({"chosen": [USER, YES], "rejected": [USER, NO]}, {"prompt": [USER], "chosen": [YES], "rejected": [NO]}),
        (
            {"prompt": "Why?", "chosen": [USER, YES], "rejected": [USER, NO]},
            {"prompt": [USER], "chosen": [YES], "rejected": [NO]},
        ),
        (
            {"prompt": [USER], "chosen": [USER, YES], "rejected": [USER, NO]},
            {"prompt": [USER], "chosen": [YES], "rejected": [NO]},
        ),
        (
            {"chosen": [USER, YES, USER, YES], "rejected": [USER, YES, USER, NO]},
            {"prompt": [USER, YES, USER], "chosen": [YES], "rejected": [NO]},
        ),
        (
            {"chosen": [USER, YES], "rejected": [USER, YES, USER, NO]},
            {"prompt": [USER], "chosen": [YES], "rejected": [YES, USER, NO]},
        ),
    ],
)
def test_preferences(tmp_path: Path, row: dict[str, Any], wanted: dict[str, Any]) -> None:
    assert row_of(tmp_path, "dpo", row) == wanted


def test_an_rl_row_keeps_what_a_reward_may_read(tmp_path: Path) -> None:
    row = {"prompt": [USER], "answer": 42, "tests": ["a", {"b": None}], "task": "t", "nothing": None}
    others = {"completion": "c", "messages": [USER, YES]}
    assert row_of(tmp_path, "rl", row | others) == {key: value for key, value in row.items() if value is not None}
    assert (
        row_of(tmp_path, "rl", {"prompt": [USER, YES, {"role": "tool", "content": "42"}]})["prompt"][2]["role"]
        == "tool"
    )


def test_of_a_table_an_rl_row_keeps_what_json_can_hold(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "prompt": ["p", "q"],
            "answer": [1.5, float("nan")],
            "day": [datetime.date(2024, 1, 1)] * 2,
            "image": [b"\x00"] * 2,
            "meta": [{"kind": "x"}] * 2,
        }
    )
    frame.write_parquet(tmp_path / "a.parquet")
    first, second = read_source(Source(name="s", path="a.parquet"), tmp_path, "rl").rows
    assert first == {"prompt": "p", "answer": 1.5, "meta": {"kind": "x"}}
    assert second == {"prompt": "q", "meta": {"kind": "x"}}


def test_a_column_of_structs_is_a_chat(tmp_path: Path) -> None:
    calling = {"role": "assistant", "content": None, "tool_calls": [CALL]}
    pl.DataFrame({"messages": [[USER, calling], [USER, YES]]}).write_parquet(tmp_path / "a.parquet")
    first, second = read_source(Source(name="s", path="a.parquet"), tmp_path, "sft").rows
    assert first["messages"] == [USER, {**calling, "content": ""}]
    assert second["messages"] == [USER, YES]


def test_characters_are_those_of_what_is_trained_on() -> None:
    assert characters({"text": "abc"}) == 3
    assert characters({"messages": [USER, YES]}) == len("Why?Because.")
    assert characters({"prompt": "Why?", "completion": [YES]}) == len("Why?Because.")
    assert characters({"prompt": "Why?", "answer": "x" * 100}) == 4
    assert characters({"messages": [{"role": "assistant", "content": "", "tool_calls": [CALL]}]}) > 40
