"""Inspect logs of others' tasks: every sample under every score, and nothing missing becomes a zero."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stagelens.errors import InputError
from stagelens.outcomes.importers.inspect import REMOVED, import_inspect
from stagelens.outcomes.schema import COLUMNS

GRADES: Mapping[str, Any] = {"right": "C", "wrong": "I", "half": "P", "silent": "N", "fails": "C", "odd": "rather"}


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of two models' logs of one task, two epochs, two scorers of which one gives several values."""
    pytest.importorskip("inspect_ai")
    from inspect_ai import Task
    from inspect_ai import eval as evaluate
    from inspect_ai.dataset import Sample
    from inspect_ai.scorer import Score, Scorer, Target, accuracy, mean, scorer
    from inspect_ai.solver import TaskState

    from inspect_tasks import answering

    @scorer(metrics=[accuracy()])
    def letter() -> Scorer:
        async def score(state: TaskState, target: Target) -> Score:
            return Score(value=GRADES[str(state.sample_id)])

        return score

    @scorer(metrics={"length": [mean()], "polite": [mean()]})
    def parts() -> Scorer:
        async def score(state: TaskState, target: Target) -> Score:
            return Score(value={"length": len(state.output.completion), "polite": True})

        return score

    samples = [Sample(id=name, input=f"Q {name}", metadata={"topic": name[0], "kind": "a"}) for name in GRADES]
    folder = tmp_path_factory.mktemp("logs")
    for model in ("first", "second"):
        task = Task(name="others/quiz", dataset=samples, solver=answering(), scorer=[letter(), parts()], epochs=2)
        evaluate(task, model=f"mockllm/{model}", log_dir=str(folder), display="none", fail_on_error=False)
    return folder


def test_every_sample_has_a_row_for_every_score(logs: Path) -> None:
    found = import_inspect([str(logs)], cluster="topic", stratum="kind", worse=["parts_length"])
    table = found.table
    assert dict(table.schema) == COLUMNS
    assert table.height == 2 * 6 * 2 * 3
    assert set(table["family"]) == {"imported"}
    assert set(table["stage"]) == {"mockllm/first", "mockllm/second"}
    assert set(table["benchmark"]) == {"quiz"}
    one = table.filter(stage="mockllm/first", measure="letter", epoch=1).sort("item")
    assert dict(one.select("item", "value").iter_rows()) == {
        "right": 1.0, "wrong": 0.0, "half": 0.5, "silent": None, "fails": 1.0, "odd": None
    }  # fmt: skip
    causes = dict(one.filter(status="ungraded").select("item", "cause").iter_rows())
    assert causes == {
        "silent": "the scorer found no answer",
        "odd": "the value is 'rather', which is no number",
    }
    failed = table.filter(item="fails", epoch=2)
    assert set(failed["status"]) == {"unattempted"}
    assert failed["value"].null_count() == failed.height == 6
    assert "the sandbox is gone" in failed["cause"][0]
    assert set(table.filter(measure="parts_polite", status="scored")["value"]) == {1.0}
    worse = dict(table.select("measure", "higher_is_worse").unique().iter_rows())
    assert worse == {"letter": False, "parts_length": True, "parts_polite": False}
    assert set(table.filter(item="right")["cluster"]) == {"r"}
    assert set(table["stratum"]) == {"a"}
    assert len(found.notes) == 2
    assert all("'rather'" in note and "--value" in note for note in found.notes)


def test_words_and_names_are_the_users(logs: Path) -> None:
    first, second = sorted(logs.glob("*.eval"))
    found = import_inspect([f"sft={first}", f"production={second}"], words={"rather": 0.75, "N": 0}, family="mine")
    assert found.notes == ()
    assert found.table.filter(measure="letter", item="odd")["value"].to_list() == [0.75] * 4
    assert set(found.table.filter(measure="letter", item="silent")["value"]) == {0.0}
    stages = found.table.select("stage", "stage_index").unique().sort("stage_index")
    assert stages.rows() == [("sft", 0), ("production", 1)]
    assert set(found.table["family"]) == {"mine"}


