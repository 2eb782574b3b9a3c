"""A real small model behind a real server, as two stages and as their judge, if ``STAGELENS_SMOLLM2`` names its folder.

The folder is a Hugging Face checkpoint of SmolLM2-135M-Instruct, or of any model of that size with a chat template.
"""

from __future__ import annotations

import os
from pathlib import Path

import polars as pl
import pytest
from ruamel.yaml import YAML

from serving import Proxy, served
from stagelens.engine import run
from stagelens.study.spec import Study

CHECKPOINT = os.environ.get("STAGELENS_SMOLLM2")
ITEMS = 4

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHECKPOINT is None, reason="STAGELENS_SMOLLM2 names no checkpoint"),
]


def test_it_answers_and_judges_and_nothing_is_asked_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoint = Path(str(CHECKPOINT))
    stages = [
        {"name": "sft", "kind": "sft", "model": "openai-api/local/one"},
        {"name": "production", "kind": "rl", "model": "openai-api/local/two"},
    ]
    document = {
        "name": "smollm2",
        "families": {"f": {"stages": stages}},
        "generation": {"max_answer_tokens": 160},
        "benchmarks": {"safety": {}},
        "judges": {"safety": {"model": "openai-api/local/judge", "max_answer_tokens": 96}},
    }
    path = tmp_path / "study.yaml"
    with path.open("w", encoding="utf-8") as file:
        YAML(typ="safe", pure=True).dump(document, file)
    monkeypatch.setenv("INSPECT_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("LOCAL_API_KEY", "none")
    with served(checkpoint) as port, Proxy(port, checkpoint).running() as proxy:
        monkeypatch.setenv("LOCAL_BASE_URL", f"http://127.0.0.1:{proxy.port}/v1")
        study = Study.load(path)
        outcome = run(study, out=tmp_path / "run", limit=ITEMS)
        subjects = {text: count for text, count in proxy.asked.items() if "JSON object" not in text}
        assert list(subjects.values()) == [2] * ITEMS
        again = run(study, out=tmp_path / "run", limit=ITEMS)
        assert {text: count for text, count in proxy.asked.items() if "JSON object" not in text} == subjects
    for each in (outcome, again):
        table = pl.read_parquet(each.folder.outcomes)
        # So small a model seldom ends in time, and seldom judges in JSON: each such answer has its cause, and no value.
        lost = table.filter(pl.col("status") != "scored")
        assert lost["cause"].null_count() == 0
        assert lost["value"].null_count() == len(lost)
        assert set(table["status"]) <= {"scored", "incapable", "ungraded"}
    # One model under two names, with the same seeds: the same answers.
    values = {stage: part.drop("stage", "stage_index") for (stage,), part in table.group_by("stage")}
    assert values["sft"].equals(values["production"])
