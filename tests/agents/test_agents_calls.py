from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from stagelens.agents.calls import (
    Bash,
    Complete,
    Invoke,
    Malformed,
    Move,
    Repeat,
    Say,
    Think,
    Together,
    heredoc,
    moves,
    parse_calls,
)
from stagelens.errors import InputError


def test_every_kind_of_call_is_read() -> None:
    raw = [
        {"think": "hm"},
        {"bash": "ls"},
        {"write": {"path": "a.txt", "content": "x\n"}},
        {"say": "well"},
        {"call": {"name": "fly", "arguments": {"to": "mill"}}},
        {"malformed": "{"},
        {"repeat": {"times": 2, "call": {"bash": "pwd"}}},
        {"together": [{"bash": "a"}, {"complete": "b"}]},
        {"complete": "done"},
    ]
    assert parse_calls(raw) == (
        Think("hm"),
        Bash("ls"),
        heredoc("a.txt", "x\n"),
        Say("well"),
        Invoke("fly", {"to": "mill"}),
        Malformed("{"),
        Repeat(2, Bash("pwd")),
        Together((Bash("a"), Complete("b"))),
        Complete("done"),
    )


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ({"bash": "ls"}, "must be a list of calls"),
        (["ls"], r"\[0\]: must be one call, a mapping with one key of bash, "),
        ([{"bash": "ls", "say": "x"}], "must be one call"),
        ([{"bsh": "ls"}], "the call 'bsh' is not known here; did you mean 'bash'"),
        ([{"say": "x"}, {"bash": 3}], r"\[1\].bash: must be text, not 3"),
        ([{"write": {"path": "a"}}], r"\[0\].write: must be a mapping with the keys path and content"),
        ([{"write": {"path": "a", "content": 1}}], "write.content: must be text"),
        ([{"call": {"name": "f", "arguments": []}}], "call.arguments: must be a mapping"),
        ([{"repeat": {"times": 0, "call": {"bash": "x"}}}], "repeat.times: must be a whole number from 1"),
        ([{"repeat": {"times": True, "call": {"bash": "x"}}}], "repeat.times: must be a whole number from 1"),
        ([{"repeat": {"times": 2, "call": {"think": "x"}}}], "repeat.call: the call 'think' is not known here"),
        ([{"together": [{"think": "x"}]}], r"together\[0\]: the call 'think' is not known here"),
        ([{"together": {"bash": "x"}}], "together: must be a list of calls"),
    ],
)
def test_what_is_no_call_is_refused_with_its_place(raw: Any, says: str) -> None:
    with pytest.raises(InputError, match=says):
        parse_calls(raw)


def test_moves_are_the_messages_that_are_played() -> None:
    calls = (Think("a"), Think("b"), Repeat(2, Bash("x")), Together((Bash("y"), Say("z"))), Think("late"))
    assert moves(calls) == (
        Move("a\nb", (Bash("x"),)),
        Move(None, (Bash("x"),)),
        Move(None, (Bash("y"), Say("z"))),
        Move("late", (Say(""),)),
    )


@pytest.mark.parametrize("content", ["", "one\n", "a 'quoted' $HOME `x` \\n\n", "END\nEND1\n", "\n\nlast\n"])
def test_a_heredoc_writes_what_it_is_given(tmp_path: Path, content: str) -> None:
    name = "it's a file.txt"
    subprocess.run(["/bin/sh", "-c", heredoc(name, content).command], cwd=tmp_path, check=True)
    assert (tmp_path / name).read_text() == content


def test_a_last_line_without_an_end_gets_one(tmp_path: Path) -> None:
    subprocess.run(["/bin/sh", "-c", heredoc("a", "x\ny").command], cwd=tmp_path, check=True)
    assert (tmp_path / "a").read_text() == "x\ny\n"
