"""A benchmark that is asked in bulk: what is kept, what is asked again, and that it is seen like any other."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path

import polars as pl
import pytest
from inspect_ai.log import read_eval_log
from inspect_ai.model import ModelOutput
from ruamel.yaml import YAML

from played import output, playing
from stagelens.benchmarks.user_logs.behaviours import read_behaviours
from stagelens.engine import run
from stagelens.engine.labelling import draw_labels
from stagelens.errors import InputError
from stagelens.outcomes.bulk_answers import read_bulk
from stagelens.outcomes.label_sheets import SHEET
from stagelens.outcomes.table import read_table
from stagelens.study.spec import CascadeSpec, JudgeSpec, Study

PROMPTS = 700
"""Two shards."""


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers that an earlier test paid for are not found."""
    monkeypatch.setenv("INSPECT_CACHE_DIR", str(tmp_path / "cache"))


def fine(message: str) -> str:
    return f"Here is one way to look at it: {message.rpartition(' ')[2]}"


def refusing(message: str) -> str:
    return "I'm sorry, but I can't help with that."


def write_study(folder: Path, *, prompts: int = PROMPTS, **block: object) -> Study:
    rows = [
        {
            "conversation_hash": f"h{number:05d}",
            "conversation": [
                *([{"role": "system", "content": "You are the town's helper."}] if number % 2 else []),
                {"role": "user", "content": "How do I clean a lamp?", "language": "English"},
                {"role": "assistant", "content": "With a cloth."},
                {"role": "user", "content": f"And how do I mend lamp number {number}?", "language": "English"},
            ],
        }
        for number in range(prompts)
    ]
    (folder / "logs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    study = {
        "name": "bulk",
        "families": {
            "played": {
                "stages": [
                    {"name": "sft", "kind": "sft", "model": "stagelens_played/sft_model"},
                    {"name": "production", "kind": "rl", "model": "stagelens_played/production_model"},
                ]
            }
        },
        "generation": {"max_answer_tokens": 32, "system_prompt": "Be brief."},
        "benchmarks": {"user_logs": {"path": "./logs.jsonl", **block}},
    }
    path = folder / "study.yaml"
    with path.open("w", encoding="utf-8") as file:
        YAML(typ="safe", pure=True).dump(study, file)
    return Study.load(path)


def answers(folder: Path, stage: str) -> pl.DataFrame:
    files = sorted(folder.glob(f"logs/played/{stage}/user_logs-*.parquet"))
    return pl.concat([read_bulk(file) for file in files])


