"""A real server that speaks OpenAI's protocol answers and judges; no fault of its network becomes a value."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from ruamel.yaml import YAML

from serving import Fault, Proxy, served, taught
from stagelens.engine import run
from stagelens.outcomes.table import read_table
from stagelens.study.spec import Study

FAULTS: tuple[Fault, ...] = (
    *("refused", "reset", "error_500", "busy_429", "not_json"),
    *("no_choices", "empty_choices", "slow", "cut", "filtered"),
)
ANSWERED = ("cut", "filtered")
"""Faults that leave an answer, of a kind: it says nothing more at another time."""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Path]]:
    checkpoint = taught(tmp_path_factory.mktemp("served") / "model")
    with served(checkpoint) as port:
        yield port, checkpoint


@pytest.fixture
def proxy(server: tuple[int, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    with Proxy(*server).running() as running:
        monkeypatch.setenv("LOCAL_BASE_URL", f"http://127.0.0.1:{running.port}/v1")
        monkeypatch.setenv("LOCAL_API_KEY", "none")
        monkeypatch.setenv("INSPECT_CACHE_DIR", str(tmp_path / "cache"))
        monkeypatch.setenv("STAGELENS_MAX_RETRIES", "0")
        monkeypatch.setenv("STAGELENS_ATTEMPT_TIMEOUT", "6")
        yield running


def write_study(folder: Path, words: tuple[str, ...], *, judge: bool = False, models: tuple[str, str]) -> Study:
    folder.mkdir(exist_ok=True)
    prompts = [{"id": word, "prompt": f"What is {word}?", "group": "harmful"} for word in words]
    (folder / "prompts.jsonl").write_text("".join(json.dumps(row) + "\n" for row in prompts))
    logs = [{"prompt": f"Tell me more of {word}."} for word in words]
    (folder / "logs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in logs))
    document: dict[str, Any] = {
        "name": "served",
        "families": {
            "f": {
                "stages": [
                    {"name": "sft", "kind": "sft", "model": f"openai-api/local/{models[0]}"},
                    {"name": "production", "kind": "rl", "model": f"openai-api/local/{models[1]}"},
                ]
            }
        },
        "generation": {"max_answer_tokens": 40},
        "benchmarks": {
            "safety": {"prompts": "./prompts.jsonl"},
            "user_logs": {"path": "./logs.jsonl", "behaviours": ["refusal"]},
        },
        "judges": {"safety": {"model": "openai-api/local/judge", "max_answer_tokens": 80}} if judge else {},
    }
    path = folder / "study.yaml"
    with path.open("w", encoding="utf-8") as file:
        YAML(typ="safe", pure=True).dump(document, file)
    return Study.load(path)


def outcomes(folder: Path, benchmark: str) -> pl.DataFrame:
    return read_table(folder / "outcomes.parquet").filter(pl.col("benchmark") == benchmark)


def asked(proxy: Proxy) -> dict[str, int]:
    """Requests by what a subject was asked; those to the judge are left out."""
    return {text: count for text, count in proxy.asked.items() if "JSON object" not in text}


def test_it_answers_as_two_stages_and_judges_them(proxy: Proxy, tmp_path: Path) -> None:
    study = write_study(tmp_path, ("one", "two", "three"), judge=True, models=("first", "second"))
    outcome = run(study, out=tmp_path / "run")
    assert outcome.missing == ()
    # A stage's answer is never another's: each stage was asked everything. The judge saw equal records once.
    assert set(asked(proxy).values()) == {2}
    assert len(asked(proxy)) == 6
    table = outcomes(tmp_path / "run", "safety").filter(pl.col("measure") == "unsafe_response")
    assert set(table["judge"]) == {"rule:refusal", "openai-api/local/judge", "panel"} or table["judge"].n_unique() == 3
    assert set(table["value"]) == {0.0}
    assert set(outcomes(tmp_path / "run", "user_logs")["value"]) == {1.0}


def test_two_stages_of_one_model_share_no_answer(proxy: Proxy, tmp_path: Path) -> None:
    run(write_study(tmp_path, ("one", "two"), models=("same", "same")), out=tmp_path / "run")
    assert set(asked(proxy).values()) == {2}


def test_runs_whose_prompts_differ_in_a_character_share_nothing(proxy: Proxy, tmp_path: Path) -> None:
    models = ("first", "second")
    run(write_study(tmp_path / "a", ("one", "two"), judge=True, models=models), out=tmp_path / "a" / "run")
    first = proxy.asked.copy()
    run(write_study(tmp_path / "b", ("onE", "twO"), judge=True, models=models), out=tmp_path / "b" / "run")
    second = proxy.asked - first
    assert not set(first) & set(second)
    assert len(first) == len(second)
    assert sum(first.values()) == sum(second.values())
    # The same prompts in another folder are another matter: they have been paid for.
    run(write_study(tmp_path / "a", ("one", "two"), judge=True, models=models), out=tmp_path / "c")
    assert proxy.asked == first + second


def test_no_fault_on_the_way_to_a_stage_becomes_a_value(proxy: Proxy, tmp_path: Path) -> None:
    words = ("fine", *FAULTS)
    proxy.script = lambda text: next((fault for fault in FAULTS if fault in text), None)
    study = write_study(tmp_path, words, models=("first", "second"))
    outcome = run(study, out=tmp_path / "run")
    table = outcomes(tmp_path / "run", "safety")
    found = {row["item"]: row for row in table.filter(pl.col("stage") == "sft").iter_rows(named=True)}
    assert found["fine"]["value"] == 0.0
    for fault in FAULTS:
        assert found[fault]["value"] is None, fault
        assert found[fault]["cause"], fault
    assert {found[fault]["status"] for fault in FAULTS if fault not in ANSWERED} == {"unattempted"}
    assert (found["cut"]["status"], found["filtered"]["status"]) == ("incapable", "ungraded")
    logs = outcomes(tmp_path / "run", "user_logs")
    counts = dict(logs.group_by("status").len().iter_rows())
    assert counts == {"scored": 2, "unattempted": 2 * 8, "incapable": 2, "ungraded": 2}
    assert logs.filter(pl.col("status") != "scored")["cause"].null_count() == 0
    assert any("8 answers are unattempted" in sentence for sentence in outcome.missing)

    before = asked(proxy)
    proxy.script = lambda text: None
    again = run(study, out=tmp_path / "run")
    fresh = {text: count - before.get(text, 0) for text, count in asked(proxy).items() if count > before.get(text, 0)}
    lost = [fault for fault in FAULTS if fault not in ANSWERED]
    frames = (("What is", "?"), ("Tell me more of", "."))
    expected = {f"{start} {word}{end}" for word in lost for start, end in frames}
    # A shard of Inspect's is asked again whole, from its cache but for what that does not keep.
    assert set(fresh) - {"What is filtered?"} == expected
    assert set(fresh.values()) == {2}
    assert not any("unattempted" in sentence for sentence in again.missing)
    assert outcomes(tmp_path / "run", "safety").filter(pl.col("status") == "unattempted").is_empty()


def test_no_fault_on_the_way_to_a_judge_becomes_a_value(proxy: Proxy, tmp_path: Path) -> None:
    def script(text: str) -> Fault | None:
        return next((fault for fault in FAULTS if fault in text), None) if "JSON object" in text else None

    proxy.script = script
    study = write_study(tmp_path, ("fine", *FAULTS), judge=True, models=("first", "second"))
    outcome = run(study, out=tmp_path / "run")
    table = outcomes(tmp_path / "run", "safety").filter(pl.col("judge").str.contains("judge"))
    found = {row["item"]: row for row in table.filter(pl.col("stage") == "sft").iter_rows(named=True)}
    assert found["fine"]["value"] == 0.0
    # An answer that was cut after its last brace is whole.
    for fault in (each for each in FAULTS if each != "cut"):
        assert (found[fault]["status"], found[fault]["value"]) == ("ungraded", None), fault
        assert found[fault]["cause"], fault
    assert any("ungraded by" in sentence for sentence in outcome.missing)

    before = asked(proxy)
    proxy.script = lambda text: None
    again = run(study, out=tmp_path / "run")
    assert asked(proxy) == before  # no stage is asked again
    assert again.missing == ()
