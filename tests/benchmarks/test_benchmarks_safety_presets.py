"""Published prompt sets: small files in their shape, rows that cannot be asked, and what is said of a wrong file."""

from __future__ import annotations

import csv
import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stagelens.benchmarks import get_benchmark
from stagelens.benchmarks.base import Item
from stagelens.benchmarks.rows import Row
from stagelens.benchmarks.safety.items import make_items
from stagelens.benchmarks.safety.presets import PRESETS
from stagelens.errors import InputError

XSTEST = Path(__file__).parents[2].parent / "shared" / "data" / "xstest" / "xstest_prompts.csv"
SAFETY = get_benchmark("safety")

Told = tuple[str, str, str, str, str | None]
"""Id, prompt, group, cluster, stratum."""


def settings(**raw: Any) -> Any:
    return SAFETY.settings(raw, where="study.yaml:9: benchmarks.safety")


def read(folder: Path, **raw: Any) -> tuple[Item, ...]:
    return SAFETY.items(settings(**raw), folder)


def told(items: tuple[Item, ...]) -> list[Told]:
    return [(item.id, item.prompt, item.group, item.cluster, item.stratum) for item in items]


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    if path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return path
    with path.open("w", newline="") as handle:
        writer = csv.DictWriter(handle, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    return path


BEHAVIOUR = {"FunctionalCategory": "standard", "SemanticCategory": "illegal", "Tags": "", "ContextString": ""}
WILD = {"adversarial": False, "response": "No.", "response_refusal_label": "refusal", "subcategory": "benign"}

PUBLISHED: dict[str, tuple[str, list[dict[str, Any]], list[Told]]] = {
    "xstest": (
        "p.csv",
        [
            {"id": 1, "prompt": "Kill it?", "type": "homonyms", "label": "safe", "focus": "kill", "note": "violence"},
            {"id": 2, "prompt": "Kill her?", "type": "contrast_homonyms", "label": "unsafe", "focus": "", "note": ""},
        ],
        [
            ("1", "Kill it?", "benign", "kill", "homonyms"),
            ("2", "Kill her?", "harmful", "2", "contrast_homonyms"),
        ],
    ),
    "or_bench_80k": (
        "p.csv",
        [{"prompt": "Hi", "category": "privacy"}],
        [("or_bench_80k-3639efcd08ab", "Hi", "benign", "or_bench_80k-3639efcd08ab", "privacy")],
    ),
    "or_bench_hard_1k": (
        "p.csv",
        [{"prompt": "Hi", "category": "deception"}],
        [("or_bench_hard_1k-3639efcd08ab", "Hi", "benign", "or_bench_hard_1k-3639efcd08ab", "deception")],
    ),
    "or_bench_toxic": (
        "p.csv",
        [{"prompt": "Hi", "category": "hate"}],
        [("or_bench_toxic-3639efcd08ab", "Hi", "harmful", "or_bench_toxic-3639efcd08ab", "hate")],
    ),
    "strongreject": (
        "p.csv",
        [{"category": "Violence", "source": "custom", "forbidden_prompt": "Hi"}],
        [("strongreject-3639efcd08ab", "Hi", "harmful", "strongreject-3639efcd08ab", "Violence")],
    ),
    "harmbench": (
        "p.csv",
        [
            {"Behavior": "Do it", **BEHAVIOUR, "BehaviorID": "do_it"},
            {"Behavior": "Go on", **BEHAVIOUR, "ContextString": "Once upon a time", "BehaviorID": "go_on"},
        ],
        [
            ("do_it", "Do it", "harmful", "do_it", "illegal"),
            ("go_on", "Once upon a time\n\nGo on", "harmful", "go_on", "illegal"),
        ],
    ),
    "wildguardtest": (
        "p.jsonl",
        [
            {"prompt": "Hi", **WILD, "prompt_harm_label": "unharmful"},
            {"prompt": "Ho", **WILD, "subcategory": "cyberattack", "prompt_harm_label": "harmful"},
        ],
        [
            ("wildguardtest-3639efcd08ab", "Hi", "benign", "wildguardtest-3639efcd08ab", "benign"),
            ("wildguardtest-c758089f0833", "Ho", "harmful", "wildguardtest-c758089f0833", "cyberattack"),
        ],
    ),
    "sorry_bench": (
        "p.jsonl",
        [{"question_id": 7, "category": "1", "turns": ["Insult him."], "prompt_style": "base"}],
        [("7", "Insult him.", "harmful", "7", "1")],
    ),
    "ailuminate": (
        "p.csv",
        [
            {
                "release_prompt_id": "airr_practice_1_0_1",
                "prompt_text": "Hi",
                "hazard": "vcr",
                "persona": "unskilled",
                "locale": "en_US",
                "prompt_hash": "0a",
            }
        ],
        [("airr_practice_1_0_1", "Hi", "harmful", "airr_practice_1_0_1", "vcr")],
    ),
}


def test_every_preset_has_a_file_here() -> None:
    assert PUBLISHED.keys() == PRESETS.keys()


@pytest.mark.parametrize("preset", PUBLISHED)
def test_a_published_file_is_read(tmp_path: Path, preset: str) -> None:
    name, rows, expected = PUBLISHED[preset]
    items = read(tmp_path, preset=preset, prompts=str(write(tmp_path / name, rows)))
    assert told(items) == expected
    assert SAFETY.notices(settings(), items) == ()


@pytest.mark.parametrize("preset", PUBLISHED)
def test_a_file_without_a_column_is_told_which(tmp_path: Path, preset: str) -> None:
    name, rows, _ = PUBLISHED[preset]
    column = str(PRESETS[preset].columns["prompt"])
    others = [{key: value for key, value in row.items() if key != column} for row in rows]
    write(tmp_path / name, others)
    with pytest.raises(InputError) as error:
        read(tmp_path, preset=preset, prompts=name)
    assert f"has no column {column!r}, the prompt of preset {preset}; its columns are " in str(error.value)
    assert all(key in str(error.value) for key in others[0])


@pytest.mark.parametrize("preset", PUBLISHED)
def test_a_preset_without_a_file_says_where_to_get_it(preset: str) -> None:
    with pytest.raises(InputError) as error:
        settings(preset=preset)
    assert PRESETS[preset].source in str(error.value)
    assert PRESETS[preset].licence in str(error.value)
    assert (PRESETS[preset].hub or "prompts: FILE") in str(error.value)


def test_an_unknown_preset_names_the_nearest() -> None:
    with pytest.raises(InputError, match=r"safety\.preset: there is no preset 'harmbanch'; did you mean 'harmbench'\?"):
        settings(preset="harmbanch", prompts="p.csv")


def test_columns_override_parts(tmp_path: Path) -> None:
    name, rows, _ = PUBLISHED["xstest"]
    write(tmp_path / name, rows)
    items = read(tmp_path, preset="xstest", prompts=name, columns={"stratum": "note", "cluster": "id"})
    assert [(item.cluster, item.stratum, item.group) for item in items] == [
        ("1", "violence", "benign"),
        ("2", None, "harmful"),
    ]
    items = read(tmp_path, preset="xstest", prompts=name, group="plain")
    assert {item.group for item in items} == {"plain"}
    items = read(tmp_path, preset="xstest", prompts=name, columns={"harmful": {"column": "label", "equals": "safe"}})
    assert [item.group for item in items] == ["harmful", "benign"]


def test_a_group_column_stands_for_the_preset_s_group(tmp_path: Path) -> None:
    write(tmp_path / "p.csv", [{"prompt_text": "Hi", "release_prompt_id": "a", "hazard": "vcr", "kind": "benign"}])
    (item,) = read(tmp_path, preset="ailuminate", prompts="p.csv", columns={"group": "kind"})
    assert item.group == "benign"


def test_rows_that_need_an_image_are_left_out_and_counted(tmp_path: Path) -> None:
    text = {"Behavior": "Do it", **BEHAVIOUR, "BehaviorID": "a", "ImageFileName": ""}
    picture = {**text, "Behavior": "What is this?", "BehaviorID": "b", "ImageFileName": "b.png"}
    tagged = {**text, "Behavior": "And this?", "BehaviorID": "c", "Tags": "multimodal, context"}
    write(tmp_path / "p.csv", [text, picture, tagged])
    items = read(tmp_path, preset="harmbench", prompts="p.csv")
    assert [item.id for item in items] == ["a"]
    assert SAFETY.notices(settings(), items[:1]) == (
        "left out: 1 row of 3: they need an image (ImageFileName)",
        "left out: 1 row of 3: they need an image (Tags)",
    )
    write(tmp_path / "p.csv", [picture])
    with pytest.raises(InputError, match=r"no row can be asked as a plain prompt: they need an image"):
        read(tmp_path, preset="harmbench", prompts="p.csv")


def test_a_prompt_without_a_label_is_left_out_never_benign(tmp_path: Path) -> None:
    _, rows, _ = PUBLISHED["wildguardtest"]
    unlabelled = [{**rows[0], "prompt": "Hm", "prompt_harm_label": None}]
    path = write(tmp_path / "p.jsonl", rows + unlabelled)
    items = read(tmp_path, preset="wildguardtest", prompts=str(path))
    assert [item.prompt for item in items] == ["Hi", "Ho"]
    assert SAFETY.notices(settings(), items) == ("left out: 1 row of 3: they have no agreed label (prompt_harm_label)",)
    with pytest.raises(InputError, match=r"line 2: the column 'bad' is empty, so nothing says whether it is harmful"):
        write(tmp_path / "q.jsonl", [{"prompt": "Hi", "bad": 1}, {"prompt": "Ho", "bad": None}])
        read(tmp_path, prompts="q.jsonl", columns={"harmful": {"column": "bad", "equals": 1}})


def test_mutated_prompts_are_left_out(tmp_path: Path) -> None:
    _, rows, _ = PUBLISHED["sorry_bench"]
    write(tmp_path / "p.jsonl", [*rows, {**rows[0], "turns": ["SW5zdWx0"], "prompt_style": "base64"}])
    items = read(tmp_path, preset="sorry_bench", prompts="p.jsonl")
    assert [item.prompt for item in items] == ["Insult him."]
    assert SAFETY.notices(settings(), items) == ("left out: 1 row of 2: they are no base prompts (prompt_style)",)


def test_the_same_prompt_is_asked_once_and_in_one_group(tmp_path: Path) -> None:
    row = {"prompt": "Hi", "category": "hate"}
    write(tmp_path / "p.csv", [row, row, {**row, "prompt": "Ho"}])
    items = read(tmp_path, preset="or_bench_80k", prompts="p.csv")
    assert [item.prompt for item in items] == ["Hi", "Ho"]
    assert SAFETY.notices(settings(), items) == ("left out: 1 row: the same prompt stands in an earlier row",)
    _, rows, _ = PUBLISHED["wildguardtest"]
    write(tmp_path / "p.jsonl", [rows[0], {**rows[0], "prompt_harm_label": "harmful"}])
    with pytest.raises(InputError, match=r"the prompt 'Hi' is both benign and harmful"):
        read(tmp_path, preset="wildguardtest", prompts="p.jsonl")


@given(st.lists(st.text(min_size=1).filter(str.strip), unique=True, min_size=1, max_size=20), st.randoms())
def test_ids_do_not_depend_on_the_order_of_rows(prompts: list[str], shuffler: random.Random) -> None:
    rows = [
        Row(f"line {k}", {"category": "c", "source": "s", "forbidden_prompt": text}) for k, text in enumerate(prompts)
    ]
    chosen = settings(preset="strongreject", prompts="p.csv")
    found = {item.prompt: item.id for item in make_items(rows, chosen, "p.csv")}
    shuffler.shuffle(rows)
    assert {item.prompt: item.id for item in make_items(rows, chosen, "p.csv")} == found
    assert len(set(found.values())) == len(prompts)


def test_the_hub_s_dataset_comes_with_its_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    import datasets

    asked: list[Any] = []

    def load(*where: str, split: str) -> list[dict[str, Any]]:
        asked.append((*where, split))
        return PUBLISHED["wildguardtest"][1]

    monkeypatch.setattr(datasets, "load_dataset", load)
    hub = PRESETS["wildguardtest"].hub
    assert len(read(Path(), preset="wildguardtest", prompts=hub)) == 2
    read(Path(), preset="wildguardtest", prompts=hub, split="other")
    assert asked == [
        ("allenai/wildguardmix", "wildguardtest", "test"),
        ("allenai/wildguardmix", "wildguardtest", "other"),
    ]


def test_xstest_as_published() -> None:
    if not XSTEST.exists():
        pytest.skip("XSTest's prompts are not here")
    items = read(XSTEST.parent, preset="xstest", prompts="xstest_prompts.csv")
    assert Counter(item.group for item in items) == {"benign": 250, "harmful": 200}
    assert len({item.stratum for item in items}) == 18
    assert 140 < len({item.cluster for item in items if item.group == "benign"}) < 250
