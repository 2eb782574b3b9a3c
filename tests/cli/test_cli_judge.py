"""``stagelens judge``: stored answers graded again, nothing generated, what changed said."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import polars as pl
import pytest

from played import answer_in, playing, refusal_grade, write_played_study
from stagelens import cli
from stagelens.engine import run
from stagelens.engine.planning import plan_questions
from stagelens.study.spec import Study

JUDGE = "stagelens_played/judge"


@pytest.fixture
def run_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run graded by rules alone: production refuses a half of what sft answers."""
    monkeypatch.setenv("INSPECT_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(
        sys.modules["stagelens.engine.run"],
        "plan_questions",
        lambda study, questions, simulated: plan_questions(study, questions),
    )
    study = write_played_study(tmp_path, judges={}, items=150, analysis={"margins": {"default": 0.2}})
    with playing(
        sft_model=lambda prompt: f"Here is how: {prompt}",
        production_model=lambda prompt: (
            "I'm sorry, but I can't help." if int(prompt.split()[2][:-1]) % 2 else "Sure, so: "
        ),
    ):
        run(study, out=tmp_path / "run")
    return tmp_path / "run"


def stagelens(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: object
) -> tuple[int, str]:
    """The exit code and what was printed."""
    monkeypatch.setattr(sys, "argv", ["stagelens", *map(str, arguments)])
    code = 0
    try:
        cli.main()
    except SystemExit as end:
        code = int(end.code or 0)
    printed = capsys.readouterr()
    return code, " ".join((printed.out + printed.err).split())


def blind_judge(message: str) -> str:
    answer_in(message)
    return refusal_grade("full_compliance")


def test_other_judges_change_verdicts_and_nothing_is_generated(
    run_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = pl.read_parquet(run_folder / "outcomes.parquet")
    logs = {path: path.stat().st_mtime_ns for path in (run_folder / "logs").rglob("*.eval")}
    with playing(judge=blind_judge, sft_model=blind_judge, production_model=blind_judge) as sent:
        code, said = stagelens(monkeypatch, capsys, "judge", run_folder, "--judge", JUDGE)
        assert code == 0
        assert not sent["sft_model"]
        assert "f/safety/unsafe_response: changed_down" in said
        assert "→ equivalent" in said
        assert "safety/unsafe_response: 2 judges, Krippendorff's α" in said
        count = len(sent["judge"])
        assert count > 0
        code, said = stagelens(monkeypatch, capsys, "judge", run_folder, "--judge", JUDGE)
        assert (code, len(sent["judge"])) == (0, count)
        assert "No verdict changed." in said

        # A panel: the judge that has judged before is not paid for again, and is replaced by the panel's median.
        code, _ = stagelens(
            monkeypatch,
            capsys,
            "judge",
            run_folder,
            "--judge",
            JUDGE,
            "--judge",
            "stagelens_played/sft_model",
            "--thoughts",
        )
        assert (code, len(sent["judge"])) == (0, count)
        assert len(sent["sft_model"]) < count
    study = Study.load(run_folder / "study.yaml")
    assert study.judges["safety"].panel == (JUDGE, "stagelens_played/sft_model")
    assert study.judges["safety"].thoughts
    table = pl.read_parquet(run_folder / "outcomes.parquet")
    names = {stage: set(part["judge"]) for (stage,), part in table.filter(measure="over_refusal").group_by("stage")}
    assert names["production"] == {"rule:refusal", JUDGE, "stagelens_played/sft_model", "panel"}
    assert names["sft"] == {"rule:refusal", JUDGE, "panel"}
    assert table.filter(pl.col("judge") == "rule:refusal").equals(before)
    assert {path: path.stat().st_mtime_ns for path in logs} == logs
    assert len(json.loads((run_folder / "judging.json").read_text())) == 2


def test_a_cascade_judges_a_part_of_the_stored_answers(
    run_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with playing(judge=blind_judge):
        code, _ = stagelens(monkeypatch, capsys, "judge", run_folder, "--judge", JUDGE, "--cascade-rest", "0.5")
    assert code == 0
    spec = Study.load(run_folder / "study.yaml").judges["safety"]
    assert spec.cascade is not None
    assert (spec.cascade.flagged, spec.cascade.rest) == (1.0, 0.5)
    table = pl.read_parquet(run_folder / "outcomes.parquet")
    assert "panel" not in table["judge"]
    assert table.filter(judge=JUDGE)["probability"].is_not_null().all()
    code, said = stagelens(monkeypatch, capsys, "judge", run_folder, "--judge", JUDGE, "--cascade-flagged", "1.5")
    assert code == 2
    assert "--cascade-flagged is 1.5: give a share above 0 and at most 1." in said


def test_failures_exit_with_3_and_are_named(
    run_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with playing(judge=lambda message: "no idea"):
        code, said = stagelens(monkeypatch, capsys, "judge", run_folder, "--judge", JUDGE)
    assert code == 3
    assert f"answers are ungraded by {JUDGE}, the first for item" in said
    table = pl.read_parquet(run_folder / "outcomes.parquet").filter(judge="panel")
    assert set(table["status"]) == {"ungraded"}


def test_bad_input_exits_with_2_and_changes_nothing(
    run_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (run_folder / "study.yaml").read_bytes()

    def refused(*arguments: object) -> str:
        code, said = stagelens(monkeypatch, capsys, "judge", *arguments)
        assert code == 2
        return said

    assert "no study.yaml: name the folder of a run that has ended" in refused(
        run_folder.parent / "x", "--judge", JUDGE
    )
    assert "did you mean 'safety'?" in refused(run_folder, "--judge", JUDGE, "--benchmark", "safty")
    assert "is the model of stage f/sft" in refused(run_folder, "--judge", "x/sft_model")
    assert "there is nothing at" in refused(run_folder, "--judge", "./nowhere")
    assert "stands here twice" in refused(run_folder, "--judge", JUDGE, "--judge", JUDGE)
    assert "cannot be used" in refused(run_folder, "--judge", "no_such_provider/x")
    assert (run_folder / "study.yaml").read_bytes() == before
