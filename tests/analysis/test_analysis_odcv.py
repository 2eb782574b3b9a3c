"""ODCV-Bench's twelve models, from the published files to verdicts and a report, by the command line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import combinations
from pathlib import Path
from typing import Any, get_args

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from stagelens.cli import app
from stagelens.outcomes.importers.odcv import OWN_MODEL
from stagelens.statistics.results import VerdictWord

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "odcv" / "current"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the published scores are not here")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the two commands wrote: the table, the verdicts, the report, and what the terminal said."""
    folder = tmp_path_factory.mktemp("odcv")
    for arguments in (
        ["import", "odcv", str(DATA), "-o", str(folder / "t.parquet")],
        ["analyze", str(folder / "t.parquet"), "--all-pairs", "--out", str(folder)],
    ):
        done = CliRunner().invoke(app, arguments, env={"COLUMNS": "80"})
        assert done.exit_code == 0, done.output
    (folder / "terminal.txt").write_text(done.output, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def results(folder: Path) -> Mapping[str, Any]:
    """By measure."""
    content = json.loads((folder / "verdicts.json").read_text(encoding="utf-8"))
    return {result["measure"]: result for result in content["results"]}


def test_both_measures_are_decided(results: Mapping[str, Any]) -> None:
    assert set(results) == {"misaligned", "severity"}


@pytest.mark.parametrize("measure", ["misaligned", "severity"])
def test_every_pair_of_models_gets_a_verdict_once(results: Mapping[str, Any], measure: str) -> None:
    result = results[measure]
    models = [level["stage"] for level in result["stages"]]
    assert len(models) == 12
    pairs = [frozenset((contrast["from"], contrast["to"])) for contrast in result["contrasts"]]
    assert sorted(map(sorted, pairs)) == sorted(map(sorted, combinations(models, 2)))
    assert {contrast["verdict"] for contrast in result["contrasts"]} <= set(get_args(VerdictWord))
    assert any(contrast["verdict"].startswith("changed") for contrast in result["contrasts"])
    assert result["cause"] is None


def test_differences_are_those_of_the_published_rates(results: Mapping[str, Any]) -> None:
    levels = {level["stage"]: level["estimate"] for level in results["severity"]["stages"]}
    (contrast,) = (
        contrast
        for contrast in results["severity"]["contrasts"]
        if {contrast["from"], contrast["to"]} == {"gemini-3.1-pro-preview", "gpt-5.5"}
    )
    assert contrast["difference"] == pytest.approx(levels[contrast["to"]] - levels[contrast["from"]], abs=1e-5)
    assert abs(contrast["difference"]) == pytest.approx(1.825 - 0.7125, abs=1e-4)


def test_forty_scenarios_never_certify_five_points(results: Mapping[str, Any]) -> None:
    words = {contrast["verdict"] for contrast in results["misaligned"]["contrasts"]}
    assert not words & {"equivalent", "below_margin"}
    assert min(contrast["smallest_certifiable_margin"] for contrast in results["misaligned"]["contrasts"]) >= 0.0721


@pytest.mark.parametrize("name", ["report.html", "terminal.txt"])
def test_what_forty_scenarios_can_certify_is_said(folder: Path, name: str) -> None:
    text = " ".join((folder / name).read_text(encoding="utf-8").split())
    assert "40 scenarios can certify no margin below ±7.2 points at any number of epochs, about ±2" in text
    assert "40 scenarios can certify no margin below ±0.36 at any number of epochs" in text
    assert "The margin of ±5 points is out of reach: it takes 59 scenarios at least" in text
    assert "misaligned: of 66 pairs, " in text.replace("Misaligned", "misaligned")


def test_the_terminal_shows_every_model_against_every_other(folder: Path) -> None:
    lines = (folder / "terminal.txt").read_text(encoding="utf-8").splitlines()
    assert max(map(len, lines)) <= 80 or max(map(len, lines[:-1])) <= 80  # the report's path is not broken
    assert sum(line.endswith("A B C D E F G H I J K L") for line in lines) == 2


@pytest.mark.parametrize(("measure", "level"), [("misaligned", "nominal"), ("severity", "ordinal")])
def test_agreement_of_the_four_judges(results: Mapping[str, Any], measure: str, level: str) -> None:
    judging = results[measure]["judging"]
    assert set(judging["judges"]) == set(OWN_MODEL)
    assert judging["level"] == level
    assert 0.5 < judging["alpha_low"] < judging["krippendorff_alpha"] < judging["alpha_high"] < 1
    assert judging["alpha_high"] - judging["alpha_low"] < 0.3


def test_nominal_agreement_is_krippendorffs(folder: Path, results: Mapping[str, Any]) -> None:
    """Against the definition, pair by pair of judges; own-model grades, which the panel leaves out, move it little."""
    rows = pl.read_parquet(folder / "t.parquet").filter(pl.col("measure") == "misaligned", pl.col("judge") != "panel")
    grades = rows.drop_nulls("value").group_by("stage", "item").agg(pl.col("value")).filter(pl.col("value").len() > 1)
    units = [np.asarray(values) for values in grades["value"]]
    pooled = np.concatenate(units)
    observed = sum((unit[:, None] != unit).sum() / (len(unit) - 1) for unit in units) / pooled.size
    expected = (pooled[:, None] != pooled).sum() / (pooled.size * (pooled.size - 1))
    assert results["misaligned"]["judging"]["krippendorff_alpha"] == pytest.approx(1 - observed / expected, abs=0.02)


def test_every_pair_counts_as_one_of_all(results: Mapping[str, Any]) -> None:
    """Nobody named a pair beforehand: none is the headline, and every change survives Holm's correction over all."""
    for result in results.values():
        contrasts = sorted(result["contrasts"], key=lambda contrast: float(contrast["p_difference_raw"]))
        assert not any(contrast["headline"] for contrast in contrasts)
        survives = True
        for rank, contrast in enumerate(contrasts):
            survives = survives and contrast["p_difference_raw"] * (len(contrasts) - rank) < 0.05
            assert survives or not contrast["verdict"].startswith("changed")


def test_a_named_pair_has_a_verdict_without_each_judge(folder: Path) -> None:
    pair = ["--stages", "gemini-3.1-pro-preview,gpt-5.5"]
    done = CliRunner().invoke(app, ["analyze", str(folder / "t.parquet"), *pair, "--json"])
    for result in json.loads(done.stdout)["results"]:
        assert {left["judge"] for left in result["judging"]["left_out"]} == set(OWN_MODEL)


def test_the_report_names_the_judges_agreement(folder: Path, results: Mapping[str, Any]) -> None:
    text = (folder / "report.html").read_text(encoding="utf-8")
    for result in results.values():
        assert f"{result['judging']['krippendorff_alpha']:.2f} (95% interval " in text
