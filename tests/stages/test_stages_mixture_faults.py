"""Everything that can be wrong with a mixture: one sentence each, with the place and the remedy, and nothing else."""

from __future__ import annotations

import gzip
import io
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from stagelens.errors import InputError
from stagelens.stages.mixture import draw, parsing, read
from stagelens.study.spec import Mixture, Source, StageKind

GOOD = '{"prompt": "p", "completion": "c"}\n'
USER = {"role": "user", "content": "Why?"}
ANSWER = {"role": "assistant", "content": "Because."}


def chat(*messages: Any) -> str:
    return json.dumps({"messages": list(messages)})


def table(**columns: Any) -> bytes:
    buffer = io.BytesIO()
    pl.DataFrame(columns).write_parquet(buffer)
    return buffer.getvalue()


PACKED = gzip.compress((GOOD * 1000).encode(), mtime=0)
TABLE = table(prompt=["p"] * 1000, completion=["c"] * 1000)

SFT: tuple[str, StageKind] = ("a.jsonl", "sft")
ARRAY: tuple[str, StageKind] = ("a.json", "sft")
PARQUET: tuple[str, StageKind] = ("a.parquet", "sft")
DPO: tuple[str, StageKind] = ("a.jsonl", "dpo")
RL: tuple[str, StageKind] = ("a.jsonl", "rl")

