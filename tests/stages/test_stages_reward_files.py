"""Rewards from the user's own file: every fault in one sentence that names file, function and line."""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stagelens.errors import InputError
from stagelens.stages.reward_files import FileReward, by_content, is_file_reward


def write(folder: Path, text: str) -> Path:
    path = folder / "r.py"
    path.write_text(text)
    return path


def test_the_function_gets_answers_and_their_rows(tmp_path: Path) -> None:
    write(
        tmp_path,
        "from __future__ import annotations\nimport dataclasses\n"
        "@dataclasses.dataclass\nclass Weights:\n    row: float = 2.0\n"
        "def score(answers, rows):\n"
        "    return (len(a) + Weights().row * r['n'] for a, r in zip(answers, rows))\n",
    )
    reward = FileReward("./r.py:score", tmp_path, "Here")
    assert reward(["", "four"], [{"n": 1}, {"n": 2}]) == [2.0, 8.0]


def test_numbers_of_other_libraries_are_taken(tmp_path: Path) -> None:
    write(tmp_path, "import numpy as np\ndef score(answers, rows):\n    return np.arange(len(answers)) - 7\n")
    assert FileReward("r.py:score", tmp_path, "Here")(["a", "b"], [{}, {}]) == [-7.0, -6.0]


def test_what_a_function_does_to_its_rows_stays_with_it(tmp_path: Path) -> None:
    write(tmp_path, "def score(answers, rows):\n    rows[0].clear(); answers.pop()\n    return [1]\n")
    rows, answers = [{"n": 1}], ["a"]
    FileReward("r.py:score", tmp_path, "Here")(answers, rows)
    assert (rows, answers) == ([{"n": 1}], ["a"])


def test_nothing_is_left_beside_the_file(tmp_path: Path) -> None:
    write(tmp_path, "def score(answers, rows): return [0 for _ in answers]\n")
    FileReward("r.py:score", tmp_path, "Here")
    assert [each.name for each in tmp_path.iterdir()] == ["r.py"]


@pytest.mark.parametrize(
    ("text", "name", "wanted"),
    [
        ("", "none.py:score", "there is no file {folder}/none.py for the reward 'none.py:score'"),
        ("", "r.txt:score", "is named ./file.py:function, and 'r.txt:score' is not"),
        ("", "r.py:", "is named ./file.py:function"),
        ("", "r.py:a b", "is named ./file.py:function"),
        ("", "r.py:score", "{folder}/r.py has no function 'score'; it has none"),
        ("score = 3\ndef scores(answers, rows): ...", "r.py:score", "has no function 'score'; it has scores"),
        ("x = 1\ndef score(:", "r.py:score", "{folder}/r.py, line 2 is not Python (invalid syntax)"),
        (
            "\n\nimport no_such_package",
            "r.py:score",
            "line 3: the file raised ModuleNotFoundError (No module named 'no_such",
        ),
        ("import sys\nsys.exit(3)", "r.py:score", "line 2: the file raised SystemExit (3) while it was loaded"),
    ],
)
def test_a_file_that_cannot_be_used_is_said(text: str, name: str, wanted: str, tmp_path: Path) -> None:
    write(tmp_path, text)
    with pytest.raises(InputError) as caught:
        FileReward(name, tmp_path, "Here")
    message = str(caught.value)
    assert message.startswith("Here: ")
    assert wanted.format(folder=tmp_path) in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ("return [1.0]", "line 2: `score` returned 1 numbers for 2 answers"),
        ("return None", "line 2: `score` returned NoneType, not a list of numbers"),
        ("return 'ab'", "line 2: `score` returned str, not a list of numbers"),
        ("return [1.0, float('nan')]", "line 2: `score` returned nan for answer 2, where a finite number is due"),
        ("return [float('-inf'), 1.0]", "returned -inf for answer 1"),
        ("return [1.0, None]", "returned None for answer 2"),
        ("return ['1', '2']", "returned '1' for answer 1"),
        ("return [1e300, 1]", "returned 1e+300 for answer 1"),
        ("return [10 ** 400, 1]", "for answer 1, where a finite number is due"),
        ("return [1 / len(answers[0]), 1]", "line 3: `score` raised ZeroDivisionError (division by zero)"),
        ("return [rows[0]['gold'], 1]", "line 3: `score` raised KeyError ('gold')"),
        ("raise RuntimeError", "line 3: `score` raised RuntimeError"),
        ("raise ValueError('two\\n  lines')", "raised ValueError (two lines)"),
        ("return [int(each) for each in (1, 'b')]", "line 3: `score` raised ValueError"),
        ("return (1 / each for each in (1, 0))", "line 3: `score` raised ZeroDivisionError"),
        ("import json; return json.loads('{')", "line 3: `score` raised JSONDecodeError"),
    ],
)
def test_a_function_that_fails_is_said_with_its_line(body: str, wanted: str, tmp_path: Path) -> None:
    path = write(tmp_path, f"import math\ndef score(answers, rows):\n    {body}\n")
    reward = FileReward("./r.py:score", tmp_path, "Here")
    with pytest.raises(InputError) as caught:
        reward(["", "b"], [{}, {}])
    message = str(caught.value)
    assert message.startswith(f"Here: {path}, line ")
    assert wanted in message
    assert "\n" not in message


def test_a_function_of_a_library_has_no_line(tmp_path: Path) -> None:
    write(tmp_path, "from operator import add as score\n")
    with pytest.raises(InputError, match=r"r\.py: `score` returned 2 numbers for 1 answers"):
        FileReward("r.py:score", tmp_path, "Here")(["a"], [{}])


def test_the_name_decides_nothing_and_the_content_all(tmp_path: Path) -> None:
    path = write(tmp_path, "def score(answers, rows): ...\n")
    (tmp_path / "moved.py").write_bytes(path.read_bytes())
    one = by_content("./r.py:score", tmp_path, "Here")
    assert by_content(f"{tmp_path}/moved.py:score", tmp_path, "Here") == one
    path.write_text("def score(answers, rows): pass\n")
    assert by_content("./r.py:score", tmp_path, "Here") != one


@pytest.mark.parametrize(("name", "is_one"), [("helpfulness", False), ("./r.py:score", True), ("C:/r.py:score", True)])
def test_a_file_is_told_from_a_name(name: str, is_one: bool) -> None:
    assert is_file_reward(name) is is_one


@given(values=st.lists(st.one_of(st.floats(-1e30, 1e30), st.integers(-1000, 1000), st.booleans()), max_size=8))
def test_any_finite_numbers_come_back_as_they_are(values: list[Any], tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("reward")
    write(folder, "def score(answers, rows):\n    return [row['value'] for row in rows]\n")
    found = FileReward("r.py:score", folder, "Here")([""] * len(values), [{"value": value} for value in values])
    assert found == values
    assert all(type(value) is float and math.isfinite(value) for value in found)
    assert not any(str(getattr(each, "__file__", "")).endswith("r.pyc") for each in sys.modules.values())
