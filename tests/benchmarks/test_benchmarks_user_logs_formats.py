"""Reading logs: every format gives the same prompts from every kind of file, and says which row it cannot read."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from user_logs_files import QUESTIONS, asked, conversations, openai, prompts, sharegpt, wildchat, write

from stagelens.benchmarks.settings import validated
from stagelens.benchmarks.user_logs.reading import Logs, LogSettings, read_logs
from stagelens.benchmarks.user_logs.reading.conversations import Conversation, MalformedError, conversation_of
from stagelens.errors import InputError

FJORD, WHO, WEATHER, POEM = QUESTIONS


def read(path: Path, **settings: Any) -> Logs:
    block = {"path": str(path), "redact": False, **settings}
    return read_logs(validated(LogSettings, block, where="user_logs"), path, seed=1)


def replayed(logs: Logs) -> set[tuple[str | None, tuple[tuple[str, str], ...]]]:
    return {(prompt.system, prompt.turns) for prompt in logs.prompts}


EXPECTED = {
    (None, (("user", FJORD), ("assistant", "A long inlet."), ("user", WHO))),
    ("Answer in French.", (("user", WEATHER),)),
    (None, (("user", POEM),)),
}


@pytest.mark.parametrize("ending", [".jsonl", ".jsonl.gz", ".parquet"])
@pytest.mark.parametrize(
    ("name", "rows"),
    [("wildchat", wildchat()), ("sharegpt", sharegpt()), ("messages", openai()), ("messages", openai(parts=True))],
)
def test_every_format_gives_the_same_prompts(tmp_path: Path, ending: str, name: str, rows: list[Any]) -> None:
    path = write(rows, tmp_path / f"logs{ending}")
    logs = read(path)
    assert replayed(logs) == EXPECTED
    assert logs == read(path, format=name)
    assert {prompt.id for prompt in logs.prompts} == {f"{position:032x}" for position in range(3)}
    places = {prompt.id[-1]: prompt.place for prompt in logs.prompts}
    word = "row" if ending == ".parquet" else "line"
    assert places == {"0": f"{word} 1", "1": f"{word} 2", "2": f"{word} 3"}
    assert {prompt.language for prompt in logs.prompts} == {"English", "French"}


@pytest.mark.parametrize("ending", [".jsonl", ".parquet"])
def test_lone_prompts_have_their_system_text(tmp_path: Path, ending: str) -> None:
    logs = read(write(prompts(), tmp_path / f"logs{ending}"))
    assert replayed(logs) == {(None, (("user", FJORD),)), ("Answer in French.", (("user", WEATHER),))}
    assert {prompt.id for prompt in logs.prompts} == {"a", "b"}


@pytest.mark.parametrize("ending", [".jsonl", ".parquet"])
def test_columns_may_have_other_names(tmp_path: Path, ending: str) -> None:
    rows = [{"nr": 7, "question": "[1, 2] or [2, 1]?", "rules": "Be brief.", "tongue": "English", "prompt": "not this"}]
    columns = {"prompt": "question", "system": "rules", "id": "nr", "language": "tongue"}
    (prompt,) = read(write(rows, tmp_path / f"logs{ending}"), columns=columns).prompts
    assert (prompt.id, prompt.system, prompt.language) == ("7", "Be brief.", "English")
    assert prompt.turns == (("user", "[1, 2] or [2, 1]?"),)


def test_a_folder_is_read_as_one_file_in_pieces(tmp_path: Path) -> None:
    whole = read(write(wildchat(), tmp_path / "whole.jsonl"))
    folder = tmp_path / "pieces"
    folder.mkdir()
    for position, row in enumerate(wildchat()):
        write([row], folder / f"part-{position}{('.jsonl', '.parquet', '.jsonl.gz')[position]}")
    (folder / "README.md").write_text("not a log")
    pieces = read(folder)
    assert [(prompt.id, prompt.turns) for prompt in pieces.prompts] == [
        (prompt.id, prompt.turns) for prompt in whole.prompts
    ]
    assert {prompt.place for prompt in pieces.prompts} == {
        "part-0.jsonl, line 1",
        "part-1.parquet, row 1",
        "part-2.jsonl.gz, line 1",
    }


def test_messages_written_as_json_text_are_read(tmp_path: Path) -> None:
    rows = [
        {"messages": json.dumps([{"role": role, "content": text} for role, text in turns])} for turns in conversations()
    ]
    assert replayed(read(write(rows, tmp_path / "logs.parquet"))) == EXPECTED


def turns_of(*messages: Any, system: str | None = None) -> Any:
    rows = [{"role": one[0], "content": one[1]} if isinstance(one, tuple) else one for one in messages]
    return conversation_of(rows, "messages", is_prompt=False, system=system)


def test_neighbours_of_one_role_are_joined_and_blank_turns_are_not_there() -> None:
    conversation = turns_of(
        ("user", "a"), ("user", "b"), ("assistant", " "), ("Human", "c"), ("gpt", "d"), ("user", "\n")
    )
    assert conversation == Conversation(None, (("user", "a\n\nb\n\nc"),))


def test_system_texts_are_joined_and_said_once() -> None:
    conversation = turns_of(("system", "S"), ("developer", "D"), ("user", "a"), ("system", "late"), system="S")
    assert conversation == Conversation("S\n\nD", (("user", "a"),))


def test_thoughts_are_not_replayed() -> None:
    said = [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "b"}]
    assert turns_of(("user", "a"), ("assistant", said), ("user", "c")).turns[1] == ("assistant", "b")


IMAGE = {"type": "image_url", "image_url": {"url": "data:…"}}
CALL = {"role": "assistant", "content": None, "tool_calls": [{"id": "1"}]}


@pytest.mark.parametrize(
    ("messages", "reason"),
    [
        ([], "no_user_turn"),
        ([("system", "a"), ("assistant", "b")], "no_user_turn"),
        ([("user", ""), ("user", " \n"), ("assistant", "b")], "empty"),
        ([("user", None)], "empty"),
        ([("user", [{"type": "text", "text": "what is this?"}, IMAGE])], "not_text"),
        ([("user", [IMAGE])], "not_text"),
        ([("user", "a"), CALL, ("tool", "42"), ("user", "b")], "tool_use"),
        ([("user", "a"), ("assistant", [{"type": "tool_use", "id": "1"}]), ("user", "b")], "tool_use"),
        ([("user", [IMAGE]), CALL, ("user", "b")], "tool_use"),
    ],
)
def test_what_cannot_be_replayed_is_left_out_with_its_reason(messages: list[Any], reason: str) -> None:
    assert turns_of(*messages) == reason


@pytest.mark.parametrize(
    "after",
    [
        [CALL, ("tool", "42"), ("assistant", "b")],
        [("assistant", [IMAGE])],
        [("assistant", [{"type": "tool_use", "id": "1"}]), ("user", [{"type": "tool_result", "content": "42"}])],
    ],
)
def test_what_comes_after_the_last_user_turn_does_not_matter(after: list[Any]) -> None:
    assert turns_of(("user", "a"), *after) == Conversation(None, (("user", "a"),))


def test_a_conversation_that_the_assistant_opens_is_left_out_or_loses_its_opening(tmp_path: Path) -> None:
    opened = [{"role": "assistant", "content": "Hi!"}, {"role": "user", "content": "a"}]
    path = write([*asked("b"), {"conversation": opened}], tmp_path / "logs.jsonl")
    assert read(path).counts.left_out == {"assistant_first": 1}
    dropped = read(path, assistant_first="drop")
    assert replayed(dropped) == {(None, (("user", "a"),)), (None, (("user", "b"),))}


def test_half_a_character_becomes_the_replacement_character(tmp_path: Path) -> None:
    path = tmp_path / "logs.jsonl"
    path.write_text('{"prompt": "cut \\ud83d", "id": "\\ud83d"}\n{"prompt": "whole \\ud83d\\ude00"}\n')
    assert {prompt.turns[0][1] for prompt in read(path).prompts} == {"cut \ufffd", "whole \U0001f600"}


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b"{", "this is not JSON"),
        (b"[1]", "a line must be one JSON object"),
        (b'{"conversation": "\xff"}', "this is not UTF-8 text"),
        (b"[" * 100_000, "this is not JSON"),
        (b"{}", "there is no field `conversation`"),
        (b'{"conversation": 7}', "`conversation` must be a list of messages or a prompt's text, not a number"),
        (b'{"conversation": "hello"}', "`conversation` must be a list of messages; its text is not JSON"),
        (b'{"conversation": ["hello"]}', r"`conversation\[0\]` must be an object"),
        (b'{"conversation": [{"role": "Bob", "content": "a"}]}', r"who speaks .* it says 'Bob'"),
        (b'{"conversation": [{"content": "a"}]}', "it says nothing"),
        (b'{"conversation": [{"role": "user", "content": 7}]}', "must be a text or a list of parts, not a number"),
        (b'{"conversation": [{"role": "user", "content": [true]}]}', "must be a text or an object, not true or false"),
    ],
)
def test_a_bad_line_is_named_or_counted(tmp_path: Path, line: bytes, problem: str) -> None:
    path = write(asked("a"), tmp_path / "logs.jsonl")
    path.write_bytes(path.read_bytes() + b"\n" + line + b"\n")
    with pytest.raises(InputError, match=rf"logs\.jsonl, line 3: .*{problem}.*skip_malformed: true"):
        read(path)
    counts = read(path, skip_malformed=True).counts
    assert (counts.read, counts.kept, counts.left_out) == (2, 1, {"malformed": 1})


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("logs.jsonl", b"", "has no rows"),
        ("logs.jsonl", b"\n \n{}\n", "has no rows"),
        ("logs.jsonl", b"{\n", "logs.jsonl, line 1: this is not JSON"),
        ("logs.csv", b"a", r"must end in \.jsonl, \.jsonl\.gz or \.parquet"),
        ("logs.json", b"[]", r"jq -c '\.\[\]' logs.json > logs.jsonl"),
        ("logs.jsonl", b'{"text": "a"}', r"has no column conversation or .* it has text"),
        ("logs.parquet", b"PAR1", "is not a readable Parquet file"),
        ("logs.jsonl.gz", b"plain", "is not a whole gzip file"),
        (
            "logs.jsonl",
            b'{"prompt": " "}',
            r"No row of .* is left to ask: 1 of 1 rows are left out: 1 with nothing but",
        ),
    ],
)
def test_a_file_that_cannot_be_used_says_why(tmp_path: Path, name: str, content: bytes, sentence: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputError, match=sentence):
        read(path)


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        read(tmp_path / "no.jsonl")
    with pytest.raises(InputError, match="has no log files"):
        read(tmp_path)
    path = write(wildchat(), tmp_path / "logs.parquet")
    with pytest.raises(InputError, match="has no column 'languag'; did you mean 'language'"):
        read(path, columns={"language": "languag"})
    with pytest.raises(InputError, match="has no column messages"):
        read(path, format="messages")


def test_settings_that_disagree_are_refused() -> None:
    for block in (
        {"min_characters": 5, "max_characters": 4},
        {"columns": {"prompt": "a", "messages": "b"}},
        {"sample": 0},
    ):
        with pytest.raises(InputError, match=r"study\.yaml:3"):
            validated(LogSettings, {"path": "a.jsonl", **block}, where="study.yaml:3: user_logs")


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["user", "tool", "text"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["role", "from", "content", "value", "type", "text", "tool_calls"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@given(JSON, st.booleans())
def test_anything_is_a_conversation_a_reason_or_malformed(content: Any, is_prompt: bool) -> None:
    try:
        conversation = conversation_of(content, "messages", is_prompt=is_prompt, system=None)
    except MalformedError:
        return
    if isinstance(conversation, Conversation):
        roles = [role for role, _ in conversation.turns]
        assert roles[-1] == "user"
        assert all(one != other for one, other in pairwise(roles))
        assert all(text.strip() for _, text in conversation.turns)


@given(
    rows=st.lists(
        st.dictionaries(
            st.sampled_from(["conversation", "messages", "prompt", "system", "id", "language", "x"]), JSON, max_size=4
        ),
        max_size=5,
    ),
    skip=st.booleans(),
    deduplicate=st.sampled_from(["exact", "none"]),
)
def test_reading_anything_raises_nothing_but_input_errors(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Any], skip: bool, deduplicate: str
) -> None:
    path = write(rows, tmp_path_factory.getbasetemp() / "anything.jsonl")
    try:
        logs = read(path, skip_malformed=skip, deduplicate=deduplicate)
    except InputError:
        return
    counts = logs.counts
    assert counts.read == len(rows) == counts.kept + counts.not_drawn + sum(counts.left_out.values())
    assert len({prompt.id for prompt in logs.prompts}) == counts.kept == len(logs.prompts)
