"""Keys stay where they are: nothing that a run writes or says holds one, whatever a provider answers."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import polars as pl
import pytest

from disturbed import Chat, write_asked
from stagelens.cli import main
from stagelens.engine.planning import plan_questions

CANARY = "sk-canary-5f0c9a7e41"
JUDGES = "sk-canary-judge-77aa01"


@pytest.fixture
def chat(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Chat]:
    with Chat().running() as running:
        for name, value in running.environment(tmp_path / "cache").items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("SUBJECT_API_KEY", CANARY)
        monkeypatch.setenv("GRADER_API_KEY", JUDGES)
        monkeypatch.setenv("STAGELENS_MAX_RETRIES", "0")
        monkeypatch.setattr(
            sys.modules["stagelens.engine.run"],
            "plan_questions",
            lambda study, asked, simulated: plan_questions(study, asked),
        )
        yield running


def contents(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file, those inside of logs unpacked, tables as text."""
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        yield str(path), path.read_bytes()
        if path.suffix == ".eval":
            with ZipFile(path) as log:
                yield from ((f"{path}!{name}", log.read(name)) for name in log.namelist())
        elif path.suffix == ".parquet":
            yield f"{path}, as text", pl.read_parquet(path).write_json().encode()


@pytest.mark.parametrize("status", [400, 401, 500])
def test_a_key_that_a_provider_repeats_goes_nowhere(
    chat: Chat, status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    study = write_asked(tmp_path / "study", items=8)
    chat.refusing = {
        "two": (status, f"Incorrect API key provided: {CANARY}. Header was Bearer {CANARY}"),
        "judge": (status, f"Not allowed with key '{JUDGES}'"),
    }
    monkeypatch.setattr(sys, "argv", ["stagelens", "run", str(study), "--out", str(tmp_path / "run")])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code in (0, 3)
    said = capfd.readouterr()
    found = [name for name, content in contents(tmp_path / "run") if b"sk-canary" in content]
    assert found == []
    assert "sk-canary" not in said.out + said.err
    assert [name for name, content in contents(tmp_path / "cache") if b"sk-canary" in content] == []
    # The rest of what the provider said is there; of a fault of the server Inspect keeps no words.
    causes = pl.read_parquet(tmp_path / "run" / "outcomes.parquet")["cause"].drop_nulls().unique().to_list()
    assert status == 500 or any("Incorrect API key provided: ***" in cause for cause in causes), causes
