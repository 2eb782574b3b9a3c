"""Exit code 3: a run that ended with items which another run could fill, and the demo, which only says so."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from stagelens import analyze, cli, engine
from stagelens.engine.folder import RunFolder

SENTENCE = "f/sft/safety: 3 answers are unattempted"


@pytest.fixture
def ended_short(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Every run ends with three answers missing."""
    table = tmp_path / "t.csv"
    rows = [f"f,{stage},safety,unsafe_response,i{item},0" for stage in ("sft", "production") for item in range(70)]
    table.write_text("\n".join(["family,stage,benchmark,measure,item,value", *rows]) + "\n")
    outcome = engine.Outcome(RunFolder(tmp_path), analyze(table), (SENTENCE,))
    for name in ("run", "evaluate"):
        monkeypatch.setattr(engine, name, lambda *_, **__: outcome)


def exit_code(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    """What ``stagelens ARGUMENTS`` ends with."""
    monkeypatch.setattr(sys, "argv", ["stagelens", *map(str, arguments)])
    try:
        cli.main()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


@pytest.mark.parametrize(("command", "code"), [("run", 3), ("evaluate", 3), ("demo", 0)])
def test_missing_items_are_named(
    command: str,
    code: int,
    ended_short: None,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    study = tmp_path / "study.yaml"
    assert exit_code(monkeypatch, "init", "xstest", "-o", study) == 0
    arguments = ["--out", tmp_path / "demo"] if command == "demo" else [study]
    assert exit_code(monkeypatch, command, *arguments) == code
    assert SENTENCE in capsys.readouterr().err


def test_a_full_disk_is_a_sentence_and_no_traceback(tmp_path: Path) -> None:
    def full() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (64, 64))

    command = [str(Path(sys.executable).with_name("stagelens")), "init", "xstest", "-o", str(tmp_path / "study.yaml")]
    ended = subprocess.run(command, check=False, capture_output=True, text=True, preexec_fn=full)
    assert ended.returncode == 2
    assert ended.stderr.startswith("stagelens: ")
    assert ended.stderr.count("\n") == 1
