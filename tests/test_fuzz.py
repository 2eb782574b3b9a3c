"""All that reads a file, on inputs that are nearly right: read, or refused in a sentence. The rest is `make fuzz`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fuzzing import boxed, outcome
from fuzzing_targets import light
from stagelens.errors import InputError
from stagelens.organisms.spec import load_spec
from stagelens.study.load import check_files, load_study

INPUTS = 120
FEW = {"study": 40}
"""Of those that take long."""


@pytest.mark.parametrize("name", light())
@pytest.mark.filterwarnings("ignore")
def test_only_a_clear_refusal_comes_of_what_is_nearly_right(name: str, tmp_path: Path) -> None:
    target = light()[name]
    failed = {}
    for number in range(FEW.get(name, INPUTS)):
        folder = tmp_path / str(number)
        folder.mkdir()
        what = outcome(target, target.input(f"quick {name} {number}"), folder)
        if what is not None:
            failed[number] = what
    assert failed == {}


LAUGHS = "a0: &a0 [ha, ha]\n" + "".join(
    f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]\n" for level in range(1, 12)
)
HOSTILE = {
    "a billion laughs": LAUGHS,
    "an alias of itself": "name: &a [*a]\n",
    "deep brackets": "name: " + "[" * 50_000,
    "deep maps": "".join(" " * depth + "a:\n" for depth in range(2_000)),
    "deep JSON": '{"a":' * 5_000 + "1" + "}" * 5_000,
    "an object": "name: !!python/object/apply:os.system ['touch canary']\n",
    "a long number": f"name: x\nseed: {'9' * 5_000}\n",
    "an infinite number": "name: x\nseed: 1e999\n",
    "not a number": "name: x\nseed: .nan\n",
    "a key twice": "name: x\nname: y\n",
    "half a character": 'name: "\\ud800"\n',
    "many keys": "".join(f"key{number}: {number}\n" for number in range(8_000)),
    "a merge": "base: &b {a: 1}\nname: {<<: *b}\n",
    "two documents": "name: x\n---\nname: y\n",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("load", [load_study, load_spec])
def test_what_is_made_to_hurt_is_refused_in_time(text: str, load: object, tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError), boxed(120):
        load(path)  # type: ignore[operator]
    assert [each.name for each in tmp_path.iterdir()] == ["study.yaml"]


NAMES = (
    "../up",
    "/etc",
    "..",
    ".",
    "a/b",
    "a\\b",
    "~root",
    "-rf",
    "con.",
    "a\u0000b",
    "x" * 300,
    " a",
    "",
    "\u202egnp.exe/..",
)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("place", ["study", "family", "stage", "benchmark"])
def test_no_name_leads_out_of_the_run_folder(name: str, place: str, tmp_path: Path) -> None:
    names = {"study": "s", "family": "f", "stage": "sft", "benchmark": "safety"} | {place: name}
    stages = [
        {"name": names["stage"], "kind": "sft", "model": "openai/a"},
        {"name": "rl", "kind": "rl", "model": "openai/b"},
    ]
    study = {
        "name": names["study"],
        "families": {names["family"]: {"stages": stages}},
        "benchmarks": {names["benchmark"]: {"prompts": "./p.csv"}},
    }
    path = tmp_path / "study.yaml"
    path.write_text(json.dumps(study), encoding="utf-8")
    with pytest.raises(InputError):
        load_study(path)


@pytest.mark.parametrize("name", ["x" * 300, "é" * 200, "a/" + "b" * 256])
def test_a_file_that_cannot_be_there_is_refused_in_a_sentence(name: str, tmp_path: Path) -> None:
    stages = [{"name": "sft", "kind": "sft", "model": f"./{name}"}, {"name": "rl", "kind": "rl", "model": "openai/b"}]
    study = {"name": "s", "families": {"f": {"stages": stages}}, "benchmarks": {"dilemmas": {}}}
    path = tmp_path / "study.yaml"
    path.write_text(json.dumps(study), encoding="utf-8")
    with pytest.raises(InputError, match="No file can be called"):
        check_files(load_study(path))


@pytest.mark.parametrize("odd", [[{"a": 1}], [None], [], "x", None, 3])
def test_a_stage_that_is_none_is_refused_in_a_sentence(odd: object, tmp_path: Path) -> None:
    study = {
        "name": "s",
        "families": {"f": {"stages": [odd, {"name": "b", "like": "a"}]}},
        "benchmarks": {"dilemmas": {}},
    }
    path = tmp_path / "study.yaml"
    path.write_text(json.dumps(study), encoding="utf-8")
    with pytest.raises(InputError, match=r"stages\[\d\]"):
        load_study(path)