def test_a_log_that_was_cut_off_says_what_it_never_came_to(logs: Path, tmp_path: Path) -> None:
    """A log as it lies there while it is written: no summaries in one piece, no final header, samples missing."""
    whole = sorted(logs.glob("*.eval"))[0]
    cut = tmp_path / "cut.eval"
    with ZipFile(whole) as source, ZipFile(cut, "w") as target:
        target.writestr("_journal/start.json", source.read("_journal/start.json"))
        summaries = json.loads(source.read("summaries.json"))
        for number, part in enumerate((summaries[:2], summaries[1:3]), start=1):
            target.writestr(f"_journal/summaries/{number}.json", json.dumps(part))
    found = import_inspect([f"cut={cut}", f"whole={whole}"], cluster="topic")
    one = found.table.filter(stage="cut", measure="letter")
    assert one.height == 12
    assert one.filter(pl.col("cause").str.contains("not in the log").fill_null(False)).height == 9
    assert set(one.filter(pl.col("cause").str.contains("not in the log").fill_null(False))["status"]) == {"unattempted"}
    assert any("9 sample(s) are not in it" in note for note in found.notes)


def test_one_name_for_two_checkpoints_and_what_inspect_leaves_out_are_refused(tmp_path: Path) -> None:
    """Both were met in real logs: checkpoints under `hf/local`, metadata of more than 1 KiB."""

    def log(name: str, checkpoint: str, topic: str = "a") -> str:
        path = tmp_path / f"{name}.json"
        spec = {"task": name, "model": "hf/local", "model_args": {"model_path": checkpoint}, "dataset": {}}
        sample = {"id": 1, "epoch": 1, "metadata": {"topic": topic}, "scores": {"s": {"value": "C"}}}
        path.write_text(json.dumps({"eval": spec, "status": "success", "samples": [sample]}))
        return str(path)

    first, same, other = log("one", "/a"), log("two", "/a"), log("three", "/b")
    assert import_inspect([first, same]).table["stage"].to_list() == ["hf/local"] * 2
    with pytest.raises(InputError, match=r"are both of hf/local, and of different checkpoints \(/a, /b\): say whose"):
        import_inspect([first, other])
    assert import_inspect([f"sft={first}", f"rl={other}"]).table["stage"].to_list() == ["sft", "rl"]
    with pytest.raises(InputError, match="'topic' is too long for Inspect to keep it beside the scores"):
        import_inspect([log("four", "/a", REMOVED)], cluster="topic")


def test_what_inspect_leaves_out_is_what_we_know_it_by() -> None:
    pytest.importorskip("inspect_ai")
    from inspect_ai.log import EvalSample

    sample = EvalSample(id=1, epoch=1, input="", target="", metadata={"topic": ["long"] * 1000})
    assert sample.summary().metadata["topic"] == REMOVED


def test_a_model_that_failed_everywhere_is_unattempted_and_not_left_out(tmp_path: Path) -> None:
    def log(name: str, *samples: dict[str, Any]) -> str:
        path = tmp_path / f"{name}.json"
        spec = {"task": "t", "model": name, "dataset": {"sample_ids": None}}
        path.write_text(json.dumps({"eval": spec, "status": "error", "samples": samples}))
        return str(path)

    right = {"scores": {"letter": {"value": "C"}, "tokens": {"value": [1, 2]}}}
    whole = log("whole", {"id": 1, "epoch": 1, **right}, {"id": 2, "epoch": 1, **right})
    odd = {"id": 2, "epoch": 1, "scores": {"letter": {"value": [1]}}}
    failed = log("failed", {"id": 1, "epoch": 1, "error": {"message": "gone"}}, odd)
    found = import_inspect([whole, failed])
    rows = found.table.select("stage", "item", "value", "status", "cause").rows()
    assert rows == [
        ("whole", "1", 1.0, "scored", None),
        ("whole", "2", 1.0, "scored", None),
        ("failed", "1", None, "unattempted", "gone"),
        ("failed", "2", None, "ungraded", "the value is a list"),
    ]
    assert sum("does not say which samples it was to have" in note for note in found.notes) == 2
    assert sum("tokens is a list of values in 2 sample(s)" in note for note in found.notes) == 1


