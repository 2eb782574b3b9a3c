"""``stagelens label``: draw, fill, read back, on a run folder that holds nothing but a table."""

from __future__ import annotations

import csv
import random
import sys
from pathlib import Path

import polars as pl
import pytest

from stagelens import cli


@pytest.fixture
def run_folder(tmp_path: Path) -> Path:
    """240 items at sft and production, judged by a rule."""
    draw = random.Random(0)
    rows = [
        {
            "family": "f",
            "stage": stage,
            "benchmark": "safety",
            "measure": "over_refusal",
            "item": f"i{item}",
            "value": float(draw.random() < rate),
            "judge": "rule:refusal",
        }
        for stage, rate in (("sft", 0.2), ("production", 0.25))
        for item in range(240)
    ]
    folder = tmp_path / "run"
    folder.mkdir()
    pl.DataFrame(rows).write_parquet(folder / "outcomes.parquet")
    return folder


def stagelens(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """What the command printed; fails where it does not exit with 0."""
    monkeypatch.setattr(sys, "argv", ["stagelens", *map(str, arguments)])
    try:
        cli.main()
    except SystemExit as end:
        assert not end.code
    return " ".join(capsys.readouterr().out.split())


def test_draw_fill_and_read(
    run_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said = stagelens(monkeypatch, capsys, "label", run_folder, "-n", 60)
    assert "120 answers to label" in said
    assert "no logs" in said
    with (run_folder / "labels.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    key = {row["label_id"]: row for row in csv.DictReader((run_folder / "labels-key.csv").open(newline=""))}
    judge = {
        (stage, item): value
        for stage, item, value in pl.read_parquet(run_folder / "outcomes.parquet")
        .select("stage", "item", "value")
        .iter_rows()
    }
    draw = random.Random(1)
    for row in rows:
        place = key[row["label_id"]]
        value = judge[place["stage"], place["item"]]
        row["value"] = f"{value if draw.random() < 0.9 else 1 - value:g}"
    filled = write(rows, run_folder / "filled.csv")

    said = stagelens(monkeypatch, capsys, "label", run_folder, "--read", filled)
    assert "120 of 120 drawn answers are labelled" in said
    table = pl.read_parquet(run_folder / "outcomes.parquet")
    human = table.filter(pl.col("judge") == "human")
    assert human.height == 120
    assert table.height == 480 + 120
    assert (run_folder / "verdicts.json").is_file()
    assert (run_folder / "report.html").is_file()
    before = (run_folder / "outcomes.parquet").read_bytes()
    stagelens(monkeypatch, capsys, "label", run_folder, "--read", filled)
    assert (run_folder / "outcomes.parquet").read_bytes() == before

    # A value that is taken out of the sheet is taken back.
    places = [(key[row["label_id"]]["stratum"], key[row["label_id"]]["stage"]) for row in rows]
    rows[next(k for k, place in enumerate(places) if places.count(place) > 1)]["value"] = ""
    said = stagelens(monkeypatch, capsys, "label", run_folder, "--read", write(rows, filled))
    assert "119 of 120 drawn answers are labelled" in said
    assert pl.read_parquet(run_folder / "outcomes.parquet").filter(pl.col("judge") == "human").height == 119


def write(rows: list[dict[str, str]], path: Path) -> Path:
    with path.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_bad_input_exits_with_2_and_changes_nothing(
    run_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(*arguments: object) -> str:
        monkeypatch.setattr(sys, "argv", ["stagelens", "label", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            cli.main()
        assert end.value.code == 2
        return " ".join(capsys.readouterr().err.split())

    before = (run_folder / "outcomes.parquet").read_bytes()
    assert "draw the sample first" in refused(run_folder, "--read", run_folder / "labels.csv")
    assert "no outcomes.parquet" in refused(run_folder.parent)
    stagelens(monkeypatch, capsys, "label", run_folder, "-n", 60)
    assert "is there already" in refused(run_folder)
    sheet = run_folder / "labels.csv"
    lines = sheet.read_text().splitlines()
    lines[3] += "7"
    sheet.write_text("\n".join(lines) + "\n")
    assert "labels.csv, line 4: the value is '7'" in refused(run_folder, "--read", sheet)
    lines[3] = lines[3][:-1] + "1"
    sheet.write_text("\n".join(lines) + "\n")
    assert "no label stands yet for the answers" in refused(run_folder, "--read", sheet)
    assert (run_folder / "outcomes.parquet").read_bytes() == before
