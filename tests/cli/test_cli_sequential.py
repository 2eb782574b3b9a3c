"""``--sequential`` and ``plan --pilot``: what they ask of the engine."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from stagelens import cli, engine
from stagelens.errors import InputError
from stagelens.study.templates import template


@pytest.fixture
def study(tmp_path: Path) -> Path:
    path = tmp_path / "study.yaml"
    path.write_text(template("minimal"))
    return path


@pytest.mark.parametrize("command", ["run", "evaluate"])
@pytest.mark.parametrize(("options", "looks"), [([], 1), (["--sequential"], 5)])
def test_sequential_asks_in_five_looks(
    study: Path, monkeypatch: pytest.MonkeyPatch, command: str, options: list[str], looks: int
) -> None:
    asked: list[int] = []

    def stop(given: Any, **_: Any) -> None:
        asked.append(given.analysis.looks)
        raise InputError("far enough")

    monkeypatch.setattr(engine, command, stop)
    monkeypatch.setattr(sys, "argv", ["stagelens", command, str(study), *options])
    with pytest.raises(SystemExit):
        cli.main()
    assert asked == [looks]


@pytest.mark.parametrize("command", ["run", "evaluate"])
@pytest.mark.parametrize(("options", "aside"), [([], False), (["--json"], True)])
def test_progress_is_no_part_of_the_json(
    study: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: str,
    options: list[str],
    aside: bool,
) -> None:
    def stop(_: Any, *, reporter: Any, **__: Any) -> None:
        reporter.say("asked f/base")
        raise InputError("far enough")

    monkeypatch.setattr(engine, command, stop)
    monkeypatch.setattr(sys, "argv", ["stagelens", command, str(study), *options])
    with pytest.raises(SystemExit):
        cli.main()
    out, err = capsys.readouterr()
    assert ("asked f/base" in err, "asked f/base" in out) == (aside, not aside)


def test_a_plan_is_simulated_and_printed(
    study: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for options in (["--json"], []):
        monkeypatch.setattr(sys, "argv", ["stagelens", "plan", str(study), *options])
        with pytest.raises(SystemExit) as end:
            cli.main()
        assert not end.value.code
    as_json, _, shown = capsys.readouterr().out.partition("\n}\n")
    measure = json.loads(as_json + "\n}")["measures"][0]
    answers = measure["sequential"]["answers_per_stage"]
    assert measure["basis"] == "assumptions"
    assert measure["monte_carlo_error"]["clusters_needed"] > 0
    for number in (answers["unpaired_fixed"], round(answers["paired_looks_no_change"]), measure["clusters_needed"]):
        assert f"{number:,}" in shown