BYTES: list[tuple[str, str, StageKind, str | bytes, str]] = [
    # what it is, the file's name, the kind of stage, the file's content, what has to be said of it
    ("empty", *SFT, "", "a.jsonl is empty; give it at least one row."),
    ("empty array", *ARRAY, "[]", "a.json is empty; give it"),
    ("empty Parquet", *PARQUET, table(prompt=[], completion=[]), "a.parquet is empty; give it"),
    ("empty line", *SFT, GOOD + "\n" + GOOD, "line 2 is empty: remove it"),
    ("not JSON", *SFT, GOOD + "{prompt: p}\n", "line 2 is not JSON (Expecting property name"),
    ("cut off", *SFT, GOOD + GOOD[:20], "line 2 is not JSON (Unterminated string"),
    ("two in a line", *SFT, GOOD.strip() + GOOD, "line 1 is not JSON (Extra data"),
    ("single quotes", *SFT, "{'prompt': 'p'}", "line 1 is not JSON"),
    ("a list", *SFT, "[1]\n", "line 1 is not a JSON object: put a JSON array into a .json file."),
    ("a text", *SFT, '"text"\n', "line 1 is not a JSON object: each row must be one."),
    ("null", *SFT, GOOD + "null\n", "line 2 is not a JSON object"),
    ("NaN", *RL, '{"prompt": "p", "score": NaN}', "line 1 holds NaN, which is no number in JSON"),
    ("infinite", *RL, '{"prompt": "p", "score": -Infinity}', "line 1 holds -Infinity, which is no number"),
    ("huge number", *RL, '{"prompt": "p", "n": ' + "9" * 5000 + "}", "line 1 is not JSON"),
    ("half a character", *SFT, GOOD.replace('"c"', r'"\ud83d"'), "line 1 holds half of a character"),
    ("half a name", *SFT, GOOD + r'{"\udc00": 1}', "line 2 holds half of a character"),
    (
        "half in an array",
        "a.json",
        "sft",
        '[{"prompt": "p", "completion": "\\ud83d"}]',
        "row 1 holds half of a character",
    ),
    ("nested junk", *SFT, "[" * 100_000, "line 1 is nested too deeply"),
    (
        "nested row",
        "a.jsonl",
        "rl",
        '{"prompt": "p", "x": ' + "[" * 500 + "]" * 500 + "}",
        "line 1 is nested too deeply",
    ),
    ("nested array", *ARRAY, "[" * 100_000, "row 1 is nested too deeply"),
    ("Latin-1", *SFT, GOOD.replace("p", "é").encode("latin-1"), "line 1 is not JSON in UTF-8"),
    ("Latin-1 array", *ARRAY, '[{"text": "é"}]'.encode("latin-1"), "a.json is not text in UTF-8"),
    ("UTF-16", *SFT, GOOD.encode("utf-16"), "is in UTF-16 or UTF-32, not in UTF-8; save it as UTF-8."),
    ("UTF-16, big end first", *ARRAY, b"\xfe\xff" + GOOD.encode("utf-16-be"), "is in UTF-16, not in UTF-8"),
    ("UTF-16 without mark", *SFT, GOOD.encode("utf-16-le"), "is no text, it holds zero bytes"),
    ("binary", *SFT, bytes(range(256)) * 9, "is no text, it holds zero bytes"),
    ("picture", *ARRAY, b"\x89PNG\r\n\x1a\n\0\0", "is no text, it holds zero bytes"),
    ("ZIP", *SFT, b"PK\x03\x04....", "is a ZIP archive; unpack it."),
    ("Zstandard", *SFT, b"\x28\xb5\x2f\xfd..", "is compressed with Zstandard; unpack it."),
    ("gzip by another name", *SFT, PACKED, "is compressed with gzip; let its name end in .gz"),
    ("packed twice", "a.jsonl.gz", "sft", gzip.compress(PACKED), "is compressed with gzip"),
    ("Parquet by another name", *SFT, TABLE, "is a Parquet file; let its name end in .parquet."),
    ("JSON as Parquet", *PARQUET, GOOD, "is not a readable Parquet file"),
    ("pointer", *SFT, "version https://git-lfs.github.com/spec/v1\noid", "fetch it with `git lfs pull`"),
    ("web page", *SFT, "<!DOCTYPE html>\n", "line 1 is not JSON"),
    ("not packed", "a.jsonl.gz", "sft", GOOD, "is not a whole gzip file"),
    ("packed, cut off", "a.jsonl.gz", "sft", PACKED[:-12], "is not a whole gzip file"),
    ("packed, damaged", "a.jsonl.gz", "sft", PACKED[:40] + b"????" + PACKED[44:], "is not a whole gzip file"),
    ("packed, bad line", "a.jsonl.gz", "sft", gzip.compress(f"{GOOD}x".encode()), "a.jsonl.gz, line 2 is not JSON"),
    ("Parquet, cut off", *PARQUET, TABLE[:-20], "is not a readable Parquet file"),
    ("Parquet, damaged", *PARQUET, b"PAR1" + b"\xff" * 60 + TABLE[64:], "is not a readable Parquet file"),
    ("array, cut off", *ARRAY, "[" + GOOD + ",", "row 2 is not JSON"),
    ("array, not closed", *ARRAY, "[" + GOOD, "a.json is not JSON (',' expected, the end of the file found)"),
    ("array, no comma", *ARRAY, "[" + GOOD + GOOD + "]", "is not JSON (',' expected, '{' found)"),
    ("array, comma at the end", *ARRAY, "[" + GOOD + ",]", "row 2 is not JSON"),
    ("array, more after it", *ARRAY, "[" + GOOD + "]\n" + GOOD, "something stands after the array's end"),
    ("array of texts", *ARRAY, '["a"]', "row 1 is not a JSON object"),
    ("array of arrays", *ARRAY, "[" + GOOD + ", [1]]", "row 2 is not a JSON object"),
    ("array with NaN", "a.json", "rl", '[{"prompt": "p", "x": NaN}]', "row 1 holds NaN"),
    ("one object in lines", *ARRAY, json.dumps({"data": []}, indent=1), "line 1 is not JSON"),
    ("other ending", "a.csv", "sft", "prompt,completion\n", "a.csv must be a .jsonl or a .parquet file"),
    ("no shape", *SFT, '{"question": "p"}', "a row for sft needs `messages` or `prompt` and `completion`"),
    ("no field", *SFT, "{}", "and this one has no field."),
    ("only null", *SFT, '{"messages": null}', "and this one has no field."),
    (
        "strange fields",
        "a.jsonl",
        "sft",
        json.dumps({f"\n\x1b[{n}": 1 for n in range(99)}),
        r"has `\n\x1b[0`, `\n\x1b[1`",
    ),
    ("missing answer", *SFT, '{"prompt": "p"}', "and this one has `prompt`."),
    ("empty text", *SFT, GOOD.replace('"c"', '" \\n"'), "`completion` is an empty text; fill it"),
    ("number for text", *SFT, GOOD.replace('"c"', "3"), "`completion` must be a text or messages"),
    ("number in pretraining", "a.jsonl", "pretrain", '{"text": 3}', "`text` must be a text"),
    ("chat that is text", *SFT, '{"messages": "Hi"}', "`messages` must be a list of messages"),
    ("chat without messages", *SFT, '{"messages": []}', "`messages` must be a list of messages"),
    ("no answer in a chat", *SFT, chat(USER), "no turn in `messages` is the assistant's"),
    ("message that is text", *SFT, chat(USER, "Hi"), "message 2 of `messages` needs `role` and `content`"),
    ("message without role", *SFT, chat({"content": "Hi"}), "message 1 of `messages` needs `role`"),
    (
        "number as content",
        "a.jsonl",
        "sft",
        chat(USER, {**ANSWER, "content": 3}),
        "message 2 of `messages` needs `role`",
    ),
    (
        "picture as content",
        "a.jsonl",
        "sft",
        chat({**USER, "content": [{"type": "image"}]}, ANSWER),
        "content that is no",
    ),
    (
        "unknown role",
        "a.jsonl",
        "sft",
        chat({**USER, "role": "usr"}, ANSWER),
        "has the role 'usr'; did you mean 'user'?",
    ),
    ("ShareGPT's role", *SFT, chat({**USER, "role": "human"}, ANSWER), "go into `conversations`"),
    ("strange role", *SFT, chat({**USER, "role": "x\n" * 99}, ANSWER), "known: assistant, developer"),
    ("empty answer", *SFT, chat(USER, {**ANSWER, "content": ""}), "is an empty text of the assistant's"),
    ("empty question", *SFT, chat({**USER, "content": " "}, ANSWER), "is an empty text of the user's"),
    (
        "calls that are none",
        "a.jsonl",
        "sft",
        chat(USER, {**ANSWER, "tool_calls": "ls"}),
        "`tool_calls` must be a list",
    ),
    (
        "call without name",
        "a.jsonl",
        "sft",
        chat(USER, {**ANSWER, "tool_calls": [{}]}),
        "needs a `function` with `name`",
    ),
    (
        "answer by nobody",
        "a.jsonl",
        "sft",
        json.dumps({"prompt": "p", "completion": [USER]}),
        "no turn in `completion` is",
    ),
    (
        "strange speaker",
        "a.jsonl",
        "sft",
        '{"conversations": [{"from": "owl", "value": "hu"}]}',
        "is from 'owl', which is",
    ),
    ("silent speaker", *SFT, '{"conversations": [{"from": "gpt"}]}', "message 1 of `conversations` needs"),
    ("no turns", *SFT, '{"conversations": {}}', "`conversations` must be a list of turns"),
    (
        "bad call",
        "a.jsonl",
        "sft",
        '{"conversations": [{"from": "function_call", "value": "ls"}]}',
        "needs a `function`",
    ),
    (
        "number as system",
        "a.jsonl",
        "sft",
        '{"conversations": [{"from": "gpt", "value": "x"}], "system": 3}',
        "`system` must",
    ),
    ("number as output", *SFT, '{"instruction": "i", "output": 3}', "`output` must be a text"),
    ("empty output", *SFT, '{"instruction": "i", "output": ""}', "`output` is an empty text"),
    (
        "earlier turns",
        "a.jsonl",
        "sft",
        '{"instruction": "i", "output": "o", "history": [["a", "b"]]}',
        "write the row as",
    ),
    (
        "no rejected",
        *DPO,
        '{"prompt": "p", "chosen": "c"}',
        "a row for dpo needs `prompt`, `chosen` and `rej",
    ),
    ("empty chosen", *DPO, '{"prompt": "p", "chosen": "", "rejected": "r"}', "`chosen` is an empty text"),
    (
        "no prompt",
        *DPO,
        '{"chosen": "c", "rejected": "r"}',
        "are answers to no `prompt`; give the row one.",
    ),
    (
        "no common beginning",
        *DPO,
        json.dumps({"chosen": [USER, ANSWER], "rejected": [{**USER, "content": "Who?"}, ANSWER]}),
        "`chosen` and `rejected` do not begin alike",
    ),
    (
        "rejected by nobody",
        *DPO,
        json.dumps({"prompt": [USER], "chosen": [ANSWER], "rejected": [USER]}),
        "no turn in `rejected` is the assistant's",
    ),
    ("no RL prompt", *RL, '{"question": "p"}', "a row for rl needs `prompt`, and this one has `question`."),
    (
        "answered RL prompt",
        "a.jsonl",
        "rl",
        json.dumps({"prompt": [USER, ANSWER]}),
        "the last turn of `prompt` is the ass",
    ),
    (
        "null in Parquet",
        "a.parquet",
        "sft",
        table(prompt=["p", None], completion=["c", "c"]),
        "a.parquet, row 2: a row for",
    ),
    ("empty in Parquet", "a.parquet", "pretrain", table(text=["a"] * 2000 + [""]), "row 2001: `text` is an empty text"),
    ("other columns", *PARQUET, table(question=["p"]), "and this one has `question`."),
]


