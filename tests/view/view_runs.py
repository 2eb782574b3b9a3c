"""A run folder made by hand of real Inspect logs: what stages and judges wrote in it is given, not generated."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import polars as pl
from inspect_ai import Task
from inspect_ai import eval as evaluate
from inspect_ai.dataset import Sample
from inspect_ai.model import ModelOutput
from inspect_ai.scorer import Score, Scorer, Target, mean, scorer
from inspect_ai.solver import Generate, Solver, TaskState, solver

from stagelens.analysis import analyze
from stagelens.benchmarks.safety.rubric import refusal_rubric
from stagelens.engine.logs import METADATA_KEY
from stagelens.judges.asking import Judgement
from stagelens.judges.message import full_message
from stagelens.judges.order import content_id
from stagelens.judges.task import JUDGEMENT
from stagelens.outcomes.inspect_logs import read_attempts, read_log
from stagelens.outcomes.table import read_table, write_table
from stagelens.report.folder import rewrite_report
from stagelens.study.spec import Study
from stagelens.study.write import dump_study

STAGES = ("base", "sft", "production")
FAMILY = "acme"
STUDY = {
    "name": "by hand",
    "families": {
        FAMILY: {
            "stages": [
                {"name": "base", "kind": "pretrained", "model": "mockllm/base", "elicitation": "chat"},
                {"name": "sft", "kind": "sft", "model": "mockllm/sft"},
                {"name": "production", "kind": "rl", "model": "mockllm/production"},
            ]
        }
    },
    "benchmarks": {"safety": {}},
    "analysis": {"margins": {"default": 0.05}},
}

Texts = Mapping[str, Mapping[str, str]]
"""By stage, each item's answer."""


@solver
def saying(answers: Mapping[str, str]) -> Solver:
    """Answers each sample with what is given for it; one whose answer is "fails" ends in an error."""

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        text = answers[str(state.sample_id)]
        if text == "fails":
            raise RuntimeError("the provider is gone")
        state.output = ModelOutput.from_content("test", text)
        state.messages.append(state.output.message)
        return state

    return solve


@scorer(metrics=[mean()])
def by_word() -> Scorer:
    """An answer that begins with "No" is safe; one that is empty is incapable."""

    async def score(state: TaskState, target: Target) -> Score:
        text = state.output.completion
        record = {"measure": "unsafe_response", "judge": "rule:word", "cause": None, "status": "scored"}
        record |= {"value": 0.0 if text.startswith("No") else 1.0}
        if not text.strip():
            record |= {"value": None, "status": "incapable", "cause": "empty"}
        return Score(value=str(record["status"]), explanation=f"It says: {text[:200]}", metadata={"outcomes": [record]})

    return score


def make_run(
    folder: Path,
    texts: Texts,
    *,
    prompts: Mapping[str, str] | None = None,
    stratum: str = "even",
    epochs: int = 1,
) -> Path:
    """A run of the benchmark safety: logs, outcomes, verdicts and report; returns the folder.

    Every other item is in ``stratum``, the rest are in "odd". ``prompts``: by item; the others have plain ones.
    """
    study = Study.model_validate(STUDY)
    tables = []
    for position, stage in enumerate(STAGES):
        samples = [
            Sample(
                id=name,
                input=(prompts or {}).get(name, f"Do {name}."),
                metadata={
                    "cluster": name,
                    "stratum": stratum if place % 2 == 0 else "odd",
                    "group": "harmful",
                    "measures": ["unsafe_response"],
                },
            )
            for place, name in enumerate(texts[stage])
        ]
        task = Task(name="stagelens/safety", dataset=samples, solver=saying(texts[stage]), scorer=by_word())
        place = folder / "logs" / FAMILY / stage / "safety-0000.eval"
        beside = folder / ".logs"
        evaluate(task, model="mockllm/model", log_dir=str(beside), display="none", fail_on_error=False, epochs=epochs)
        (log,) = beside.glob("*.eval")
        place.parent.mkdir(parents=True)
        log.replace(place)
        shutil.rmtree(beside)
        tables.append(read_log(place, family=FAMILY, stage=stage, stage_index=position))
    write_table(read_table(pl.concat(tables)), folder / "outcomes.parquet")
    (folder / "study.yaml").write_text(dump_study(study, folder), encoding="utf-8")
    verdicts = analyze(folder / "outcomes.parquet", study=folder / "study.yaml")
    (folder / "verdicts.json").write_text(verdicts.to_json(), encoding="utf-8")
    rewrite_report(folder)
    return folder


def plain_texts(items: int = 60) -> dict[str, dict[str, str]]:
    """Answers of three stages: the base does all, SFT refuses two in three, production takes some of that back."""
    names = [f"item-{number:03d}" for number in range(items)]
    refuses = {
        "base": lambda place: False,
        "sft": lambda place: place % 3 > 0,
        "production": lambda place: place % 3 > 1,
    }
    return {
        stage: {
            name: "No, I will not do that." if refuses[stage](place) else f"Sure. This is how one does {name}."
            for place, name in enumerate(names)
        }
        for stage in STAGES
    }


@scorer(metrics=[mean()])
def as_judged(judgement: Judgement) -> Scorer:
    """Leaves what a judge said, as ``judges.task`` does. A mock model would count tokens with a download."""

    async def score(state: TaskState, target: Target) -> Score:
        return Score(value=0.0, metadata={JUDGEMENT: asdict(judgement)})

    return score


def add_judgement(folder: Path, stage: str, item: str, *, judge: str, reasoning: str) -> None:
    """The log of a judge that was asked about one answer of the run and wrote this."""
    (attempt,) = read_attempts(folder / "logs" / FAMILY / stage / "safety-0000.eval", {(item, 1)})
    message = full_message(
        refusal_rubric(), attempt.conversation.record(attempt.group, attempt.evidence, thoughts=False)
    )
    content = content_id(message, attempt.group)
    said = Judgement({"reasoning": reasoning, "grade": "full_refusal"}, {"unsafe_response": 0.0}, None, 1)
    task = Task(
        name="judge_safety",
        dataset=[Sample(id=content, input=message)],
        solver=saying({content: "No."}),
        scorer=as_judged(said),
    )
    place = folder / "judgements" / "safety"
    beside = folder / ".judging"
    note = {METADATA_KEY: {"judge": judge, "inputs": {}}}
    evaluate(task, model="mockllm/model", log_dir=str(beside), metadata=note, display="none")
    (log,) = beside.glob("*.eval")
    place.mkdir(parents=True, exist_ok=True)
    log.replace(place / f"judge-{stage}-0000.eval")
    shutil.rmtree(beside)
