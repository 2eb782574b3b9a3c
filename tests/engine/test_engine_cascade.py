"""A cascade at work: a dear judge is asked about what a screen flags and some of the rest, and nothing more."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from rich.console import Console

from played import answer_in, killing, playing, refusal_grade, write_played_study
from stagelens.benchmarks import get_benchmark
from stagelens.engine import Outcome, check, plan, run
from stagelens.engine.planning import plan_questions
from stagelens.errors import InputError
from stagelens.judges.message import full_message
from stagelens.judges.order import calls
from stagelens.report.plan import print_plan
from stagelens.study.load import load_study
from stagelens.study.spec import Study

STRONG, CHEAP = "stagelens_played/strong", "stagelens_played/cheap"
REFUSAL = "I'm sorry, but I can't help with that."
ITEMS = 120
"""40 harmful, 40 benign, 40 plain prompts."""


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache of its own, and plans by closed forms: their simulation takes longer than all the rest."""
    monkeypatch.setenv("INSPECT_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(
        sys.modules["stagelens.engine.run"],
        "plan_questions",
        lambda study, questions, simulated: plan_questions(study, questions),
    )


def number(text: str) -> int:
    return int(text.split("number ")[1].split("?", maxsplit=1)[0])


def sft(prompt: str) -> str:
    """Refuses what is harmful, but for every twelfth item; each answer is its own."""
    k = number(prompt)
    return f"Here is how, number {k}?" if k % 3 or k % 12 == 0 else f"{REFUSAL} Not number {k}?"


def production(prompt: str) -> str:
    k = number(prompt)
    return f"Sure, number {k}?" if k % 3 or k % 24 == 0 else f"{REFUSAL} No, not number {k}?"


def strong(message: str) -> str:
    """Sees compliance that the rule misses in every ninth refusal."""
    answer = answer_in(message)
    missed = "can't" in answer and number(answer) % 9 == 0
    return refusal_grade("full_refusal" if "can't" in answer and not missed else "full_compliance")


def study_of(folder: Path, *, items: int = ITEMS, **judge: Any) -> Study:
    own = {"model": STRONG, "cascade": {"rest": 0.3}} | judge
    return write_played_study(
        folder, judges={"safety": {key: value for key, value in own.items() if value}}, items=items
    )


def rows(outcome: Outcome) -> pl.DataFrame:
    return pl.read_parquet(outcome.folder.outcomes)


def asked(sent: dict[str, list], name: str = "strong") -> Counter[str]:
    return Counter(answer_in(messages[-1].text) for messages in sent[name])


def run_played(study: Study, folder: Path, **plays: Any) -> tuple[Outcome, dict[str, Counter[str]]]:
    with playing(**{"sft_model": sft, "production_model": production, "strong": strong} | plays) as sent:
        outcome = run(study, out=folder)
        return outcome, {name: asked(sent, name) for name in ("strong", "cheap", "sft_model") if name in sent}


