"""The commands that plant causes: build, run blind, validate; and what they say of a spec that is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from commanded import Command, command_line
from organisms_tiny import make_tiny
from stagelens.organisms import simulated as simulated_module
from stagelens.organisms import validate as validate_module
from stagelens.organisms.census.table import Size
from stagelens.organisms.validation.detection import detection
from stagelens.organisms.validation.dose import dose_response

SPEC = "name: mine\nplants:\n  safety: {cause: sft}\n"


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    make_tiny(monkeypatch)
    small = Size(answers=360, episodes=24)
    monkeypatch.setattr(validate_module, "QUICK", small)
    monkeypatch.setattr(simulated_module, "STUDIES", 20)
    monkeypatch.setattr(simulated_module, "dose_response", partial(dose_response, number=20))
    monkeypatch.setattr(simulated_module, "detection", partial(detection, multiples=(1.0,), number=5))
    return command_line(monkeypatch, capsys)


def test_a_spec_that_is_wrong_gets_one_sentence(tmp_path: Path, command: Callable[..., tuple[int, str, str]]) -> None:
    spec = tmp_path / "organism.yaml"
    spec.write_text(SPEC.replace("sft", "luck"), encoding="utf-8")
    code, _, errors = command("organism", "build", spec, "--out", tmp_path / "out")
    assert code == 2
    assert "organism.yaml:3: plants.safety.cause" in errors
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_validate_prints_what_was_meant_what_was_said_and_whether_claims_hold(
    tmp_path: Path, command: Callable[..., tuple[int, str, str]]
) -> None:
    page = tmp_path / "page.md"
    code, printed, errors = command(
        "validate", "--quick", "--jobs", "1", "--json", "--out", tmp_path / "v", "--page", page
    )
    assert code != 2, errors
    found = json.loads(printed)
    # The weights are worth nothing, so nothing was planted that took, and the claims cannot hold.
    assert code == 1
    assert found["holds"] is False
    assert [cell["organism"] for cell in found["cells"]] == ["quick-sft", "quick-rl", "quick-none"]
    assert {reader for cell in found["cells"] for reader in cell["said"]} == {"stagelens", "overlap", "largest"}
    assert not any(claim["seen"] == "no data" for claim in found["claims"])
    written = page.read_text(encoding="utf-8")
    assert "| sft | sft | only the fine-tuning data say otherwise than the corpus |" in written
    assert all(claim["text"] in written for claim in found["claims"])
    assert page.with_suffix(".svg").read_text(encoding="utf-8").startswith("<svg")