def fault(folder: Path, name: str, kind: StageKind, **more: Any) -> str:
    """What is said of a source; it has to be said in one printable line."""
    with pytest.raises(InputError) as caught:
        read(Mixture(sources=(Source(name="it", path=name, **more),)), folder, kind)
    message = str(caught.value)
    assert message.isprintable()
    return message


@pytest.mark.parametrize(("name", "kind", "content", "wanted"), [each[1:] for each in BYTES], ids=[e[0] for e in BYTES])
def test_a_file_that_is_wrong(tmp_path: Path, name: str, kind: StageKind, content: str | bytes, wanted: str) -> None:
    (tmp_path / name).write_bytes(content.encode() if isinstance(content, str) else content)
    message = fault(tmp_path, name, kind)
    assert wanted in message
    assert str(tmp_path / name) in message
    assert len(message) < len(str(tmp_path)) + 600


def missing(folder: Path) -> None:
    folder.joinpath("x").rmdir()


def of_folder(*names: str) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        for name in names:
            (folder / "x" / name).write_text(GOOD)

    return make


def linked_to_itself(folder: Path) -> None:
    missing(folder)
    (folder / "x").symlink_to(folder / "x")


def broken_link(folder: Path) -> None:
    (folder / "x" / "a.jsonl").symlink_to(folder / "nowhere")


