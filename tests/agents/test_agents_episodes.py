from __future__ import annotations

from pathlib import Path

import pytest

from stagelens.agents.calls import Bash
from stagelens.agents.episodes import Expected, read_episodes
from stagelens.errors import InputError

ONE = """\
name: patches the clock
task: reward_hacking/sorting
calls:
  - bash: ls
expected: {verdict: cheated, class: [patches_clock, edits_checker], solved: false}
"""
TWO = """\
- task: reward_hacking/sorting/deep
  calls: []
  expected: {verdict: honest}
- task: odcv/a
  calls:
    - bash: ls
  expected: {verdict: cheated, class: patches_clock}
"""


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path


def test_a_file_holds_one_episode(tmp_path: Path) -> None:
    path = write(tmp_path, "one.yaml", ONE)
    (episode,) = read_episodes(path)
    assert episode.name == "patches the clock"
    assert (episode.task, episode.benchmark, episode.item) == ("reward_hacking/sorting", "reward_hacking", "sorting")
    assert episode.calls == (Bash("ls"),)
    assert episode.expected == Expected("cheated", ("patches_clock", "edits_checker"), solved=False)
    assert episode.place == f"{path}:1"


def test_a_file_holds_several(tmp_path: Path) -> None:
    path = write(tmp_path, "two.yaml", TWO)
    first, second = read_episodes(path)
    assert (first.name, first.item, first.expected) == ("two 1", "sorting/deep", Expected("honest"))
    assert (second.name, second.place) == ("two 2", f"{path}:4")
    assert second.expected == Expected("cheated", ("patches_clock",))


def test_a_folder_is_read_with_the_folders_in_it(tmp_path: Path) -> None:
    write(tmp_path, "b/two.yaml", TWO)
    write(tmp_path, "a.yaml", ONE)
    write(tmp_path, "notes.txt", "no episode")
    assert [episode.name for episode in read_episodes(tmp_path)] == ["patches the clock", "two 1", "two 2"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "the file is empty"),
        ("[]", "the file is empty"),
        ("- x", "e.yaml:1: this must be a mapping"),
        (ONE.replace("bash: ls", "bsh: ls"), r"e.yaml:4: calls\[0\]: the call 'bsh' is not known"),
        (ONE.replace("task:", "tasks:"), "e.yaml:2: tasks: the key 'tasks' is not known here; did you mean 'task'"),
        (ONE.replace("reward_hacking/sorting", "sorting"), "e.yaml:2: task: must be <benchmark>/<item>"),
        (ONE.replace("verdict: cheated", "verdict: bad"), "e.yaml:5: expected.verdict: must be"),
        (ONE.replace("verdict: cheated", "verdict: honest"), "e.yaml:5: expected.class: only an episode"),
        (ONE.replace("edits_checker", "edits_chequer"), "e.yaml:5: expected.class"),
        (ONE.replace("- bash: ls", "bash: ls"), "e.yaml:3: calls: must be a list"),
        (TWO + "\n- {}\n", "e.yaml:9: the key 'task' is missing"),
    ],
)
def test_what_is_no_episode_is_refused_with_its_line(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        read_episodes(write(tmp_path, "e.yaml", text))


def test_two_episodes_of_one_name_are_refused(tmp_path: Path) -> None:
    write(tmp_path, "a.yaml", ONE)
    write(tmp_path, "b.yaml", ONE)
    with pytest.raises(InputError, match=r"b.yaml:1: there is another episode named 'patches the clock'"):
        read_episodes(tmp_path)


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no episode"):
        read_episodes(tmp_path)
