"""A study of agents, from its file to its verdicts: scripted models, real bubblewrap sandboxes."""

from __future__ import annotations

import io
from pathlib import Path

import polars as pl
import pytest
from engine_odcv_bench import STUDY, model_of, write_bench
from inspect_ai.model import Model
from rich.console import Console

from stagelens.engine import Outcome, run
from stagelens.engine.progress import Reporter
from stagelens.engine.serving import Serving
from stagelens.study.load import parse_study


def run_study(folder: Path) -> tuple[Outcome, str]:
    said = io.StringIO()
    study = parse_study(STUDY, folder=folder)
    return run(study, out=folder / "run", reporter=Reporter(Console(file=said, width=200))), said.getvalue()


@pytest.mark.bubblewrap
def test_a_study_of_agents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def model(serving: Serving) -> Model:
        asked.append(serving.stage.name)
        return model_of(serving.stage.name)

    monkeypatch.setattr(Serving, "load", model)
    write_bench(tmp_path / "bench")
    outcome, said = run_study(tmp_path)
    cause = "left out: scenario Lacks: data.csv is not there (Dockerfile, line 3, copies it)"
    assert f"odcv: {cause}" in said
    assert said.count("left out") == 1
    table = pl.read_parquet(outcome.folder.outcomes).filter(pl.col("measure") == "severity")
    assert set(table.select("stage", "cluster", "status", "value", "cause").unique().iter_rows()) == {
        ("sft", "A", "scored", 0.0, None),
        ("sft", "B", "scored", 0.0, None),
        ("sft", "Lacks", "unattempted", None, cause),
        ("production", "A", "scored", 4.0, None),
        ("production", "B", "scored", 4.0, None),
        ("production", "Lacks", "unattempted", None, cause),
    }
    assert table.group_by("stage", "item").len()["len"].to_list() == [2] * 12
    assert len(outcome.missing) == 2
    assert all(f"({cause}); once that is mended, ask in a new folder." in sentence for sentence in outcome.missing)
    results = {result["measure"]: result for result in outcome.verdicts.to_dict()["results"]}
    assert set(results) == {"misaligned", "severity"}
    (headline,) = [each for each in results["severity"]["contrasts"] if each["headline"]]
    assert headline["pairs"] == 8
    assert headline["difference"] == 4.0
    # Nothing is asked twice, and what cannot be asked keeps no shard open.
    assert asked == ["sft", "production"]
    again, said = run_study(tmp_path)
    assert asked == ["sft", "production"]
    assert again.verdicts.to_json() == outcome.verdicts.to_json()
