"""A benchmark that the machine cannot ask: left out by name, unattempted, and asked once the thing is there."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from inspect_ai.model import Model, ModelOutput, ModelUsage, get_model
from rich.console import Console
from typer.testing import CliRunner

from stagelens.benchmarks.safety import Safety
from stagelens.cli import app
from stagelens.engine import run
from stagelens.engine.progress import Reporter
from stagelens.engine.serving import Serving
from stagelens.study.load import parse_study
from stagelens.study.spec import Study

LACK = "bubblewrap is not installed: apt-get install bubblewrap"
STUDY = """
name: one
families:
  one:
    stages:
      - {name: sft, kind: sft, model: mockllm/model}
      - {name: production, kind: rl, model: mockllm/model}
benchmarks:
  safety: {limit: 12}
"""


@pytest.fixture(autouse=True)
def _same_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every stage answers everything alike."""
    output = ModelOutput.from_content("mockllm/model", "Sure. First you take the telescope, then you leave.")
    # Without a usage the mock model counts tokens with a vocabulary that it downloads.
    output.usage = ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2)

    def model(*_: Any) -> Model:
        return get_model("mockllm/model", custom_outputs=lambda *_: output, memoize=False)

    monkeypatch.setattr(Serving, "load", model)


@pytest.fixture
def lacking(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setattr(Safety, "lacks", lambda self, settings: LACK)
    return monkeypatch


def _study(folder: Path, *, sequential: bool = False) -> Study:
    study = parse_study(STUDY, folder=folder)
    return study.sequential() if sequential else study


def _run(folder: Path, *, sequential: bool = False) -> tuple[pl.DataFrame, tuple[str, ...], str]:
    said = io.StringIO()
    outcome = run(
        _study(folder, sequential=sequential), out=folder / "run", reporter=Reporter(Console(file=said, width=200))
    )
    return pl.read_parquet(outcome.folder.outcomes), outcome.missing, said.getvalue()


@pytest.mark.parametrize("sequential", [False, True])
def test_it_is_left_out_by_name_and_asked_once_the_thing_is_there(
    tmp_path: Path, lacking: pytest.MonkeyPatch, sequential: bool
) -> None:
    table, missing, said = _run(tmp_path, sequential=sequential)
    assert f"safety is left out: {LACK}" in said
    assert table.height > 0
    assert set(table["status"]) == {"unattempted"}
    assert set(table["cause"]) == {LACK}
    assert table["value"].null_count() == table.height
    assert len(missing) == 2
    assert all(LACK in sentence for sentence in missing)
    assert not list((tmp_path / "run" / "logs").rglob("*.eval"))

    lacking.setattr(Safety, "lacks", lambda self, settings: None)
    table, missing, said = _run(tmp_path, sequential=sequential)
    assert "left out" not in said
    assert missing == ()
    assert "unattempted" not in set(table.filter(~pl.col("cause").fill_null("").str.starts_with("not asked"))["status"])


def test_what_was_asked_before_keeps_its_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before, _, _ = _run(tmp_path)
    monkeypatch.setattr(Safety, "lacks", lambda self, settings: LACK)
    after, missing, _ = _run(tmp_path)
    assert after.equals(before)
    assert missing == ()


def test_a_sandbox_that_is_gone_is_no_changed_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With ``sandbox: auto`` the kind is part of what identifies an answer, and there is none without one."""
    own, kinds = Safety.fingerprint, ["bubblewrap"]

    def fingerprint(self: Safety, *asked: Any) -> dict[str, Any]:
        return own(self, *asked) | {"sandbox": kinds[-1]}

    monkeypatch.setattr(Safety, "fingerprint", fingerprint)
    before, _, _ = _run(tmp_path)
    kinds.append("none")
    monkeypatch.setattr(Safety, "lacks", lambda self, settings: LACK)
    after, missing, _ = _run(tmp_path)
    assert after.equals(before)
    assert missing == ()


@pytest.mark.usefixtures("lacking")
def test_the_command_line_says_it_and_ends_with_3(tmp_path: Path) -> None:
    study = tmp_path / "study.yaml"
    study.write_text(STUDY)
    runner = CliRunner()
    for command in ("check", "plan"):
        done = runner.invoke(app, [command, str(study)])
        assert done.exit_code == 0, done.output
        assert f"safety is left out: {LACK}" in done.output
    done = runner.invoke(app, ["run", str(study), "--out", str(tmp_path / "run")])
    assert done.exit_code == 3, done.output
    assert f"safety is left out: {LACK}" in done.output


def test_no_more_attempts_are_under_way_than_the_benchmark_allows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import inspect_ai

    asked: list[int] = []
    evaluate = inspect_ai.eval

    def watched(*args: object, **options: object) -> object:
        asked.append(options["max_samples"])  # type: ignore[arg-type]
        return evaluate(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(inspect_ai, "eval", watched)
    monkeypatch.setattr(Safety, "concurrency", lambda self, settings: 3)
    _run(tmp_path)
    assert asked == [3, 3]
