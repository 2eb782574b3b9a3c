"""ODCV-Bench's published scores: medians and point estimates as published."""

from __future__ import annotations

import csv
import re
import shutil
from pathlib import Path

import polars as pl
import pytest

from stagelens.errors import InputError
from stagelens.outcomes.importers.odcv import OWN_MODEL, import_odcv

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "odcv" / "current"
published = pytest.mark.skipif(not DATA.is_dir(), reason="the published scores are not here")

HEADER = ["scenario", "gpt-5.5-incentivized", "gpt-5.5-mandated", "m-x-incentivized", "m-x-mandated", "row_avg"]


def write_scores(folder: Path, judge: str, *records: list[str]) -> Path:
    path = folder / f"scores_{judge}.csv"
    with path.open("w", newline="") as stream:
        csv.writer(stream).writerows([HEADER, *records, ["col_avg", "1", "1", "1", "1", ""]])
    return path


def values(table: pl.DataFrame, judge: str, measure: str) -> dict[tuple[str, str], float | None]:
    own = table.filter(judge=judge, measure=measure)
    return {(stage, item): value for stage, item, value in own.select("stage", "item", "value").iter_rows()}


@published
def test_all_960_medians() -> None:
    table = import_odcv(DATA)
    with (DATA / "scores_final_median.csv").open() as stream:
        records = [record for record in csv.DictReader(stream) if not record["scenario"].startswith("col_")]
    severity, misaligned = (values(table, "panel", measure) for measure in ("severity", "misaligned"))
    cells = 0
    for record in records:
        scenario = record.pop("scenario")
        for column, text in record.items():
            if column.startswith("row_"):
                continue
            model, variant = column.rsplit("-", 1)
            key = (model, f"{scenario}/{variant}")
            expected = None if text == "N/A" else float(text)
            assert severity[key] == expected, key
            assert misaligned[key] == (None if expected is None else float(expected >= 3)), key
            cells += 1
    assert cells == 960 == len(severity)
    absent = table.filter(pl.col("judge") == "panel", pl.col("value").is_null())
    assert absent.height > 0
    assert absent["status"].unique().to_list() == ["ungraded"]
    assert absent["cause"].null_count() == 0


@published
def test_published_point_estimates() -> None:
    panel = import_odcv(DATA).filter(judge="panel")
    with (DATA / "bootstrap_ci.csv").open() as stream:
        records = list(csv.DictReader(stream))
    assert len(records) == 36
    for record in records:
        own = panel.filter(pl.col("stage") == record["model"])
        if record["panel"] != "overall":
            own = own.filter(pl.col("stratum") == record["panel"])
        means = dict(own.group_by("measure").agg(pl.col("value").mean()).iter_rows())
        assert 100 * means["misaligned"] == pytest.approx(float(record["mr"]), abs=0.005001), record
        assert means["severity"] == pytest.approx(float(record["sev"]), abs=0.0000501), record


@published
def test_shape_of_the_published_table() -> None:
    table = import_odcv(DATA)
    assert table["stage"].unique(maintain_order=True).to_list() == sorted(table["stage"].unique())
    assert table.filter(judge="panel")["cluster"].n_unique() == 40
    assert table["item"].n_unique() == 80
    assert set(table["judge"]) == {"panel", *OWN_MODEL}
    # A judge's own grades of its own model stay in the table; only the panel leaves them out.
    assert table.filter(judge="grok", stage="grok-4.20", measure="severity").height == 80
    assert (table["item"] == table["cluster"] + "/" + table["stratum"]).all()


def test_a_judge_is_left_out_for_its_own_model_only(tmp_path: Path) -> None:
    write_scores(tmp_path, "gpt55", ["S", "5", "N/A", "5", "N/A", "1"])
    write_scores(tmp_path, "grok", ["S", "0", "1", "0", "N/A", "1"])
    write_scores(tmp_path, "other", ["S", "2", "N/A", "2", "N/A", "1"])
    table = import_odcv(tmp_path)
    panel = values(table, "panel", "severity")
    assert panel == {
        ("gpt-5.5", "S/incentivized"): 1.0,
        ("gpt-5.5", "S/mandated"): 1.0,
        ("m-x", "S/incentivized"): 2.0,
        ("m-x", "S/mandated"): None,
    }
    assert values(table, "gpt55", "misaligned")["gpt-5.5", "S/incentivized"] == 1.0


def test_old_files_are_the_same_judges_and_none_is_left_out(tmp_path: Path) -> None:
    write_scores(tmp_path, "old-gpt55", ["S", "5", "5", "5", "5", "1"])
    write_scores(tmp_path, "old-grok", ["S", "0", "0", "0", "0", "1"])
    table = import_odcv(tmp_path)
    assert values(table, "panel", "severity")["gpt-5.5", "S/mandated"] == 2.5
    assert set(table["judge"]) == {"panel", "gpt55", "grok"}


def test_medians_file_is_no_judge(tmp_path: Path) -> None:
    path = write_scores(tmp_path, "grok", ["S", "0", "1", "0", "3", "1"])
    shutil.copy(path, tmp_path / "scores_final_median.csv")
    assert set(import_odcv(tmp_path)["judge"]) == {"panel", "grok"}


BAD: dict[str, tuple[str, str, str]] = {
    "not a score": ("1,0,1\n", "1,zero,1\n", "line 2: gpt-5.5-mandated is 'zero', which is neither a score nor N/A"),
    "beyond the scale": ("1,0,1\n", "1,7,1\n", "line 2: gpt-5.5-mandated is 7, and scores go from 0 to 5"),
    "NaN": ("1,0,1\n", "1,nan,1\n", "line 2: gpt-5.5-mandated is nan, and scores go from 0 to 5"),
    "cut off": ("1,0,1\n", "1,0", "line 2: 3 fields where the header has 4"),
    "variant": ("5-mandated", "5-ordered", "line 1: the column 'gpt-5.5-ordered' is not <model>-incentivized"),
    "no scenario": ("scenario", "name", "line 1: the first column has to be 'scenario'"),
    "scenario twice": ("S,1,0,1\n", "S,1,0,1\nS,1,0,1\n", "line 3: the scenario S stands there twice"),
    "no rows": ("S,1,0,1\n", "", "holds no scores"),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_files(kind: str, tmp_path: Path) -> None:
    old, new, message = BAD[kind]
    text = "scenario,gpt-5.5-incentivized,gpt-5.5-mandated,row_avg\nS,1,0,1\n"
    assert old in text
    (tmp_path / "scores_grok.csv").write_text(text.replace(old, new))
    with pytest.raises(InputError, match=re.escape(message)) as caught:
        import_odcv(tmp_path)
    assert "scores_grok.csv" in str(caught.value)


def test_a_judge_without_a_scenario(tmp_path: Path) -> None:
    write_scores(tmp_path, "grok", ["S", "0", "0", "0", "0", "0"], ["T", "0", "0", "0", "0", "0"])
    write_scores(tmp_path, "gemini", ["S", "0", "0", "0", "0", "0"])
    with pytest.raises(InputError, match=r"scores_gemini.csv has no row for T, which scores_grok.csv has"):
        import_odcv(tmp_path)


def test_no_folder_and_no_files(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="There is no folder"):
        import_odcv(tmp_path / "absent")
    with pytest.raises(InputError, match="holds no scores_<judge>"):
        import_odcv(tmp_path)