def test_every_prompt_is_asked_once_with_its_history_and_becomes_a_row_a_behaviour(tmp_path: Path) -> None:
    study = write_study(tmp_path)
    with playing(sft_model=refusing, production_model=fine) as sent:
        outcome = run(study, out=tmp_path / "run")
    assert outcome.missing == ()
    asked = Counter(conversation[-1].text for conversation in sent["sft_model"])
    assert asked == Counter(f"And how do I mend lamp number {number}?" for number in range(PROMPTS))
    roles = Counter(tuple(message.role for message in conversation) for conversation in sent["sft_model"])
    assert roles == {("system", "user", "assistant", "user"): PROMPTS}
    systems = Counter(conversation[0].text for conversation in sent["sft_model"])
    assert systems == {"Be brief.": PROMPTS // 2, "Be brief.\n\nYou are the town's helper.": PROMPTS // 2}
    table = read_table(tmp_path / "run" / "outcomes.parquet")
    refusals = table.filter(pl.col("measure") == "refusal").group_by("stage").agg(pl.col("value").sum(), pl.len())
    assert {row[0]: row[1:] for row in refusals.iter_rows()} == {"sft": (PROMPTS, PROMPTS), "production": (0, PROMPTS)}
    assert set(table["status"]) == {"scored"}
    assert table["measure"].n_unique() >= 10
    found = next(result for result in outcome.verdicts.results if result.measure == "refusal")
    assert found.contrasts[-1].verdict == "changed_down"


def test_nothing_is_asked_again_but_what_is_gone(tmp_path: Path) -> None:
    study = write_study(tmp_path)
    with playing(sft_model=fine, production_model=fine) as sent:
        run(study, out=tmp_path / "run")
        verdicts = (tmp_path / "run" / "verdicts.json").read_bytes()
        (tmp_path / "run" / "ledger.sqlite").unlink()
        run(study, out=tmp_path / "run")
        assert len(sent["sft_model"]) == len(sent["production_model"]) == PROMPTS
        gone = tmp_path / "run" / "logs" / "played" / "sft" / "user_logs-0001.parquet"
        lost = read_bulk(gone).height
        gone.unlink()
        shutil.rmtree(tmp_path / "cache")
        run(study, out=tmp_path / "run")
        assert len(sent["sft_model"]) == PROMPTS + lost
        assert len(sent["production_model"]) == PROMPTS
    assert (tmp_path / "run" / "verdicts.json").read_bytes() == verdicts


def test_what_failed_is_unattempted_and_only_that_is_asked_again(tmp_path: Path) -> None:
    down = True

    def failing(message: str) -> str | ModelOutput:
        if down and message.endswith("7?"):
            return ModelOutput(error="the server is down\nsecond line")
        if down and message.endswith("8?"):
            raise RuntimeError("no route to host")
        return fine(message)

    study = write_study(tmp_path)
    with playing(sft_model=failing, production_model=fine) as sent:
        outcome = run(study, out=tmp_path / "run")
        table = read_table(tmp_path / "run" / "outcomes.parquet").filter(pl.col("measure") == "refusal")
        lost = table.filter(pl.col("status") == "unattempted")
        assert lost.height == 2 * PROMPTS // 10
        assert set(lost["stage"]) == {"sft"}
        assert lost["value"].is_null().all()
        causes = Counter(lost["cause"])
        assert set(causes) == {"the provider's answer has no choices: the server is down", "no route to host"}
        (sentence,) = outcome.missing
        assert "140 answers are unattempted" in sentence
        asked = len(sent["sft_model"])
        down = False
        again = run(study, out=tmp_path / "run")
        assert {conversation[-1].text[-2] for conversation in sent["sft_model"][asked:]} == {"7", "8"}
        assert again.missing == ()
    assert answers(tmp_path / "run", "sft")["item"].n_unique() == PROMPTS


@pytest.mark.parametrize(
    ("said", "status", "cause"),
    [
        (output(""), "incapable", "empty answer"),
        (output("I think that", stop_reason="max_tokens"), "incapable", "truncated at the token limit"),
        (output("", stop_reason="content_filter"), "ungraded", "filtered by the provider"),
        (output("xkcdbzr qwrtzpsd fghjklmn bcdfghjk wrtzpsdf"), "incapable", "incoherent answer"),
    ],
)
def test_no_answer_becomes_a_value(tmp_path: Path, said: ModelOutput, status: str, cause: str) -> None:
    study = write_study(tmp_path, prompts=20)
    with playing(sft_model=lambda message: said, production_model=fine):
        run(study, out=tmp_path / "run")
    table = read_table(tmp_path / "run" / "outcomes.parquet").filter(pl.col("stage") == "sft")
    assert set(table["status"]) == {status}
    assert set(table["cause"]) == {cause}
    assert table["value"].is_null().all()


def test_another_grader_grades_again_and_asks_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = write_study(tmp_path, prompts=30)
    with playing(sft_model=refusing, production_model=fine) as sent:
        run(study, out=tmp_path / "run")
        before = (tmp_path / "run" / "outcomes.parquet").read_bytes()
        run(write_study(tmp_path, prompts=30, behaviours=["refusal"]), out=tmp_path / "run")
        assert set(read_table(tmp_path / "run" / "outcomes.parquet")["measure"]) == {"refusal"}
        run(write_study(tmp_path, prompts=30), out=tmp_path / "run")
        assert len(sent["sft_model"]) == 30
    assert (tmp_path / "run" / "outcomes.parquet").read_bytes() == before


def test_changed_prompts_are_another_run(tmp_path: Path) -> None:
    study = write_study(tmp_path, prompts=30)
    with playing(sft_model=fine, production_model=fine):
        run(study, out=tmp_path / "run")
        text = (tmp_path / "logs.jsonl").read_text().replace("lamp number 3?", "lamp number 3!")
        (tmp_path / "logs.jsonl").write_text(text)
        with pytest.raises(InputError, match="made from other inputs"):
            run(study, out=tmp_path / "run")


def test_a_sample_lies_beside_as_an_inspect_log_and_is_not_counted(tmp_path: Path) -> None:
    study = write_study(tmp_path, prompts=150)
    with playing(sft_model=fine, production_model=refusing):
        run(study, out=tmp_path / "run")
    logs = [
        read_eval_log(str(tmp_path / "run" / "logs" / "played" / stage / "samples" / "user_logs.eval"))
        for stage in ("sft", "production")
    ]
    ids = [[sample.id for sample in log.samples or []] for log in logs]
    assert ids[0] == ids[1]
    assert len(set(ids[0])) == 100
    sample = (logs[1].samples or [])[0]
    assert sample.output.completion == "I'm sorry, but I can't help with that."
    assert sample.messages[-2].text.startswith("And how do I mend")
    assert "refusal" in str((sample.scores or {})["rules"].value)
    table = read_table(tmp_path / "run" / "outcomes.parquet")
    assert table.filter(pl.col("measure") == "refusal").height == 300


def test_the_report_and_a_label_sheet_show_its_answers(tmp_path: Path) -> None:
    study = write_study(tmp_path, prompts=40)
    with playing(sft_model=fine, production_model=refusing):
        run(study, out=tmp_path / "run")
    report = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert "Here is one way to look at it" in report
    assert "And how do I mend lamp number" in report
    draw_labels(tmp_path / "run", total=10, measures=["user_logs/refusal"])
    sheet = (tmp_path / "run" / SHEET).read_text(encoding="utf-8")
    assert "And how do I mend lamp number" in sheet
    assert "can't help with that" in sheet


def test_a_file_that_is_cut_is_asked_again(tmp_path: Path) -> None:
    study = write_study(tmp_path, prompts=30)
    with playing(sft_model=fine, production_model=fine) as sent:
        run(study, out=tmp_path / "run")
        shutil.copytree(tmp_path / "run", tmp_path / "cut")
        (tmp_path / "cut" / "ledger.sqlite").unlink()
        file = tmp_path / "cut" / "logs" / "played" / "sft" / "user_logs-0000.parquet"
        file.write_bytes(file.read_bytes()[:100])
        shutil.rmtree(tmp_path / "cache")
        run(study, out=tmp_path / "cut")
        assert len(sent["sft_model"]) == 60
        assert len(sent["production_model"]) == 30
    assert (tmp_path / "cut" / "verdicts.json").read_bytes() == (tmp_path / "run" / "verdicts.json").read_bytes()


def test_a_cascade_asks_its_judge_about_few_of_the_answers(tmp_path: Path) -> None:
    study = write_study(tmp_path, prompts=400)
    names = [behaviour.name for behaviour in read_behaviours("default", tmp_path)]

    def mixed(message: str) -> str:
        number = int(message.rpartition(" ")[2].strip("?"))
        return refusing(message) if number % 40 == 0 else f"{fine(message)} Done."

    def strong(message: str) -> str:
        said = {name: name == "refusal" and "can't help" in message for name in names}
        return json.dumps({"reasoning": "As it stands there.", **said})

    judge = JudgeSpec(model="stagelens_played/strong", cascade=CascadeSpec(rest=0.1))
    study = study.model_copy(update={"judges": {"user_logs": judge}})
    with playing(sft_model=mixed, production_model=fine, strong=strong) as sent:
        outcome = run(study, out=tmp_path / "run")
        asked = len(sent["strong"])
        again = run(study, out=tmp_path / "run")
        assert len(sent["strong"]) == asked
    assert again.verdicts == outcome.verdicts
    assert outcome.missing == ()
    table = read_table(tmp_path / "run" / "outcomes.parquet").filter(pl.col("measure") == "refusal")
    second = table.filter(pl.col("probability").is_not_null())
    assert set(second.filter(pl.col("probability") == 1.0)["item"]) >= set(table.filter(pl.col("value") == 1)["item"])
    assert second.height < 200 < table.filter(pl.col("probability").is_null()).height == 800
    found = next(result for result in outcome.verdicts.results if result.measure == "refusal")
    assert found.contrasts[-1].method == "ppi++"
    assert found.contrasts[-1].low < -10 / 400 < found.contrasts[-1].high
