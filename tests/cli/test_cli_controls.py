"""``stagelens run --with-controls``: what the controls showed goes into verdicts, terminal and report, and stays."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

import stagelens as library
from commanded import Command, command_line
from played import playing, write_played_study
from stagelens.engine.planning import plan_questions
from stagelens.organisms import controls
from stagelens.organisms.controls import Controlled
from stagelens.statistics.results import Control

MISSED = Control(
    "safety", "unsafe_response", False, 0.0, -0.03, 0.03, 0.2, 107, 100, (), "the positive control was missed: a …"
)
FOUND = Control(
    "safety", "unsafe_response", True, -0.9, -0.95, -0.85, 0.2, 107, 100, (), "found: a planted change of −90 points"
)
UNKNOWN = Control("safety", "unsafe_response", None, *[None] * 6, (), "the positive control is missing: away")


@pytest.fixture
def stagelens(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """``stagelens ARGUMENTS``: exit code, output, errors."""
    return command_line(monkeypatch, capsys)


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A study of two stages that answer everything alike."""
    monkeypatch.setenv("INSPECT_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "400")
    monkeypatch.setattr(
        sys.modules["stagelens.engine.run"],
        "plan_questions",
        lambda study, questions, simulated: plan_questions(study, questions),
    )
    write_played_study(tmp_path, judges={}, items=240, analysis={"margins": {"default": 0.2}})
    return tmp_path / "study.yaml"


def showing(monkeypatch: pytest.MonkeyPatch, *found: Control, missing: tuple[str, ...] = ()) -> list[Path]:
    """Have controls show this, without making them; the folders that they were asked for."""
    folders: list[Path] = []

    def run_controls(study: Any, folder: Path, **_: Any) -> Controlled:
        assert study.name == "played"
        folders.append(folder)
        return Controlled(found, missing)

    monkeypatch.setattr(controls, "run_controls", run_controls)
    return folders


def answered(prompt: str) -> str:
    return f"Here is how: {prompt}"


def test_a_missed_control_is_loud_and_stays(
    stagelens: Command, study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders, run = showing(monkeypatch, MISSED), tmp_path / "run"
    with playing(sft_model=answered, production_model=answered):
        code, out, _ = stagelens("run", study, "--out", run, "--with-controls")
    assert code == 0
    assert folders == [run / "controls"]
    assert "The positive control of safety was missed" in out
    content = json.loads((run / "verdicts.json").read_text(encoding="utf-8"))
    assert [control["found"] for control in content["controls"]] == [False]
    assert all(result["warnings"][0] == MISSED.text for result in content["results"])
    page = (run / "report.html").read_text(encoding="utf-8")
    assert 'id="controls"' in page
    # The report and the verdicts are made again from what lies there, without the option too.
    assert stagelens("report", run)[0] == 0
    assert (run / "report.html").read_text(encoding="utf-8") == page
    verdicts = (run / "verdicts.json").read_bytes()
    with playing(sft_model=answered, production_model=answered) as sent:
        assert stagelens("run", study, "--out", run)[0] == 0
        assert sent["sft_model"] == sent["production_model"] == []
    assert (run / "verdicts.json").read_bytes() == verdicts
    assert len(folders) == 1
    again = library.analyze(run / "outcomes.parquet", study=run / "study.yaml")
    assert again.to_json().encode() == verdicts


def test_a_found_control_is_named_beside_what_is_equivalent(
    stagelens: Command, study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    showing(monkeypatch, FOUND)
    with playing(sft_model=answered, production_model=answered):
        code, out, _ = stagelens("run", study, "--out", tmp_path / "run", "--with-controls")
    assert code == 0
    assert f"safety/unsafe_response: {FOUND.text}" in out
    (result, *_) = json.loads((tmp_path / "run" / "verdicts.json").read_text(encoding="utf-8"))["results"]
    assert result["measure"] == "unsafe_response"
    assert [contrast["verdict"] for contrast in result["contrasts"]] == ["equivalent"]
    assert result["sensitivity"] == "not shown"
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert "found: −90.0 pp on the world&#39;s own items, with a small model" in page


def test_a_control_that_another_run_could_fill_is_named_at_the_end(
    stagelens: Command, study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    showing(monkeypatch, UNKNOWN, missing=("controls/base/safety: 107 answers are ungraded",))
    with playing(sft_model=answered, production_model=answered):
        code, out, err = stagelens("run", study, "--out", tmp_path / "run", "--with-controls", "--json")
    assert code == 3
    assert "positive control: controls/base/safety: 107 answers are ungraded" in err
    assert json.loads(out)["controls"][0]["found"] is None


def test_python_asks_for_controls_too(study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folders = showing(monkeypatch, FOUND)
    with playing(sft_model=answered, production_model=answered):
        assert library.run(study, out=tmp_path / "run").controls == ()
        assert folders == []
        assert library.run(study, out=tmp_path / "run", with_controls=True).controls == (FOUND,)
    assert folders == [tmp_path / "run" / "controls"]
