"""``stagelens rules refusal``: what it counts, what it leaves out by name, and one sentence for bad input."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from commanded import Command, command_line

NO, YES, PARTLY = "I can't help with that.", "Sure. Twist the cap.", "I don't have access to live data. Look it up."
ROWS = [
    {"id": "1", "said": NO, "human": "2_full_refusal", "match": "2_full_refusal", "kind": "a"},
    {"id": "2", "said": YES, "human": "1_full_compliance", "match": "1_full_compliance", "kind": "a"},
    {"id": "3", "said": YES, "human": "full_refusal", "match": "2_full_refusal", "kind": "b"},
    {"id": "4", "said": PARTLY, "human": "3_partial_refusal", "match": "what?", "kind": "b"},
    {"id": "5", "said": NO, "human": "full_compliance", "match": "", "kind": ""},
    {"id": "6", "said": NO, "human": "", "match": "1_full_compliance", "kind": "a"},
    {"id": "7", "said": " ", "human": "full_refusal", "match": "2_full_refusal", "kind": "a"},
]


@pytest.fixture
def refusal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """``stagelens rules refusal ARGUMENTS``: exit code, output, errors."""
    monkeypatch.setenv("COLUMNS", "80")

    return command_line(monkeypatch, capsys, "rules", "refusal")


def write(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", newline="") as handle:
        writer = csv.DictWriter(handle, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write(tmp_path / "labelled.csv", ROWS)


def found(refusal: Command, *arguments: object) -> dict[str, Any]:
    code, out, err = refusal(*arguments, "--answer", "said", "--label", "human", "--json")
    assert (code, err) == (0, "")
    parsed: dict[str, Any] = json.loads(out)
    return parsed


def test_the_rule_is_counted_on_labelled_answers(refusal: Command, file: Path) -> None:
    result = found(refusal, file, "--compare", "match=string", "--stratum", "kind")
    assert (result["rows"], result["unlabelled"], result["empty"]) == (7, ["line 7"], ["line 8"])
    rule, other = result["judges"]
    assert rule["matrix"] == {
        "full_compliance": {"full_compliance": 1, "full_refusal": 1},
        "full_refusal": {"full_compliance": 1, "full_refusal": 1},
        "partial_refusal": {"partial_refusal": 1},
    }
    assert [rule[share]["rate"] for share in ("sensitivity", "specificity", "partial_refusals")] == [0.5, 0.5, 1.0]
    assert rule["balanced_accuracy"]["value"] == 0.5
    assert other["judge"] == "string"
    assert other["matrix"]["partial_refusal"] == {"ungraded": 1}
    assert other["matrix"]["full_compliance"] == {"full_compliance": 1, "ungraded": 1}
    assert other["sensitivity"]["rate"] == 1.0
    assert {name: one["answers"] for name, one in result["strata"].items()} == {"a": 2, "b": 2, "(none)": 1}
    assert result["notices"] == [
        "string: 1 label is no class, such as 'what?'; ungraded",
        "string: 1 answer has no label; ungraded",
    ]


def test_another_file_is_joined_by_the_item(refusal: Command, file: Path, tmp_path: Path) -> None:
    other = write(tmp_path / "other.csv", [{"id": row["id"], "said_so": "full_refusal"} for row in ROWS[3::-1]])
    result = found(refusal, file, "--compare", f"{other}:said_so=always no", "--item", "id")
    assert result["judges"][1]["sensitivity"]["rate"] == 1.0
    assert result["judges"][1]["specificity"]["rate"] == 0.0
    assert result["notices"] == ["always no: 1 answer has no label; ungraded"]


def test_words_can_be_mapped(refusal: Command, tmp_path: Path) -> None:
    rows = [{"said": NO, "human": "declined"}, {"said": YES, "human": "did it"}, {"said": YES, "human": "unsure"}]
    file = write(tmp_path / "labelled.csv", rows)
    maps = ("--map", "declined=full_refusal", "--map", "did it=full_compliance", "--map", "unsure=ungraded")
    result = found(refusal, file, *maps)
    assert result["judges"][0]["balanced_accuracy"]["value"] == 1.0
    assert result["unlabelled"] == ["line 4"]


def test_what_is_printed(refusal: Command, file: Path) -> None:
    code, out, _ = refusal(file, "--answer", "said", "--label", "human", "--compare", "match=string")
    assert code == 0
    for words in (
        "labelled, found:",
        "Version refusal-rules-",
        ".500 (.095–.905)",
        "Rows without a label: 1 (line 7)",
        "Labelled rows without an answer: 1 (line 8)",
        "string: 1 label is no class",
    ):
        assert words in out


FAULTS: dict[str, tuple[list[str], list[str]]] = {
    "no such column": (["--answer", "siad", "--label", "human"], ["no column 'siad' (answer)", "mean 'said'?"]),
    "no such label column": (
        ["--answer", "said", "--label", "humans"],
        ["no column 'humans' (label)", "mean 'human'?"],
    ),
    "no such judge": (["--answer", "said", "--label", "human", "--compare", "mtch=x"], ["'mtch'", "mean 'match'?"]),
    "a label that is no class": (["--answer", "said", "--label", "kind"], ["line 2", "'a' is no class", "--map"]),
    "a judge without a class": (["--answer", "said", "--label", "human", "--compare", "kind=x"], ["'kind'", "--map"]),
    "a map to nothing": (["--answer", "said", "--label", "human", "--map", "a=refused"], ["--map a=refused", "refus"]),
    "a map of another form": (["--answer", "said", "--label", "human", "--map", "a"], ["--map a", "LABEL=CLASS"]),
    "a judge of another form": (["--answer", "said", "--label", "human", "--compare", "match"], ["COLUMN=NAME"]),
    "a join without an item": (["--answer", "said", "--label", "human", "--compare", "o.csv:a=x"], ["--item COLUMN"]),
    "no such other file": (
        ["--answer", "said", "--label", "human", "--compare", "o.csv:a=x", "--item", "id"],
        ["The labelled file o.csv does not exist"],
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_bad_input_gets_one_sentence(refusal: Command, file: Path, fault: str) -> None:
    arguments, words = FAULTS[fault]
    code, out, err = refusal(file, *arguments)
    assert (code, out) == (2, "")
    assert err.startswith("stagelens: ")
    assert err.count("\n") == 1
    for word in words:
        assert word in err


def test_bad_files_get_one_sentence(refusal: Command, tmp_path: Path) -> None:
    nothing = write(tmp_path / "n.csv", [{"said": "", "human": "full_refusal"}])
    for path, words in (
        (tmp_path / "none.csv", "does not exist"),
        (tmp_path, "does not exist"),
        (nothing, "no row has both an answer ('said') and a label ('human')"),
    ):
        code, out, err = refusal(path, "--answer", "said", "--label", "human")
        assert (code, out) == (2, "")
        assert words in err


def test_help_needs_no_inspect_and_no_torch() -> None:
    import subprocess

    program = (
        "import sys; from stagelens import cli; sys.argv = ['stagelens', 'rules', 'refusal', '--help']\n"
        "try: cli.main()\nexcept SystemExit: pass\n"
        "print([m for m in ('inspect_ai', 'torch', 'transformers', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith("[]")
