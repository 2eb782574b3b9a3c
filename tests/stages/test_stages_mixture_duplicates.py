"""Duplicates: what says the same is left out once it has been said, and nothing else is."""

from __future__ import annotations

import json
import unicodedata
from array import array
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stagelens.errors import InputError
from stagelens.stages.mixture import draw, read
from stagelens.stages.mixture.duplicates import normalised, repeated, says
from stagelens.study.spec import Mixture, Source, StageKind


def chat(question: str, answer: str) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("How are you?", "how are  you"),
        ("Say “hi”!", 'say "HI".'),
        ("ﬁne", "FINE"),
        ("Straße", "STRASSE"),
        ("a — b", "a, b"),
        ("In 1999.", "in 1999"),
        ("２ cats", "2 cats"),
        ("line\none", "line one"),
    ],
)
def test_what_a_reader_does_not_notice_is_the_same(one: str, other: str) -> None:
    assert normalised(one) == normalised(other)
    assert says(chat(one, "x")) == says(chat(other, "X!"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("What is 7 * -5?", "What is 7 * 5?"),
        ("1.5", "15"),
        ("1.5", "1 5"),
        ("5!", "5"),
        ("a_b", "a b"),
        ("a/b", "ab"),
        ("?!", "..."),
        ("yes", "no"),
        ("不", "是"),
        ("x < y", "x > y"),
    ],
)
def test_what_means_something_else_is_not(one: str, other: str) -> None:
    assert normalised(one) != normalised(other)


@given(st.text())
def test_normalising_is_stable_under_case_space_and_form(text: str) -> None:
    assert normalised(f"  {text}\n") == normalised(text)
    assert normalised(unicodedata.normalize("NFKC", text).casefold()) == normalised(text)
    assert bool(normalised(text)) == bool(unicodedata.normalize("NFKC", text).split())


def test_the_whole_conversation_counts() -> None:
    assert says(chat("q", "a")) == says({"prompt": "Q", "completion": "a."})
    assert says(chat("q", "a")) == says({"prompt": "q", "completion": chat("q", "a")["messages"][1:]})
    assert says(chat("q", "a")) != says(chat("q", "b"))
    assert says(chat("q a", "a")) != says(chat("q", "a a"))
    assert says({"prompt": "q", "chosen": "a", "rejected": "b"}) != says(
        {"prompt": "q", "chosen": "b", "rejected": "a"}
    )
    preferred = {"prompt": "q", "chosen": "a", "rejected": "b"}
    assert says(preferred) == says(preferred | {"chosen": [{"role": "assistant", "content": "A"}]})
    assert says({"prompt": "q", "answer": 1, "id": 1}) == says({"prompt": "Q", "answer": 1, "id": 2})
    assert says({"prompt": "q", "answer": 1}) != says({"prompt": "q", "answer": 2})


@given(st.lists(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=8), min_size=1, max_size=4))
def test_repeated_places_are_those_of_all_but_the_first(said: list[list[tuple[int, int]]]) -> None:
    seen: set[tuple[int, int]] = set()
    wanted = []
    for source in said:
        again = []
        for place, words in enumerate(source):
            if words in seen:
                again.append(place)
            seen.add(words)
        wanted.append(again)
    assert repeated([array("Q", [number for words in source for number in words]) for source in said]) == wanted


def written(folder: Path, name: str, rows: list[dict[str, Any]]) -> Source:
    (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return Source(name=name, path=f"{name}.jsonl")


def test_the_first_of_equal_rows_stays_within_and_across_sources(tmp_path: Path) -> None:
    first = written(tmp_path, "a", [chat("Q one", "A"), chat("q ONE", "a."), chat("q two", "a")])
    second = written(tmp_path, "b", [chat("q three", "a"), chat("Q two?", "A!"), chat("q one", "another answer")])
    kinds: tuple[bool, ...] = (True, False)
    (a, b), (all_a, all_b) = (
        read(Mixture(sources=(first, second), deduplicate=kind), tmp_path, "sft") for kind in kinds
    )
    assert [row["messages"][0]["content"] for row in a.rows] == ["Q one", "q two"]
    assert [row["messages"][0]["content"] for row in b.rows] == ["q three", "q one"]
    assert (a.duplicates, b.duplicates, all_a.duplicates, len(all_b.rows)) == (1, 1, 0, 3)
    assert a.sha256 == all_a.sha256


@pytest.mark.parametrize("kind", ["pretrain", "rl", "dpo"])
def test_rows_of_other_kinds_too(tmp_path: Path, kind: StageKind) -> None:
    row = {
        "pretrain": {"text": "a"},
        "rl": {"prompt": "a", "answer": 3},
        "dpo": {"prompt": "a", "chosen": "b", "rejected": "c"},
    }[kind]
    (content,) = read(Mixture(sources=(written(tmp_path, "a", [row, row]),), deduplicate=True), tmp_path, kind)
    assert (len(content.rows), content.duplicates) == (1, 1)


def test_a_source_that_repeats_another_whole_cannot_be_drawn_from(tmp_path: Path) -> None:
    sources = tuple(written(tmp_path, name, [{"text": "same"}]) for name in "ab")
    mixed = Mixture(sources=sources, deduplicate=True, examples=4)
    contents = read(mixed, tmp_path, "pretrain")
    with pytest.raises(InputError, match="Source 'b' has no row left"):
        draw(contents, mixed, seed=0)
