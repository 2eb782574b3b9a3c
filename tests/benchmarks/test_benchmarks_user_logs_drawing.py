"""Which of the logs are asked: filters, duplicates, the draw by content, ids, languages, memory."""

from __future__ import annotations

import json
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from user_logs_files import asked, wildchat, write

from stagelens.benchmarks.settings import validated
from stagelens.benchmarks.user_logs.reading import Counts, Logs, LogSettings, read_logs
from stagelens.benchmarks.user_logs.reading.conversations import Conversation
from stagelens.benchmarks.user_logs.reading.drawing import Candidate, Draw, Drawn
from stagelens.benchmarks.user_logs.reading.languages import language_key
from stagelens.errors import InputError


def read(path: Path, *, seed: int = 1, **settings: Any) -> Logs:
    block = {"path": str(path), "redact": False, **settings}
    return read_logs(validated(LogSettings, block, where="user_logs"), path, seed=seed)


def texts(logs: Logs) -> list[str]:
    return [prompt.turns[-1][1] for prompt in logs.prompts]


def drawn(
    rows: list[tuple[str, str | None]], *, seed: int = 0, size: int | None = None, merge_equal: bool = True
) -> list[Drawn]:
    draw = Draw(seed=seed, size=size, merge_equal=merge_equal)
    for position, (text, own_id) in enumerate(rows):
        draw.offer(Candidate(Conversation(None, (("user", text),)), own_id, None, f"line {position}"))
    return draw.drawn()


def ids(found: list[Drawn]) -> list[str]:
    return [(one.candidate.own_id or "") if one.own_id_is_unique else one.content_id for one in found]


ROWS = st.lists(st.tuples(st.sampled_from("abcdefgh"), st.sampled_from([None, "1", "2", "3", "4"])), max_size=20)


@given(ROWS, st.randoms(use_true_random=False), st.integers(0, 3), st.integers(1, 8), st.booleans())
def test_the_draw_does_not_depend_on_the_order_of_rows(
    rows: list[tuple[str, str | None]], random: Any, seed: int, size: int, merge_equal: bool
) -> None:
    shuffled = rows[:]
    random.shuffle(shuffled)

    def what(of: list[tuple[str, str | None]]) -> list[tuple[str, str]]:
        found = drawn(of, seed=seed, size=size, merge_equal=merge_equal)
        return list(zip(ids(found), [one.candidate.conversation.turns[0][1] for one in found], strict=True))

    assert what(rows) == what(shuffled)


@given(ROWS, st.integers(0, 3), st.integers(1, 20), st.booleans())
def test_a_smaller_sample_is_the_start_of_a_larger_one(
    rows: list[tuple[str, str | None]], seed: int, size: int, merge_equal: bool
) -> None:
    whole = ids(drawn(rows, seed=seed, merge_equal=merge_equal))
    assert ids(drawn(rows, seed=seed, size=size, merge_equal=merge_equal)) == whole[:size]
    assert len(set(whole)) == len(whole) == (len({text for text, _ in rows}) if merge_equal else len(rows))


def test_the_draw_is_fair_and_the_seed_decides_it() -> None:
    rows: list[tuple[str, str | None]] = [(f"question {number}", None) for number in range(100)]
    times = dict.fromkeys(rows, 0)
    for seed in range(400):
        for one in drawn(rows, seed=seed, size=10):
            times[(one.candidate.conversation.turns[0][1], None)] += 1
    assert sum(times.values()) == 4000
    # 40 expected each, with a standard deviation of 6; the largest of 100 goes beyond 4.5 of these once in 1,500 tries
    assert all(13 <= count <= 67 for count in times.values())


def test_equal_prompts_are_asked_once_whitespace_apart(tmp_path: Path) -> None:
    rows = asked("a  b", "a b\n", "caf\u00e9", "cafe\u0301", "A b", "ab")
    path = write(rows, tmp_path / "logs.jsonl")
    logs = read(path)
    assert logs.counts == Counts(read=6, kept=4, not_drawn=0, left_out={"duplicate": 2}, redactions={})
    assert read(path, deduplicate="none").counts.kept == 6
    sample = read(path, sample=3)
    assert sample.counts == Counts(read=6, kept=3, not_drawn=1, left_out={"duplicate": 2}, redactions={})
    assert sample.prompts == logs.prompts[:3]


def test_the_same_question_after_another_answer_is_another_prompt(tmp_path: Path) -> None:
    rows = [
        {
            "messages": [
                {"role": "user", "content": "a"},
                {"role": "assistant", "content": said},
                {"role": "user", "content": "b"},
            ]
        }
        for said in ("x", "y")
    ]
    rows += [
        {"messages": [{"role": "user", "content": "b"}]},
        {"messages": [{"role": "user", "content": "b"}], "system": "s"},
    ]
    assert read(write(rows, tmp_path / "logs.jsonl")).counts.kept == 4


def test_an_id_of_its_own_must_be_the_only_one(tmp_path: Path) -> None:
    rows = [
        {"id": "once", "prompt": "a"},
        {"id": "twice", "prompt": "b"},
        {"id": "twice", "prompt": "c"},
        {"id": "again", "prompt": "d"},
        {"id": "again", "prompt": "d"},
        {"id": 12, "prompt": "e"},
        {"id": None, "prompt": "f"},
        {"id": {"no": "id"}, "prompt": "g"},
    ]
    found = {prompt.turns[0][1]: prompt.id for prompt in read(write(rows, tmp_path / "logs.jsonl")).prompts}
    assert (found["a"], found["d"], found["e"]) == ("once", "again", "12")
    without = {prompt.turns[0][1]: prompt.id for prompt in read(write(asked(*"bcfg"), tmp_path / "no.jsonl")).prompts}
    assert {text: found[text] for text in "bcfg"} == without
    assert all(len(one) == 16 and int(one, 16) >= 0 for one in without.values())


