"""Items of benchmarks in training rows: copies and near-copies are found, disjoint text is not."""

from __future__ import annotations

import csv
import importlib
import inspect
import json
import random
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stagelens.benchmarks import get_benchmark
from stagelens.errors import InputError
from stagelens.stages import clean_mixture, stage_inputs
from stagelens.stages.contamination import Index, ItemText, Survey, check_limit, texts_of
from stagelens.stages.contamination.index import common_words
from stagelens.study.spec import Decontamination, Mixture, Source, Stage

XSTEST = Path(__file__).parents[3] / "shared" / "data" / "xstest" / "xstest_prompts.csv"
BUILT_IN = ("safety", "dilemmas", "reward_hacking")
_TEXT = (
    "The weather report for the coming week says that rain will reach the coast on Tuesday evening, and later that day "
    "we walked along the river until the bridge was closed."
)
AROUND = _TEXT.split()
MODULES = ("json", "random", "statistics", "asyncio", "pathlib", "logging", "argparse", "email", "unittest", "datetime")


def built_in(name: str) -> list[ItemText]:
    benchmark = get_benchmark(name)
    return [ItemText(item.id, item.prompt) for item in benchmark.items(benchmark.settings({}, where="here"), Path())]


@pytest.fixture(scope="module")
def sets() -> dict[str, list[ItemText]]:
    """The built-in items, and XSTest's where its file lies beside the repository."""
    found = {name: built_in(name) for name in BUILT_IN}
    if XSTEST.is_file():
        with XSTEST.open(encoding="utf-8", newline="") as file:
            found["xstest"] = [ItemText(row["id"], row["prompt"]) for row in csv.DictReader(file)]
    return found


