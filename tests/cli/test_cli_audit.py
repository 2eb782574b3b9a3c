"""``stagelens audit``: what it would cost, what it found, and what it says of a request that is wrong."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from commanded import Command, command_line
from pocketed import write_tiny_study
from stagelens.audit.editing import try_edit
from stagelens.audit.edits.curve import Change
from stagelens.audit.edits.propose import Edit
from stagelens.audit.run import plan_audit, run_audit
from stagelens.study.spec import Study


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    return command_line(monkeypatch, capsys)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--measure", "safety/unsafe"), "did you mean 'safety/unsafe_response'"),
        (("--measure", "safety/unsafe_response", "--source", "refusal"), "did you mean 'refusals'"),
        (("--measure", "safety/unsafe_response", "--stage", "production"), "not trained here on data to imitate"),
        (("--measure", "safety/unsafe_response", "--run", "nowhere", "--source", "refusals"), "no run folder"),
        (("--measure", "safety/unsafe_response", "--propose", "--replace", "refusals"), "write SOURCE=FILE"),
        (("--measure", "safety/unsafe_response", "--propose", "--replace", "refused=./x"), "did you mean 'refusals'"),
        (("--measure", "safety/unsafe_response", "--test", "--replace", "refusals=./x"), "There is no file"),
        (("--measure", "safety/unsafe_response", "--target", "0.1"), "are for --propose"),
        (("--measure", "safety/unsafe_response", "--judge", "20"), "name it with --within"),
        (("--measure", "safety/unsafe_response", "--by", "words"), "name it with --within"),
        (("--measure", "safety/unsafe_response", "--within", "refusals", "--by", "word"), "did you mean 'words'"),
        (("--measure", "safety/unsafe_response", "--within", "refusal"), "did you mean 'refusals'"),
        (("--measure", "safety/unsafe_response", "--within", "claims_flattering"), "too few to rank"),
        (("--measure", "safety/unsafe_response", "--propose", "--mixtures", "20"), "leave --mixtures out"),
    ],
)
def test_a_request_that_is_wrong_gets_one_sentence(
    tmp_path: Path, command: Command, more: tuple[str, ...], said: str
) -> None:
    study = write_tiny_study(tmp_path)
    code, _, errors = command("audit", study, *more)
    assert code == 2
    assert said in " ".join(errors.split())
    assert not list(tmp_path.rglob("audit"))


def test_a_ranking_whose_library_is_not_there_is_refused_before_anything_is_trained(
    tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "bergson", None)
    study = write_tiny_study(tmp_path)
    asked = ("--measure", "safety/unsafe_response", "--within", "refusals", "--by", "influence")
    code, _, errors = command("audit", study, *asked)
    assert code == 2
    assert "pip install 'stagelens[influence]'" in " ".join(errors.split())
    assert not (tmp_path / "runs").exists()


def test_the_cost_is_known_beforehand(tmp_path: Path, command: Command) -> None:
    study = write_tiny_study(tmp_path)
    code, printed, _ = command("audit", study, "--measure", "safety/unsafe_response", "--seeds", "3", "--plan")
    assert code == 0
    words = " ".join(printed.split())
    assert "the whole and 11 mixtures, 3 time(s) each: as much as 33.0 trainings of sft" in words
    assert not (tmp_path / "runs").exists()


@pytest.mark.slow
def test_a_source_is_left_out_and_what_it_does_is_written_down(tmp_path: Path, command: Command) -> None:
    study = write_tiny_study(tmp_path)
    asked = ("audit", study, "--measure", "safety/unsafe_response", "--source", "refusals", "--seeds", "1")
    code, printed, _ = command(*asked, "--json")
    assert code == 0
    found = json.loads(printed)
    (file,) = tmp_path.rglob("audit.json")
    assert file.parent.name == "pocket-sft"
    assert json.loads(file.read_text()) == found
    assert {each["variant"] for each in found["effects"]} == {"without-refusals"}
    assert {each["benchmark"] for each in found["effects"]} >= {"safety", "user_logs"}
    holdings = found["inventory"]["sources"]
    assert all(each["rows"] < each["tokens"] < each["characters"] for each in holdings)
    made = {path: path.stat().st_mtime_ns for path in file.parent.rglob("model.safetensors")}
    code, again, errors = command(*asked, "--within", "refusals")
    # So small a model answers nothing that could be graded: the audit is shown, and what it lacks is said.
    assert code == 2
    assert "safety/unsafe_response" in again
    assert "alike on every attempt" in " ".join(errors.split())
    assert made == {path: path.stat().st_mtime_ns for path in file.parent.rglob("model.safetensors")}


@pytest.mark.slow
def test_an_edit_is_trained_and_laid_beside_its_prediction(tmp_path: Path) -> None:
    planned = plan_audit(Study.load(write_tiny_study(tmp_path)), "safety/over_refusal", sources=("refusals",), seeds=1)
    found = run_audit(planned)
    change = Change(0.0, -1.0, 1.0)
    edit = Edit({"refusals": 0.5}, {"refusals": "./data/helpful.jsonl"}, 18, {found.asked: change}, False, False)
    trials = {each.measure: each for each in try_edit(planned, found, edit)}
    assert trials[found.asked].predicted == change
    assert trials["safety", "unsafe_response"].predicted is None
    (file,) = tmp_path.rglob("trial.json")
    content = json.loads(file.read_text())
    assert content["edit"]["replaced"] == {"refusals": "./data/helpful.jsonl"}
    assert {each["measure"] for each in content["measures"]} >= {"safety/over_refusal", "safety/unsafe_response"}
    (checkpoint,) = file.parent.rglob(f"{content['stage']}/model.safetensors")
    assert checkpoint.is_file()