def loop(folder: Path) -> None:
    (folder / "x" / "deeper").mkdir()
    (folder / "x" / "deeper" / "again").symlink_to(folder / "x")


def pipe(folder: Path) -> None:
    missing(folder)
    os.mkfifo(folder / "x")


def pipe_inside(folder: Path) -> None:
    os.mkfifo(folder / "x" / "a.jsonl")


def bad_part(folder: Path) -> None:
    of_folder("a.jsonl")(folder)
    (folder / "x" / "b.jsonl").write_text("?")


def empty_part(folder: Path) -> None:
    of_folder("a.jsonl", "b.jsonl")(folder)
    (folder / "x" / "a.jsonl").write_text("")


@pytest.mark.parametrize(
    ("make", "wanted"),
    [
        (missing, "Source 'it': there is no file "),
        (of_folder(), "has no .jsonl, .json or .parquet file; mend its `path`."),
        (of_folder("a.csv", ".hidden.jsonl", "dataset_info.json"), "has no .jsonl, .json or .parquet file"),
        (linked_to_itself, "cannot be read (Too many levels of symbolic links)"),
        (broken_link, "x/a.jsonl is not a file that can be read"),
        (loop, "x/deeper/again is a link to a folder that it stands in"),
        (pipe, "is neither a file nor a folder"),
        (pipe_inside, "x/a.jsonl is not a file that can be read"),
        (bad_part, "x/b.jsonl, line 1 is not JSON"),
        (empty_part, "x/a.jsonl is empty"),
    ],
)
def test_a_place_that_is_wrong(tmp_path: Path, make: Callable[[Path], None], wanted: str) -> None:
    (tmp_path / "x").mkdir()
    make(tmp_path)
    assert wanted in fault(tmp_path, "x", "sft")


@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "a.jsonl.gz", "a.parquet"])
def test_a_file_that_may_not_be_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    content = {"a.jsonl.gz": PACKED, "a.parquet": TABLE}.get(name, GOOD.encode())
    (tmp_path / name).write_bytes(content)
    (tmp_path / name).chmod(0)
    if os.access(tmp_path / name, os.R_OK):  # root may read everything

        def refuse(path: Any, *_: Any, **__: Any) -> None:
            raise PermissionError(13, "Permission denied", str(path))

        monkeypatch.setattr(Path, "open", refuse)
        monkeypatch.setattr("pyarrow.parquet.ParquetFile", refuse)
    assert f"{name} " in fault(tmp_path, name, "sft")


@pytest.mark.parametrize("path", ["a\0b.jsonl", "x" * 300 + ".jsonl"])
def test_a_path_that_no_system_has(tmp_path: Path, path: str) -> None:
    with pytest.raises(InputError, match=r"Source 'it': No file can be called .*: a name has at most 255 bytes"):
        read(Mixture(sources=(Source(name="it", path=path),)), tmp_path, "sft")