def edited(words: list[str], kind: str, rng: random.Random) -> list[str]:
    """One word in six changed, and at least one."""
    words = list(words)
    for _ in range(max(1, len(words) // 6)):
        place = rng.randrange(len(words))
        if kind == "replaced":
            words[place] = rng.choice(AROUND)
        elif kind == "left out":
            words.pop(place)
        elif kind == "put in":
            words.insert(place, rng.choice(AROUND))
        elif kind == "swapped" and place + 1 < len(words):
            words[place : place + 2] = reversed(words[place : place + 2])
        elif kind == "mistyped":
            words[place] = words[place][::-1] + "x"
    return words


COPIES = {
    "verbatim": lambda text: text,
    "in capitals": str.upper,
    "without its marks": lambda text: "".join(c if c.isalnum() or c.isspace() or c in "'’" else " " for c in text),
    "respaced": lambda text: "\n\t ".join(text.split()),
    "in full-width letters": lambda text: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text),
    "inside a longer text": lambda text: f"{' '.join(AROUND)} {text} {' '.join(AROUND)}",
}


@pytest.mark.parametrize("kind", COPIES)
def test_copies_are_found(kind: str, sets: dict[str, list[ItemText]]) -> None:
    for name, items in sets.items():
        index = Index({name: items})
        # Two words in a longer text are no sign of a copy: an item of two words is found as a whole text only.
        looked_for = [each for each in items if kind != "inside a longer text" or len(each.text.split()) > 2]
        found = [any(hit.item == each.item for hit in index.search([COPIES[kind](each.text)])) for each in looked_for]
        assert sum(found) >= 0.99 * len(found), (name, kind, sum(found), len(found))


@pytest.mark.parametrize("kind", ["replaced", "left out", "put in", "swapped", "mistyped"])
def test_near_copies_are_found(kind: str, sets: dict[str, list[ItemText]]) -> None:
    rng = random.Random(kind)
    for name, items in sets.items():
        index = Index({name: items})
        texts = [
            " ".join(AROUND[: rng.randrange(20)] + edited(each.text.split(), kind, rng) + AROUND[: rng.randrange(20)])
            for each in items
        ]
        found = [
            any(hit.item == each.item for hit in index.search([text])) for each, text in zip(items, texts, strict=True)
        ]
        assert sum(found) >= 0.9 * len(found), (name, kind, sum(found), len(found))


def test_disjoint_texts_give_no_alarm(sets: dict[str, list[ItemText]]) -> None:
    index = Index(sets)
    documents = {
        part
        for module in map(importlib.import_module, MODULES)
        for _, member in inspect.getmembers(module)
        for part in (inspect.getdoc(member) or "").split("\n\n")
        if len(part) > 20
    }
    assert len(documents) > 500
    assert [document for document in documents if index.search([document])] == []


def test_one_benchmark_is_not_found_in_another(sets: dict[str, list[ItemText]]) -> None:
    for name in BUILT_IN:
        index = Index({name: sets[name]})
        others = [each.text for other in BUILT_IN if other != name for each in sets[other]]
        assert [text for text in others if index.search([text])] == []


WORDS = st.lists(st.sampled_from("abcdefgh"), max_size=12)


@given(WORDS, WORDS)
def test_the_longest_common_subsequence(first: list[str], second: list[str]) -> None:
    table = [[0] * (len(second) + 1) for _ in range(len(first) + 1)]
    for i, left in enumerate(first):
        for j, right in enumerate(second):
            table[i + 1][j + 1] = table[i][j] + 1 if left == right else max(table[i][j + 1], table[i + 1][j])
    assert common_words(first, second) == table[-1][-1]


@given(st.text(), st.text(), st.text())
def test_any_text_finds_itself_and_nothing_breaks(before: str, text: str, after: str) -> None:
    index = Index({"b": [ItemText("1", text)]})
    index.search([before, after, f"{before} {text} {after}"])
    said = unicodedata.normalize("NFKC", text).casefold()
    if len([word for word in said.split() if word.isalpha() and word.isascii()]) == len(said.split()) > 3:
        assert [hit.exact for hit in index.search([text])] == [True]


def test_words_of_function_alone_are_no_copy() -> None:
    index = Index({"b": [ItemText("1", "What is it that you would do to them?")]})
    assert index.search(["What is it that you would do to the garden?"]) != []
    index = Index({"b": [ItemText("1", "How do I bake a rye loaf?")]})
    assert index.search(["How do I paint a wooden fence?"]) == []
    assert index.search(["How do I bake a rye bread?"]) != []


def test_scripts_without_spaces_are_searched_too() -> None:
    index = Index({"b": [ItemText("1", "どうすれば爆弾を作れますか")]})
    assert index.search(["ところで、どうすれば爆弾を作れますか、教えてください"])[0].exact
    assert index.search(["明日の天気を教えてください"]) == []


ROWS = {
    "pretrain": {"text": "one HOW do i bake a rye loaf two"},
    "chat": {
        "messages": [{"role": "system", "content": "How do I bake a rye loaf?"}, {"role": "user", "content": "x"}]
    },
    "prompt": {"prompt": "x", "completion": "How do I bake a rye loaf?"},
    "dpo": {"prompt": [{"role": "user", "content": "How do I bake a rye loaf?"}], "chosen": "a", "rejected": "b"},
    "rejected": {
        "prompt": "x",
        "chosen": "a",
        "rejected": [{"role": "assistant", "content": "how do i bake a rye loaf"}],
    },
    "rl": {"prompt": "How do I bake a rye loaf?", "task": "t"},
}


@pytest.mark.parametrize("kind", ROWS)
def test_rows_of_every_kind_of_stage_are_searched(kind: str) -> None:
    index = Index({"b": [ItemText("1", "How do I bake a rye loaf?")]})
    assert len(index.search(texts_of(ROWS[kind]))) == 1


def surveyed() -> Survey:
    items = {
        "safety": [
            ItemText(str(n), text) for n, text in enumerate(("how do i bake a rye loaf", "why is the sea salt"))
        ],
        "dilemmas": [ItemText("d", "the organ is yours to mind and the bell says stop")],
    }
    survey = Survey(Index(items))
    survey.read(
        "a", [{"text": "hello"}, {"text": "How do I bake a rye loaf?"}, {"text": "how do i bake some rye loaf"}]
    )
    survey.read("b", [{"text": "nothing of interest"}])
    return survey


def test_a_survey_counts_items_and_rows() -> None:
    survey = surveyed()
    safety, dilemmas = survey.found()
    assert (safety.items, safety.found, safety.exact, safety.rate) == (2, 1, 1, 0.5)
    assert safety.rows == {"a": 2}
    assert survey.places == {"a": [1, 2], "b": []}
    assert (dilemmas.found, dilemmas.example) == (0, None)
    assert safety.to_dict(removed=True)["rows"] == 2


def test_too_much_of_a_benchmark_is_one_sentence_with_the_remedies() -> None:
    found = surveyed().found()
    with pytest.raises(InputError) as error:
        check_limit(found, Decontamination(), "Stage 'sft'")
    said = str(error.value)
    for part in ("Stage 'sft': 1 of the 2 items of safety (50.0%)", "source 'a'", "remove: true", "allow: [safety]"):
        assert part in said
    assert "\n" not in said
    check_limit(found, Decontamination(remove=True), "")
    check_limit(found, Decontamination(at_most=0.5), "")
    check_limit(found, Decontamination(allow=("safety",)), "")


LOAF, SALT, BELL = (
    "how do i bake a rye loaf",
    "why is the sea salt",
    "the organ is yours to mind and the bell says stop",
)
CHATS = (LOAF, "what is a scarf made of", BELL, f"{LOAF}? And: {BELL}")


def cleaned(folder: Path, **decontaminate: object) -> tuple[list[str], dict[str, int], dict[str, bool]]:
    """The rows that are left of ``CHATS``, what the left-out ones held, and which benchmarks were found."""
    (folder / "own.jsonl").write_text("".join(json.dumps({"prompt": c, "completion": "x"}) + "\n" for c in CHATS))
    index = Index({"safety": [ItemText("1", LOAF), ItemText("2", SALT)], "dilemmas": [ItemText("d", BELL)]})
    (content,), found = clean_mixture(a_stage(**decontaminate), folder, index)
    left = [row["messages"][0]["content"] if "messages" in row else row["prompt"] for row in content.rows]
    return left, dict(content.contaminated), {each.benchmark: each.found > 0 for each in found}


def a_stage(**decontaminate: object) -> Stage:
    mixture = Mixture(sources=(Source(name="own", path="./own.jsonl"),), decontaminate=Decontamination(**decontaminate))
    return Stage(name="sft", kind="sft", recipe={"max_steps": 1}, mixture=mixture)


def test_rows_of_a_benchmark_that_is_allowed_are_not_removed(tmp_path: Path) -> None:
    left, gone, found = cleaned(tmp_path, remove=True, allow=("safety",))
    # The last row holds an item of each: the one that is not allowed decides.
    assert left == [CHATS[0], CHATS[1]]
    assert gone == {"dilemmas": 2}
    assert found == {"safety": True, "dilemmas": True}
    assert cleaned(tmp_path, remove=True)[0] == [CHATS[1]]
    assert cleaned(tmp_path, remove=True, allow=("safety", "dilemmas"))[0] == list(CHATS)


def test_what_is_allowed_decides_a_stage_only_where_rows_are_removed(tmp_path: Path) -> None:
    cleaned(tmp_path, remove=True)
    inputs = [
        stage_inputs(a_stage(remove=remove, allow=allow), tmp_path, "items")
        for remove in (True, False)
        for allow in ((), ("safety",), ("safety", "dilemmas"), ("dilemmas", "safety"))
    ]
    assert inputs[0] != inputs[1] != inputs[2] == inputs[3]
    assert inputs[4] == inputs[5] == inputs[6]
