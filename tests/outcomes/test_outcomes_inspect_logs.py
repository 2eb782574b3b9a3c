"""Logs as Inspect writes them: outcomes, failures, transcripts."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from stagelens.errors import InputError
from stagelens.outcomes.inspect_logs import read_answers, read_log, read_transcripts
from stagelens.outcomes.schema import COLUMNS
from stagelens.outcomes.table import read_table

pytest.importorskip("inspect_ai")

GROUPS = {"h1": "harmful", "h2": "harmful", "b1": "benign", "fails": "harmful", "unscored": "harmful"}
MEASURES = {"harmful": ["unsafe_response"], "benign": ["over_refusal", "partial_refusal", "solved_honestly"]}


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two epochs of five items: one sample fails, one is given no score."""
    from inspect_ai import Task
    from inspect_ai import eval as evaluate
    from inspect_ai.dataset import Sample
    from inspect_ai.scorer import Score, Scorer, Target, mean, scorer
    from inspect_ai.solver import TaskState

    from inspect_tasks import answering

    @scorer(metrics=[mean()])
    def grades() -> Scorer:
        async def score(state: TaskState, target: Target) -> Score | None:
            if state.sample_id == "unscored":
                return None
            first, *others = state.metadata["measures"]
            rest = {"value": 1.0, "status": "scored", "cause": None, "judge": "rule:test", "note": "not ours"}
            none = rest | {"value": None, "status": "incapable", "cause": "empty answer"}
            return Score(
                value=1,
                metadata={"outcomes": [{"measure": first, **rest}, *({"measure": other, **none} for other in others)]},
            )

        return score

    samples = [
        Sample(
            id=name,
            input=f"Question {name}",
            metadata={
                "cluster": f"cluster of {name}",
                "stratum": "s" if group == "benign" else None,
                "group": group,
                "measures": MEASURES[group],
            },
        )
        for name, group in GROUPS.items()
    ]
    task = Task(name="stagelens/safety", dataset=samples, solver=answering(), scorer=grades(), epochs=2)
    folder = tmp_path_factory.mktemp("logs")
    evaluate(task, model="mockllm/model", log_dir=str(folder), display="none", fail_on_error=False)
    (path,) = folder.glob("*.eval")
    return path


def read(log: Path) -> pl.DataFrame:
    return read_log(log, family="f", stage="sft", stage_index=1)


def test_records_become_rows(log: Path) -> None:
    table = read(log)
    assert dict(table.schema) == COLUMNS
    assert table.height == 2 * (4 + 3)
    assert set(table["benchmark"]) == {"safety"}
    assert table["measure"].unique(maintain_order=True).to_list() == [
        "unsafe_response",
        "over_refusal",
        "partial_refusal",
        "solved_honestly",
    ]
    benign = table.filter(item="b1", epoch=2)
    assert benign["status"].to_list() == ["scored", "incapable", "incapable"]
    assert benign["value"].to_list() == [1.0, None, None]
    assert benign["cause"].to_list() == [None, "empty answer", "empty answer"]
    assert benign["cluster"].to_list() == ["cluster of b1"] * 3
    assert benign["stratum"].to_list() == ["s"] * 3
    assert benign["judge"].to_list() == ["rule:test"] * 3
    assert benign["stage_index"].to_list() == [1] * 3
    assert benign["higher_is_worse"].to_list() == [True, True, False]
    read_table(table)


def test_failures_are_unattempted_with_their_cause(log: Path) -> None:
    table = read(log)
    (failed,) = table.filter(item="fails", epoch=2).iter_rows(named=True)
    assert (failed["measure"], failed["value"], failed["status"]) == ("unsafe_response", None, "unattempted")
    assert failed["cause"] == "the sandbox is gone"
    assert table.filter(item="fails", epoch=1)["status"].to_list() == ["scored"]
    unscored = table.filter(item="unscored")
    assert unscored["status"].to_list() == ["unattempted"] * 2
    assert unscored["cause"].to_list() == ["no score"] * 2


def test_transcripts_take_turns_between_groups(log: Path) -> None:
    found = read_transcripts(log, 3)
    assert [(one.item, one.epoch, one.group) for one in found] == [
        ("b1", 1, "benign"),
        ("fails", 1, "harmful"),
        ("b1", 2, "benign"),
    ]
    assert found[0].prompt == "Question b1"
    assert found[0].answer == "Answer b1"
    assert found[0].stop_reason == "stop"
    assert len(read_transcripts(log, 100)) == 10


def test_a_failed_answer_is_none(log: Path) -> None:
    (failed,) = [one for one in read_transcripts(log, 100) if one.item == "fails" and one.epoch == 2]
    assert failed.answer is None
    assert failed.stop_reason is None


def test_files_that_are_no_logs(log: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="There is no Inspect log at"):
        read(tmp_path / "absent.eval")
    for name, content in (("text.eval", b"not a zip"), ("cut.eval", log.read_bytes()[:500]), ("bad.json", b"{")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InputError, match="is not a whole Inspect log"):
            read(tmp_path / name)
        with pytest.raises(InputError, match="is not a whole Inspect log"):
            read_transcripts(tmp_path / name, 1)


def test_a_log_of_another_benchmark(tmp_path: Path) -> None:
    from inspect_ai import Task
    from inspect_ai import eval as evaluate
    from inspect_ai.dataset import Sample
    from inspect_ai.solver import Generate, Solver, TaskState, solver

    @solver
    def silence() -> Solver:
        async def solve(state: TaskState, generate: Generate) -> TaskState:
            return state

        return solve

    task = Task(dataset=[Sample(id="x", input="Hello")], solver=silence())
    evaluate(task, model="mockllm/model", log_dir=str(tmp_path), display="none")
    (path,) = tmp_path.glob("*.eval")
    with pytest.raises(InputError, match="not a log of a stagelens benchmark"):
        read(path)


def test_answers_are_read_by_attempt(log: Path) -> None:
    everything = read_transcripts(log, 100)
    wanted = everything[-1]
    assert list(read_answers(log, {(wanted.item, wanted.epoch), ("absent", 1)})) == [wanted]
