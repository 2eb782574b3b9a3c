"""`stagelens view` and `stagelens report --export` as one types them."""

from __future__ import annotations

import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import polars as pl
import pytest

from stagelens.analysis import analyze

COLUMNS = ["family", "stage", "benchmark", "measure", "item", "value"]
STAGELENS = [sys.executable, "-c", "from stagelens.cli import main; main()"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = [
        {
            "family": "f",
            "stage": stage,
            "benchmark": "safety",
            "measure": "over_refusal",
            "item": f"i{item}",
            "value": 0.0,
        }
        for stage in ("sft", "production")
        for item in range(40)
    ]
    (tmp_path / "verdicts.json").write_text(
        analyze(pl.DataFrame(rows, schema=COLUMNS, orient="row")).to_json(), encoding="utf-8"
    )
    return tmp_path


def test_view_prints_its_address_serves_it_and_ends_when_interrupted(folder: Path) -> None:
    command = [*STAGELENS, "view", str(folder), "--no-open"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stderr is not None
        try:
            address = process.stdout.readline().split()[-1]
            assert address.startswith("http://127.0.0.1:")
            with urllib.request.urlopen(address, timeout=30) as answer:
                assert "over_refusal" in answer.read().decode("utf-8")
            with pytest.raises(urllib.error.HTTPError, match="403"):
                urllib.request.urlopen(address[: address.index("/", 8)] + "/", timeout=30)
        finally:
            process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
        assert address.rsplit("/", 2)[1] not in process.stdout.read() + process.stderr.read()


def test_view_of_a_folder_without_verdicts_is_bad_input(tmp_path: Path) -> None:
    done = subprocess.run([*STAGELENS, "view", str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "holds no verdicts.json" in done.stderr


def test_report_exports_beside_what_it_writes(folder: Path) -> None:
    command = [*STAGELENS, "report", str(folder), "--export", str(folder / "paper")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert f"Figures and tables: {folder / 'paper'}" in done.stdout
    assert (folder / "report.html").is_file()
    assert (folder / "paper" / "figures" / "picture.svg").is_file()
    assert (folder / "paper" / "tables" / "contrasts.tex").is_file()