def test_length_is_that_of_the_last_user_turn_or_of_all(tmp_path: Path) -> None:
    path = write(
        [*asked("ab", "abcd", "abcdef"), {"prompt": "x", "conversation": wildchat()[0]["conversation"]}],
        tmp_path / "l.jsonl",
    )
    assert read(path, min_characters=3).counts.left_out == {"too_short": 1}
    assert read(path, max_characters=4).counts.left_out == {"too_long": 2}
    assert read(path, max_conversation_characters=48).counts.left_out == {"conversation_too_long": 1}
    assert read(path, max_conversation_characters=49).counts.left_out == {}


def test_rows_marked_toxic_or_redacted_stay(tmp_path: Path) -> None:
    assert read(write(wildchat(extra={"redacted": True}), tmp_path / "logs.jsonl")).counts.kept == 3


@pytest.mark.parametrize("wanted", ["English", "en", "EN-us", "english"])
def test_a_language_goes_by_its_name_or_code(tmp_path: Path, wanted: str) -> None:
    logs = read(write(wildchat(), tmp_path / "logs.jsonl"), languages=[wanted])
    assert logs.counts.left_out == {"language": 1}
    assert {prompt.language for prompt in logs.prompts} == {"English"}


def test_languages_have_one_key_by_every_name() -> None:
    assert [language_key(name) for name in ("zh_CN", "Chinese", "Mandarin", "zh")] == ["zh"] * 4
    assert [language_key(name) for name in ("Klingon", "id", "Indonesian")] == ["klingon", "id", "id"]


def test_a_language_that_no_row_has_says_which_there_are(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"3 in another language\. It has English \(2\), French \(1\); `languages` asks for Englsh"
    ):
        read(write(wildchat(), tmp_path / "logs.jsonl"), languages=["Englsh"])


def test_a_language_that_is_not_said_is_recognised(tmp_path: Path) -> None:
    pytest.importorskip("py3langid", reason="needs the `logs` extra")
    path = write(
        asked("Wie wird das Wetter morgen in Hamburg?", "What will the weather be like tomorrow?"), tmp_path / "l.jsonl"
    )
    (prompt,) = read(path, languages=["German"]).prompts
    assert (prompt.language, prompt.place) == ("de", "line 1")


def test_recognising_without_the_package_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from stagelens.benchmarks.user_logs.reading import languages

    languages._recogniser.cache_clear()
    monkeypatch.setitem(sys.modules, "py3langid", None)
    path = write(asked("a"), tmp_path / "logs.jsonl")
    assert read(path).counts.kept == 1
    with pytest.raises(
        InputError, match=r"`py3langid` is not installed: pip install 'stagelens\[logs\]', or leave `languages`"
    ):
        read(path, languages=["German"])


def test_what_is_asked_is_redacted_and_counted(tmp_path: Path) -> None:
    pytest.importorskip("phonenumbers", reason="needs the `logs` extra")
    messages = [
        {"role": "system", "content": "Staff: s@x.org"},
        {"role": "user", "content": "I am a@x.org"},
        {"role": "assistant", "content": "Call +49 30 901820"},
        {"role": "user", "content": "no"},
    ]
    path = write([{"messages": messages, "id": "b@x.org"}], tmp_path / "logs.jsonl")
    logs = read(path, redact=True)
    (prompt,) = logs.prompts
    assert prompt.system == "Staff: [EMAIL]"
    assert [text for _, text in prompt.turns] == ["I am [EMAIL]", "Call [PHONE]", "no"]
    assert len(prompt.id) == 16
    assert logs.counts.redactions == {"email": 2, "phone": 1}
    assert logs.counts.notices() == ("Replaced in the prompts that are asked: 2 e-mail addresses, 1 phone numbers.",)
    assert read(path).prompts[0].id == "b@x.org"


def test_notices_say_what_became_of_the_rows() -> None:
    counts = Counts(read=12_000, kept=100, not_drawn=11_000, left_out={"empty": 400, "duplicate": 500}, redactions={})
    assert counts.notices() == (
        "900 of 12,000 rows are left out: 400 with nothing but blank user turns, 500 duplicates.",
        "100 prompts are drawn by the seed; 11,000 more could have been.",
    )
    assert Counts(read=1, kept=1, not_drawn=0, left_out={}, redactions={}).notices() == ()


def test_memory_grows_with_the_sample_not_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "logs.jsonl"
    with path.open("w") as handle:
        for number in range(30_000):
            row = {"id": f"{number:032x}", "prompt": f"Question {number}: {'why ' * 200}"}
            handle.write(json.dumps(row) + "\n")
    tracemalloc.start()
    try:
        logs = read(path, sample=1_000)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (logs.counts.kept, logs.counts.not_drawn) == (1_000, 29_000)
    assert peak < path.stat().st_size / 4


def test_a_parquet_file_of_many_batches_is_read_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stagelens.benchmarks.user_logs.reading.files._BATCH", 7)
    path = write(asked(*(f"question {number}" for number in range(50))), tmp_path / "logs.parquet")
    places = {prompt.place: prompt.turns[0][1] for prompt in read(path).prompts}
    assert places == {f"row {number + 1}": f"question {number}" for number in range(50)}