def test_a_log_as_json_says_the_same(logs: Path, tmp_path: Path) -> None:
    from inspect_ai.log import read_eval_log, write_eval_log

    path = sorted(logs.glob("*.eval"))[0]
    other = tmp_path / "log.json"
    write_eval_log(read_eval_log(str(path)), str(other), format="json")
    one, two = (import_inspect([f"a={each}"]).table.sort("item", "measure", "epoch") for each in (path, other))
    assert one.equals(two)


def test_what_cannot_be_taken_gets_one_sentence(logs: Path, tmp_path: Path) -> None:
    first, second = sorted(logs.glob("*.eval"))
    (tmp_path / "empty").mkdir()
    (tmp_path / "torn.eval").write_bytes(first.read_bytes()[:-200])
    (tmp_path / "other.json").write_text('{"version": 2, "eval": {"task": 3}}')
    whole = bytearray(first.read_bytes())
    with ZipFile(first) as archive:
        at = archive.getinfo("summaries.json").header_offset + 60
    whole[at : at + 40] = bytes(40)
    (tmp_path / "bent.eval").write_bytes(whole)
    for paths, said in {
        (str(tmp_path / "bent.eval"),): "is not an Inspect log that can be read",
        (str(tmp_path / "nowhere"),): "There is nothing at",
        (f"sft={tmp_path / 'nowhere'}",): "There is nothing at",
        (str(tmp_path / "empty"),): "holds no Inspect logs",
        (f"a={first}", f"a={second}"): "both hold sample right of quiz by a",
        (str(tmp_path / "torn.eval"),): "is not an Inspect log that can be read",
        (str(tmp_path / "other.json"),): "eval.task: Input should be a valid string",
    }.items():
        with pytest.raises(InputError, match=said):
            import_inspect(paths)
    with pytest.raises(InputError, match="metadata has 'subject', which was to be the cluster: it has kind"):
        import_inspect([str(first)], cluster="subject")


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
SAMPLE = st.fixed_dictionaries(
    {"id": st.integers(0, 3) | st.text(max_size=2), "epoch": st.integers(1, 2)},
    optional={
        "scores": JSON | st.dictionaries(st.sampled_from("ab"), st.fixed_dictionaries({"value": JSON}), max_size=2),
        "metadata": JSON,
        "error": JSON,
    },
)


def test_more_epochs_than_anyone_asks_are_refused_before_they_become_rows(tmp_path: Path) -> None:
    spec = {"task": "t", "model": "m", "dataset": {"sample_ids": ["a"]}, "config": {"epochs": 10**40}}
    sample = {"id": "a", "epoch": 1, "scores": {"letter": {"value": "C"}}}
    path = tmp_path / "log.json"
    path.write_text(json.dumps({"eval": spec, "status": "success", "samples": [sample]}))
    with pytest.raises(InputError, match=r"eval\.config\.epochs"):
        import_inspect([f"sft={path}"])


def test_a_log_that_unpacks_to_more_than_a_machine_holds_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stagelens.outcomes.importers.inspect_files.LARGEST", 2**20)
    path = tmp_path / "bomb.eval"
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        archive.writestr("header.json", " " * 2**24)
    assert path.stat().st_size < 2**15
    with pytest.raises(InputError, match="unpacks to more than 1 MiB"):
        import_inspect([f"sft={path}"])


# On a busy machine the first draw alone takes seconds.
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(SAMPLE | JSON, max_size=4), JSON)
def test_whatever_stands_in_a_log_it_is_a_table_or_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, samples: list[Any], ids: Any
) -> None:
    path = tmp_path_factory.mktemp("fuzz") / "log.json"
    spec = {"task": "t", "model": "m", "dataset": {"sample_ids": ids}}
    path.write_text(json.dumps({"eval": spec, "status": "success", "samples": samples}))
    try:
        table = import_inspect([str(path)]).table
    except InputError:
        return
    scored = table.filter(status="scored")
    assert scored["value"].is_finite().all()
    assert table.filter(pl.col("status") != "scored")["value"].null_count() == table.height - scored.height