@pytest.mark.parametrize(("name", "place"), [("a.jsonl", "line 2"), ("a.json", "row 2")])
def test_a_row_without_end_is_not_taken_in(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, place: str
) -> None:
    for module in ("lines", "arrays"):
        monkeypatch.setattr(f"stagelens.stages.mixture.{module}.MOST_BYTES", 1_000_000)
    long = GOOD.replace('"p"', f'"{"p" * 3_000_000}"')
    (tmp_path / name).write_text(GOOD + long if name == "a.jsonl" else f"[{GOOD},{long}]")
    assert f"{name}, {place} is longer than {parsing.MOST_BYTES // 10**6} MB" in fault(tmp_path, name, "sft")


def test_keys_that_stand_twice_are_fine(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "a", "text": "b"}')
    (content,) = read(Mixture(sources=(Source(name="it", path="a.jsonl"),)), tmp_path, "pretrain")
    assert content.rows[0] == {"text": "b"}


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(st.characters(), max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(
            st.sampled_from(
                [
                    *("messages", "conversations", "prompt", "completion", "chosen", "rejected", "text", "role"),
                    *(
                        "content",
                        "from",
                        "value",
                        "tool_calls",
                        "function",
                        "arguments",
                        "name",
                        "instruction",
                        "output",
                    ),
                    *("system", "\n", "\udc00"),
                ]
            ),
            st.one_of(inner, st.sampled_from(["user", "assistant", "human", "function_call", "Hi"])),
            max_size=5,
        ),
    ),
    max_leaves=12,
)
KINDS: tuple[StageKind, ...] = ("pretrain", "sft", "dpo", "rl")
CALL = {"function": {"name": "n", "arguments": {}}}
VALID = (
    json.dumps(
        {
            "messages": [
                USER,
                ANSWER,
                {"role": "assistant", "tool_calls": [{"function": {"name": "n", "arguments": {}}}]},
            ],
            "prompt": "é",
            "chosen": [USER, ANSWER],
            "rejected": [USER, {**ANSWER, "content": "No."}],
            "text": "t",
        },
        ensure_ascii=False,
    )
    + "\n"
).encode()
FILES = {
    "a.jsonl": VALID * 3,
    "a.json": b"[" + VALID + b"," + VALID + b"]",
    "a.jsonl.gz": gzip.compress(VALID * 3, mtime=0),
    "a.parquet": table(prompt=["p", "q"], completion=["c", "d"], text=["t", "u"], chosen=["a"] * 2, rejected=["b"] * 2),
}


def survives(folder: Path, name: str, content: bytes, kind: StageKind) -> None:
    """It is read and drawn, or refused in one printable line that names the file."""
    (folder / name).write_bytes(content)
    mixture = Mixture(sources=(Source(name="it", path=name),), deduplicate=True, examples=3)
    try:
        rows = draw(read(mixture, folder, kind), mixture, seed=0)
    except InputError as error:
        assert str(error).isprintable()
        assert str(folder / name) in str(error)
        assert str(error).endswith((".", "?"))
    else:
        assert len(rows) == 3
        json.dumps(rows, ensure_ascii=False).encode()


FUZZ = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)


@FUZZ
@given(rows=st.lists(JSON, min_size=1, max_size=3), kind=st.sampled_from(KINDS), array=st.booleans())
def test_random_json(tmp_path: Path, rows: list[Any], kind: StageKind, array: bool) -> None:
    content = json.dumps(rows) if array else "".join(json.dumps(row) + "\n" for row in rows)
    survives(tmp_path, "a.json" if array else "a.jsonl", content.encode(), kind)


@FUZZ
@given(
    name=st.sampled_from(sorted(FILES)),
    at=st.floats(0, 1),
    cut=st.integers(0, 60),
    put=st.one_of(st.binary(max_size=12), st.sampled_from([b"[", b"{", b'"', b"\\ud800", b"\n", b"null", b"\0"])),
    kind=st.sampled_from(KINDS),
)
@example(name="a.parquet", at=0.999, cut=60, put=b"", kind="sft")
def test_mutated_files(tmp_path: Path, name: str, at: float, cut: int, put: bytes, kind: StageKind) -> None:
    content = FILES[name]
    place = int(at * len(content))
    survives(tmp_path, name, content[:place] + put + content[place + cut :], kind)


@FUZZ
@given(name=st.sampled_from(sorted(FILES)), content=st.binary(max_size=300), kind=st.sampled_from(KINDS))
def test_random_bytes(tmp_path: Path, name: str, content: bytes, kind: StageKind) -> None:
    survives(tmp_path, name, content, kind)