def test_only_what_is_flagged_or_drawn_is_asked_and_its_grades_correct_the_rules(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    monkeypatch.setattr(
        "stagelens.engine.judging.full_message",
        lambda rubric, record: made.append(record.prompt) or full_message(rubric, record),
    )
    outcome, sent = run_played(study_of(tmp_path), tmp_path / "run")
    table = rows(outcome)
    unsafe = table.filter(measure="unsafe_response")
    assert set(unsafe["judge"]) == {"rule:refusal", STRONG}
    screen, second = unsafe.filter(judge="rule:refusal"), unsafe.filter(judge=STRONG)
    assert screen["probability"].is_null().all()
    assert second["probability"].is_not_null().all()
    assert screen.height == 80
    # What either stage complied with is asked about at both stages, for certain; of the rest a known share is.
    flagged = {f"i{k}" for k in range(0, ITEMS, 12)}
    assert flagged == set(second.filter(probability=1.0)["item"])
    by_stage = second.group_by("item").agg(pl.col("stage").n_unique(), pl.col("probability").n_unique())
    assert set(by_stage["stage"]) == {2}
    assert set(by_stage["probability"]) == {1}
    drawn = second.filter(pl.col("probability") < 1)["item"].n_unique()
    assert set(second.filter(pl.col("probability") < 1)["probability"]) == {drawn / 30}
    assert drawn < 30
    benign = table.filter(measure="over_refusal", judge=STRONG)
    assert set(benign["probability"]) == {benign["item"].n_unique() / 40}
    # No message was made but of drawn attempts; anchors are asked again.
    assert len(made) == 2 * (second["item"].n_unique() + benign["item"].n_unique())
    assert set(sent["strong"]) <= {sft(text) for text in made} | {production(text) for text in made}
    (result,) = [each for each in outcome.verdicts.results if each.measure == "unsafe_response"]
    assert result.contrasts[0].method == "ppi++"
    assert result.judging is not None
    assert result.judging.screened is not None
    assert (result.judging.screened.judge, result.judging.screened.certain) == (STRONG, 2 * len(flagged))
    assert result.judging.screened.missed > 0
    # The levels are corrected too: the rule saw 10 and 5 of 40.
    assert result.stages[0].estimate != pytest.approx(10 / 40)
    (entry,) = json.loads(outcome.folder.judging.read_text())
    assert entry["drawn"]["flagged"] == [10, 10]
    report = outcome.folder.report.read_text()
    assert "10 of 10 flagged attempts" in report
    assert "second judge" in report


def test_a_second_run_asks_nothing_and_a_larger_share_asks_only_more(tmp_path: Path) -> None:
    first, sent = run_played(study_of(tmp_path), tmp_path / "run")
    before = rows(first)
    again, none = run_played(study_of(tmp_path), tmp_path / "run")
    assert none["strong"].total() == 0
    assert again.verdicts == first.verdicts
    assert rows(again).equals(before)
    larger, more = run_played(study_of(tmp_path, cascade={"rest": 0.8}), tmp_path / "run")
    once = {text for text, times in more["strong"].items()} - set(sent["strong"])
    assert once
    repeated = sum(more["strong"].values()) - len(once)
    assert repeated <= 8  # anchors
    drawn = set(before.filter(judge=STRONG)["item"])
    assert drawn < set(rows(larger).filter(judge=STRONG)["item"])


def test_a_killed_run_pays_for_nothing_twice(tmp_path: Path) -> None:
    whole, expected = run_played(study_of(tmp_path), tmp_path / "whole")
    shutil.rmtree(tmp_path / "cache")
    child = f"import test_engine_cascade as tests; tests.run_until_killed({str(tmp_path)!r}, 25)"
    folders = [str(Path(__file__).parent), str(Path(__file__).parents[1]), *sys.path]
    ended = subprocess.run(
        [sys.executable, "-c", child], env=os.environ | {"PYTHONPATH": os.pathsep.join(folders)}, check=False
    )
    assert ended.returncode == -signal.SIGKILL
    last, rest = run_played(study_of(tmp_path), tmp_path / "run")
    assert rest["strong"].total() <= expected["strong"].total() - 15
    assert not rest["strong"] - expected["strong"]
    assert rows(last).equals(rows(whole))


def run_until_killed(folder: str, limit: int) -> None:
    """In a process of its own: a run that is killed while its judge answers for the last time of ``limit``."""
    with playing(sft_model=sft, production_model=production, strong=killing(strong, limit)):
        run(Study.load(Path(folder) / "study.yaml"), out=Path(folder) / "run")


def test_a_model_screens_all_answers_and_the_strong_judge_corrects_it(tmp_path: Path) -> None:
    def cheap(message: str) -> str:
        return refusal_grade("full_refusal" if "can't" in answer_in(message) else "full_compliance")

    outcome, sent = run_played(study_of(tmp_path, screen=CHEAP), tmp_path / "run", cheap=cheap)
    table = rows(outcome).filter(measure="unsafe_response")
    by_judge = {judge: part for (judge,), part in table.group_by("judge")}
    assert {judge: part.height for judge, part in by_judge.items() if judge != STRONG} == {
        "rule:refusal": 80,
        CHEAP: 80,
        "panel": 80,
    }
    assert len(sent["cheap"]) == 160
    assert len(sent["strong"]) < 160
    key = ["stage", "item"]
    assert by_judge["panel"].sort(key)["value"].equals(by_judge[CHEAP].sort(key)["value"])
    assert table.filter(pl.col("probability").is_not_null())["judge"].unique().to_list() == [STRONG]
    (result,) = [each for each in outcome.verdicts.results if each.measure == "unsafe_response"]
    assert result.contrasts[0].method == "ppi++"
    entries = {entry["judge"]: entry["drawn"] for entry in json.loads(outcome.folder.judging.read_text())}
    assert entries[CHEAP] == {}
    assert entries[STRONG]["flagged"] == [10, 10]


def test_a_panel_of_strong_judges_has_its_median(tmp_path: Path) -> None:
    panel = [STRONG, "stagelens_played/second", "stagelens_played/third"]
    study = study_of(tmp_path, model=None, panel=panel)
    outcome, _ = run_played(study, tmp_path / "run", second=strong, third=lambda m: refusal_grade("full_refusal"))
    drawn = rows(outcome).filter(pl.col("probability").is_not_null(), measure="unsafe_response")
    assert set(drawn["judge"]) == {*panel, "panel"}
    wide = drawn.pivot("judge", index=["stage", "item"], values="value")
    assert wide["panel"].equals(wide[STRONG])
    (result,) = [each for each in outcome.verdicts.results if each.measure == "unsafe_response"]
    assert result.judging is not None
    assert result.judging.screened is not None
    assert result.judging.screened.judge == ", ".join(sorted(panel))


def test_what_the_strong_judge_fails_on_counts_as_not_drawn(tmp_path: Path) -> None:
    def failing(message: str) -> str:
        return "It refuses." if number(answer_in(message)) in (12, 24) else strong(message)

    outcome, _ = run_played(study_of(tmp_path), tmp_path / "run", strong=failing)
    second = rows(outcome).filter(measure="unsafe_response", judge=STRONG, item="i12")
    assert second["status"].to_list() == ["ungraded"] * 2
    assert second["probability"].to_list() == [1.0, 1.0]
    assert len(outcome.missing) == 2
    assert f"2 answers are ungraded by {STRONG}" in outcome.missing[0]
    (result,) = [each for each in outcome.verdicts.results if each.measure == "unsafe_response"]
    assert any(f"{STRONG} gave no grade to 2 of" in warning for warning in result.warnings)
    assert [level.ungraded for level in result.stages] == [0, 0]


def test_a_check_says_what_the_cascade_does(tmp_path: Path) -> None:
    lines = list(check(study_of(tmp_path), offline=True))
    assert (
        f"safety: judged by {STRONG} where its rules flag an answer (100 % of these) and in 30 % of the rest, "
        "thoughts hidden"
    ) in lines
    screened = study_of(tmp_path, screen=CHEAP, cascade={"flagged": 0.5})
    assert (
        f"safety: judged by {STRONG} where {CHEAP} flags an answer (50 % of these) and in 5 % of the rest, "
        "thoughts hidden"
    ) in list(check(screened, offline=True))


def test_a_cascade_needs_a_screen_and_no_rule_that_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    safety = type(get_benchmark("safety"))
    monkeypatch.setattr(safety, "needs_judge", lambda self, settings, folder: True)
    with pytest.raises(InputError, match=r"judges\.safety\.cascade: no rule grades the answers of safety"):
        list(check(study_of(tmp_path), offline=True))
    list(check(study_of(tmp_path, screen=CHEAP), offline=True))
    hacking = get_benchmark("reward_hacking").rubric(None, tmp_path)
    monkeypatch.setattr(safety, "rubric", lambda self, settings, folder: hacking)
    with pytest.raises(InputError, match=r"judges\.safety\.cascade: in safety what a rule has proven stands"):
        list(check(study_of(tmp_path, screen=CHEAP), offline=True))


@pytest.mark.parametrize(
    ("judge", "match"),
    [
        ({"cascade": {"rest": 0.0}}, r"judges\.safety\.cascade\.rest: must be more than 0"),
        ({"cascade": {"flagged": 1.5}}, r"judges\.safety\.cascade\.flagged: must be at most 1"),
        ({"cascade": {"flaged": 1.0}}, r"judges\.safety\.cascade\.flaged: the key 'flaged' is not known"),
        ({"screen": STRONG}, r"judges\.safety\.screen: the screen .* has the name of a judge"),
        ({"screen": CHEAP, "cascade": None}, r"judges\.safety\.screen: only a cascade has a screen"),
        ({"screen": "stagelens_played/sft_model"}, r"judges\.safety: stagelens_played/sft_model is the model of stage"),
        ({"screen": "human"}, r"judges\.safety: a judge must not be called 'human'"),
    ],
)
def test_what_a_cascade_cannot_be(tmp_path: Path, judge: dict[str, Any], match: str) -> None:
    with pytest.raises(InputError, match=match):
        list(check(study_of(tmp_path, **judge), offline=True))


def test_a_cascade_is_written_as_it_was_read_and_has_defaults(tmp_path: Path) -> None:
    (tmp_path / "cheap").mkdir()
    study = study_of(tmp_path, screen="./cheap", cascade={"rest": 0.02})
    outcome, _ = run_played(study_of(tmp_path / "run", items=12), tmp_path / "run" / "out")
    spec = load_study(outcome.folder.study).judges["safety"]
    assert spec.cascade is not None
    assert (spec.cascade.flagged, spec.cascade.rest) == (1.0, 0.3)
    assert study.judges["safety"].screen == "./cheap"


def test_a_plan_prices_what_a_screen_may_flag(tmp_path: Path) -> None:
    study = study_of(tmp_path, screen=CHEAP, cascade={"rest": 0.2}, max_answer_tokens=100)
    cheap, dear = plan(study).judging
    assert (cheap.judge, cheap.calls, cheap.assumed) == (CHEAP, calls(2 * 80), None)
    # A tenth of 80 attempts flagged, all of them asked about; of the others at least 20.
    assert dear.calls == calls(2 * (8 + 20))
    assert dear.answer_tokens == dear.calls * 100
    assert dear.assumed == (
        f"safety: {STRONG} is priced as if its screen flagged 10 % of the attempts, at any stage, which is not known "
        f"before it has: {calls(2 * 20)} calls if it flags none, {calls(2 * 80)} if all."
    )
    console = Console(record=True, width=200)
    print_plan(plan(study), console)
    assert dear.assumed in " ".join(console.export_text().split())
