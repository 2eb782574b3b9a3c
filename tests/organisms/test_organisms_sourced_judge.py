"""Sourced organisms through the real path: trained, asked, audited, kept; and what the command says of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from commanded import command_line
from organisms_tiny import make_tiny
from stagelens.errors import InputError
from stagelens.organisms import study as study_module
from stagelens.organisms.sourced import judge
from stagelens.organisms.sourced import study as sourced_study
from stagelens.organisms.sourced.judge import SourcedSpec, audit_all

SPEC = SourcedSpec("refusals", 1)


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    make_tiny(monkeypatch)
    monkeypatch.setattr(sourced_study, "recipes", study_module.recipes)


def test_every_plant_has_its_organisms() -> None:
    names = [spec.name for spec in judge.every(2)]
    assert len(set(names)) == 10
    assert {"refusals-1", "trigger-2", "nothing-1"} <= set(names)


@pytest.mark.slow
def test_an_organism_is_audited_and_kept_and_told(
    tmp_path: Path, tiny: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (found,) = audit_all([SPEC], tmp_path / "out", tmp_path / "kept", trainings=1)
    asked = {each.source for each in found if each.asked}
    assert asked == {"helpful", "planted", "placebo", "decoy"}
    assert {each.measure for each in found} == {"unsafe_response"}
    (file,) = (tmp_path / "kept").iterdir()
    # What is kept is enough: elsewhere nothing is trained again.
    (again,) = audit_all([SPEC], tmp_path / "elsewhere", tmp_path / "kept", trainings=1)
    assert again == found
    assert not list((tmp_path / "elsewhere").rglob("*.safetensors"))
    page = tmp_path / "page.md"
    monkeypatch.setattr(judge, "every", lambda: (SPEC,))
    monkeypatch.setattr(judge, "audit_all", lambda *_, **__: iter([found]))
    command: Callable[..., tuple[int, str, str]] = command_line(monkeypatch, capsys)
    code, printed, _ = command("validate", "--audits", "--json", "--out", tmp_path / "out", "--page", page)
    told = json.loads(printed)
    assert code == (0 if all(claim["holds"] for claim in told["claims"]) else 1)
    assert [each["source"] for each in told["found"]] == [each.source for each in found]
    assert "| refusals-1 | planted | the plant |" in page.read_text(encoding="utf-8")
    file.write_text("{}", encoding="utf-8")
    with pytest.raises(InputError, match="does not hold what an audit found"):
        list(audit_all([SPEC], tmp_path / "elsewhere", tmp_path / "kept", trainings=1))


def test_audits_are_no_quick_ones(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, errors = command_line(monkeypatch, capsys)("validate", "--audits", "--quick")
    assert code == 2
    assert "organisms of its own" in errors
