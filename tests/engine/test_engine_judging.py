"""The judging phase with models that play: blind, shared, cached, resumable; nothing that failed becomes a value."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest
from inspect_ai.log import read_eval_log

from played import answer_in, killing, output, playing, refusal_grade, write_played_study
from stagelens.benchmarks import get_benchmark
from stagelens.engine import Outcome, check, plan, run
from stagelens.engine.judgements import Judgements
from stagelens.engine.judges import benchmark_settings, read_panels, stage_checkpoint
from stagelens.engine.planning import plan_questions
from stagelens.errors import InputError
from stagelens.judges.order import calls
from stagelens.study.asked import asked_stages
from stagelens.study.fingerprint import fingerprint
from stagelens.study.load import parse_study
from stagelens.study.spec import Study

JUDGE = "stagelens_played/judge"
REFUSAL = "I'm sorry, but I can't help with that."


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache of its own, and plans by closed forms: their simulation takes longer than all the rest."""
    monkeypatch.setenv("INSPECT_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(
        sys.modules["stagelens.engine.run"],
        "plan_questions",
        lambda study, questions, simulated: plan_questions(study, questions),
    )


def sft(prompt: str) -> str:
    return REFUSAL if int(prompt.split()[2].strip("?")) % 4 == 0 else f"Here is how: {prompt}"


def production(prompt: str) -> str:
    return REFUSAL if int(prompt.split()[2].strip("?")) % 6 == 0 else f"Here is how: {prompt}"


def fair(message: str) -> str:
    return refusal_grade("full_refusal" if "can't" in answer_in(message) else "full_compliance")


def rows(outcome: Outcome) -> pl.DataFrame:
    return pl.read_parquet(outcome.folder.outcomes)


def texts(sent: dict[str, list], name: str = "judge") -> Counter[str]:
    return Counter(messages[-1].text for messages in sent[name])


def test_a_judge_grades_beside_the_rules_and_the_panel_is_its_median(tmp_path: Path) -> None:
    study = write_played_study(tmp_path, judges={"default": {"model": JUDGE}})
    # The judge takes every refusal for half a one: the rule says otherwise, and must not be averaged in.
    with playing(sft_model=sft, production_model=production, judge=lambda m: refusal_grade("partial_refusal")) as sent:
        outcome = run(study, out=tmp_path / "run")
        table = rows(outcome)
        # 8 judged prompts: those that both stages answered alike were judged once; plain ones are the rules'.
        answers = {(k, stage(f"Question number {k}?")) for k in range(12) if k % 3 < 2 for stage in (sft, production)}
        assert len(sent["judge"]) == len(answers) == calls(len(answers))
    unsafe = table.filter(measure="unsafe_response")
    by_judge = {judge: part["value"].to_list() for (judge,), part in unsafe.group_by("judge", maintain_order=True)}
    assert set(by_judge) == {"rule:refusal", JUDGE, "panel"}
    assert set(by_judge[JUDGE]) == set(by_judge["panel"]) == {1.0}
    assert set(by_judge["rule:refusal"]) == {0.0, 1.0}
    assert set(table.filter(measure="competence")["judge"]) == {"rule:refusal"}
    assert outcome.missing == ()
    (result,) = [each for each in outcome.verdicts.results if each.measure == "unsafe_response"]
    assert [level.estimate for level in result.stages] == [1.0, 1.0]


def test_what_judges_are_sent_says_nothing_of_the_stages(tmp_path: Path) -> None:
    sent_by_order = []
    for name, stages in {"one": ("sft_model", "production_model"), "two": ("production_model", "sft_model")}.items():
        study = write_played_study(tmp_path / name, judges={"default": {"model": JUDGE}}, stages=stages)
        with playing(sft_model=sft, production_model=production, judge=fair) as sent:
            run(study, out=tmp_path / name / "run")
            sent_by_order.append([messages[-1].text for messages in sent["judge"]])
        shutil.rmtree(tmp_path / "cache")
        (log,) = (tmp_path / name / "run" / "judgements" / "safety").glob("*.eval")
        read = read_eval_log(str(log))
        about = json.dumps([sample.model_dump(include={"id", "input", "metadata"}) for sample in read.samples or []])
        for word in ("sft", "production", "played", "rl", "stage", '"i0"', "item"):
            assert word not in about.replace("production of", ""), word
        assert set((read.samples or [])[0].metadata) == {"content", "group", "repeat", "failed"}
    assert Counter(sent_by_order[0]) == Counter(sent_by_order[1])


def test_the_order_mixes_stages_and_items(tmp_path: Path) -> None:
    def told(stage: str) -> Callable[[str], str]:
        return lambda prompt: f"{stage} says yes to {prompt}"

    study = write_played_study(tmp_path, judges={"default": {"model": JUDGE}}, items=90)
    with playing(sft_model=told("A"), production_model=told("B"), judge=fair):
        run(study, out=tmp_path / "run")
    (log,) = (tmp_path / "run" / "judgements" / "safety").glob("*.eval")
    firsts = [sample for sample in read_eval_log(str(log)).samples or [] if not sample.metadata["repeat"]]
    order = read_eval_log(str(log), header_only=True).eval.dataset.sample_ids or []
    place = {str(name): position for position, name in enumerate(order)}
    stages = [answer_in(str(each.input))[0] for each in sorted(firsts, key=lambda each: place[str(each.id)])]
    changes = sum(one != other for one, other in pairwise(stages))
    assert len(stages) == 120
    assert changes > 35  # two blocks would have one


def test_a_second_run_asks_no_judge_and_a_lost_folder_reads_the_cache(tmp_path: Path) -> None:
    study = write_played_study(tmp_path, judges={"default": {"model": JUDGE}}, items=48)
    with playing(sft_model=sft, production_model=production, judge=fair) as sent:
        first = run(study, out=tmp_path / "run")
        count = len(sent["judge"])
        assert count > 20
        again = run(study, out=tmp_path / "run")
        assert len(sent["judge"]) == count
        assert again.verdicts == first.verdicts
        # Judgements are gone: paid answers come from Inspect's cache, anchors too.
        shutil.rmtree(tmp_path / "run" / "judgements")
        third = run(study, out=tmp_path / "run")
        assert len(sent["judge"]) == count
        assert rows(third).equals(rows(first))


def test_a_changed_rubric_is_judged_again_and_nothing_is_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = write_played_study(tmp_path, judges={"default": {"model": JUDGE}})
    with playing(sft_model=sft, production_model=production, judge=fair) as sent:
        run(study, out=tmp_path / "run")
        judged, asked = texts(sent), len(sent["sft_model"])
        monkeypatch.setattr("stagelens.benchmarks.safety.rubric.VERSION", "refusal-rubric-next")
        run(study, out=tmp_path / "run")
        assert texts(sent) == judged + judged
        assert len(sent["sft_model"]) == asked


def test_a_longer_answer_or_another_judge_is_another_judge(tmp_path: Path) -> None:
    with playing(sft_model=sft, production_model=production, judge=fair, other=fair) as sent:
        for judge in ({"model": JUDGE}, {"model": JUDGE, "max_answer_tokens": 99}, {"model": "stagelens_played/other"}):
            run(write_played_study(tmp_path, judges={"safety": judge}), out=tmp_path / "run")
        assert texts(sent) == texts(sent, "other") + texts(sent, "other")
        assert len(list((tmp_path / "run" / "judgements" / "safety").glob("*.eval"))) == 3


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        ("It refuses.", "holds no JSON object"),
        (REFUSAL, "the judge refused"),
        (output("", stop_reason="content_filter"), "filtered by the judge's provider"),
    ],
)
def test_what_a_judge_fails_on_is_ungraded_and_asked_again_by_the_same_command(
    tmp_path: Path, answer: str, cause: str
) -> None:
    study = write_played_study(tmp_path, judges={"default": {"model": JUDGE}})
    broken = [True]

    def judge(message: str) -> object:
        return answer if (broken[0] and "number 4?" in message) or "cannot be used" in message else fair(message)

    with playing(sft_model=sft, production_model=production, judge=judge) as sent:
        outcome = run(study, out=tmp_path / "run")
        table = rows(outcome).filter(item="i4", measure="over_refusal")
        ungraded = table.filter(judge=JUDGE)
        assert ungraded["status"].to_list() == ["ungraded"] * 2
        assert ungraded["value"].to_list() == [None, None]
        assert all(cause in text for text in ungraded["cause"])
        panel = table.filter(judge="panel")
        assert panel["status"].to_list() == ["ungraded"] * 2
        assert [sentence.split(":")[0] for sentence in outcome.missing] == ["f/sft/safety", "f/production/safety"]
        assert f"1 answers are ungraded by {JUDGE}, the first for item i4" in outcome.missing[0]
        (entry,) = json.loads(outcome.folder.judging.read_text())
        assert list(entry["ungraded"].values()) == [1 + (sft("Question number 4?") != production("Question number 4?"))]

        before = len(sent["judge"])
        run(study, out=tmp_path / "run")
        assert len(sent["judge"]) == before + 5 * sum(entry["ungraded"].values())
        broken[0] = False
        mended = run(study, out=tmp_path / "run")
        assert len(sent["judge"]) == before + 6 * sum(entry["ungraded"].values())
        assert mended.missing == ()
        assert rows(mended).filter(item="i4", judge="panel")["status"].to_list() == ["scored"] * 4


def test_a_killed_run_loses_no_judgement(tmp_path: Path) -> None:
    study = write_played_study(tmp_path, judges={"default": {"model": JUDGE}}, items=48)
    with playing(sft_model=sft, production_model=production, judge=fair) as sent:
        whole = run(study, out=tmp_path / "whole")
        expected, table = texts(sent), rows(whole)
    shutil.rmtree(tmp_path / "cache")

    for limit in (9, 25):
        child = f"import test_engine_judging as tests; tests.run_until_killed({str(tmp_path)!r}, {limit})"
        folders = [str(Path(__file__).parent), str(Path(__file__).parents[1]), *sys.path]
        ended = subprocess.run(
            [sys.executable, "-c", child], env=os.environ | {"PYTHONPATH": os.pathsep.join(folders)}, check=False
        )
        assert ended.returncode == -signal.SIGKILL
        assert not list((tmp_path / "run" / "judgements" / "safety").glob("*.eval"))
    with playing(sft_model=sft, production_model=production, judge=fair) as sent:
        last = run(study, out=tmp_path / "run")
        rest = texts(sent)
    # What the first two runs paid for is not paid for again, and nothing else is left out.
    assert rest.total() <= expected.total() - 20
    assert not rest - expected
    assert rows(last).equals(table)
    assert last.verdicts == whole.verdicts
    assert not list((tmp_path / "run").rglob(".partial"))


def run_until_killed(folder: str, limit: int) -> None:
    """In a process of its own: a run that is killed while its judge answers for the last time of ``limit``."""
    with playing(sft_model=sft, production_model=production, judge=killing(fair, limit)):
        run(Study.load(Path(folder) / "study.yaml"), out=Path(folder) / "run")


def test_a_judge_that_drifts_disagrees_with_itself(tmp_path: Path) -> None:
    study = write_played_study(tmp_path, judges={"default": {"model": JUDGE}}, items=60)
    seen: Counter[str] = Counter()

    def tired(message: str) -> str:
        seen[message] += 1
        return refusal_grade("full_compliance" if seen[message] == 1 else "full_refusal")

    with playing(sft_model=sft, production_model=production, judge=tired) as sent:
        outcome = run(study, out=tmp_path / "run")
        distinct = len(texts(sent))
        assert len(sent["judge"]) == calls(distinct) == distinct + 4
    (entry,) = json.loads(outcome.folder.judging.read_text())
    assert (entry["contents"], entry["answers"], entry["repeats"], entry["same"]) == (distinct, 80, 4, 0)
    assert set(entry["shift"].values()) <= {1.0, -1.0, 0.0}
    assert "0 of 4 the same" in outcome.folder.report.read_text()
    # The first judgement counts.
    assert set(rows(outcome).filter(judge=JUDGE, measure="unsafe_response")["value"]) == {1.0}


def test_a_panel_is_the_median_and_no_judge_judges_its_own_model(tmp_path: Path) -> None:
    panel = ["stagelens_played/strict", "stagelens_played/mild", "stagelens_played/production_model"]
    study = write_played_study(tmp_path, judges={"safety": {"panel": panel}})

    def both(message: str) -> str:
        return refusal_grade("partial_refusal") if "<answer>" in message else production(message)

    with playing(
        sft_model=sft,
        production_model=both,
        strict=lambda message: refusal_grade("full_refusal"),
        mild=lambda message: refusal_grade("full_compliance"),
    ):
        outcome = run(study, out=tmp_path / "run")
    table = rows(outcome).filter(measure="unsafe_response")
    per_stage = {stage: set(part["judge"]) for (stage,), part in table.group_by("stage")}
    assert per_stage["sft"] == {*panel, "rule:refusal", "panel"}
    assert per_stage["production"] == {*panel[:2], "rule:refusal", "panel"}
    values = {stage: set(part["value"]) for (stage,), part in table.filter(judge="panel").group_by("stage")}
    assert values == {"sft": {1.0}, "production": {0.5}}  # 0, 1, 1 and a tie of 0 and 1
    (result,) = [each for each in outcome.verdicts.results if each.measure == "unsafe_response"]
    assert result.judging is not None
    assert result.judging.krippendorff_alpha is not None
    assert "agree too little" in outcome.folder.report.read_text()


def test_a_stage_that_only_itself_would_judge_is_refused_before_anything_is_asked(tmp_path: Path) -> None:
    study = write_played_study(tmp_path, judges={"default": {"model": "other/provider/sft_model"}})
    with playing(sft_model=sft, production_model=production) as sent:
        for use in (lambda: list(check(study, offline=True)), lambda: plan(study), lambda: run(study)):
            with pytest.raises(
                InputError, match=r"judges\.default: .* is the model of stage f/sft, and no model judges"
            ):
                use()
        assert not sent["sft_model"]


TRAINED = """
name: trained
families:
  f:
    stages:
      - {name: base, kind: pretrain, elicitation: urial, %(trained)s}
      - {name: production, kind: sft, save_at: [0.5], %(trained)s}
benchmarks: {safety: {}}
judges: {default: {panel: [stagelens_played/judge, ./run/checkpoints/f/%(judge)s]}}
"""


@pytest.mark.parametrize(
    ("judge", "own"),
    [
        ("base", {"base", "base@urial_careful"}),
        ("production", {"production"}),
        ("production@0.5", {"production@0.5"}),
    ],
)
def test_a_checkpoint_judges_itself_under_no_elicitation(judge: str, own: set[str], tmp_path: Path) -> None:
    trained = "recipe: {max_steps: 1}, mixture: {sources: [{name: own, path: ./own.jsonl}]}"
    study = parse_study(TRAINED % {"trained": trained, "judge": judge}, folder=tmp_path)
    root = tmp_path / "run"
    panel = read_panels(study, benchmark_settings(study), root)["safety"]
    judged_by = {
        asked.stage.name: len(panel.judges_of(asked.stage, stage_checkpoint("f", asked, study, root)))
        for asked in asked_stages(study, "f")
    }
    assert {name for name, judges in judged_by.items() if judges == 1} == own
    assert set(judged_by) == {"base", "base@urial_careful", "production@0.5", "production"}


def test_a_benchmark_that_needs_a_judge_has_to_have_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(get_benchmark("safety")), "needs_judge", lambda self, settings, folder: True)
    study = write_played_study(tmp_path, judges={})
    with pytest.raises(InputError, match=r"study\.yaml:\d+: benchmarks\.safety: no rule grades these answers"):
        list(check(study, offline=True))
    monkeypatch.setattr(type(get_benchmark("safety")), "rubric", lambda self, settings, folder: None)
    study = write_played_study(tmp_path, judges={"safety": {"model": JUDGE}})
    with pytest.raises(InputError, match=r"judges\.safety: safety is graded by rules alone; remove its judge"):
        list(check(study, offline=True))


def test_a_plan_prices_the_judging(tmp_path: Path) -> None:
    judges = {"safety": {"panel": [JUDGE, "stagelens_played/sft_model"], "max_answer_tokens": 100}}
    planned = plan(write_played_study(tmp_path, judges=judges, items=60))
    first, own = planned.judging
    assert (first.judge, first.calls, first.answer_tokens) == (JUDGE, calls(80), calls(80) * 100)
    assert own.calls == calls(40)  # not its own 40 answers
    assert first.prompt_tokens > first.calls * 512
    assert [each["calls"] for each in planned.to_dict()["judging"]] == [84, 44]
    assert plan(write_played_study(tmp_path, judges={}, items=60)).judging == ()


@pytest.mark.parametrize("shown", [False, True])
def test_thoughts_are_shown_or_hidden_for_all_stages_alike(tmp_path: Path, shown: bool) -> None:
    study = write_played_study(tmp_path, judges={"default": {"model": JUDGE, "thoughts": shown}})

    def thinking(prompt: str) -> object:
        return output("Here is how.", thoughts="a secret thought")

    with playing(
        sft_model=thinking,
        production_model=lambda prompt: "<think>a secret thought</think>Here is how.",
        judge=lambda message: refusal_grade("full_compliance"),
    ) as sent:
        outcome = run(study, out=tmp_path / "run")
        assert {"a secret thought" in message for message in texts(sent)} == {shown}
        assert len(sent["judge"]) == 8  # whichever way thoughts came, the two stages said the same
    (entry,) = json.loads(outcome.folder.judging.read_text())
    assert entry["thoughts"] is shown


def test_two_local_judges_of_one_folder_name_never_share(tmp_path: Path) -> None:
    digests, logs = set(), set()
    for weights in (b"one", b"two"):
        judge = tmp_path / weights.decode() / "judge"
        judge.mkdir(parents=True)
        (judge / "config.json").write_text("{}")
        (judge / "model.safetensors").write_bytes(weights)
        study: Study = write_played_study(tmp_path, judges={"safety": {"model": f"./{weights.decode()}/judge"}})
        panel = read_panels(study, benchmark_settings(study))["safety"]
        (own,) = panel.judges
        assert own.name == "judge"
        digests.add(fingerprint(panel.inputs(own.content())))
        logs.add(Judgements(tmp_path, own.name, panel.inputs(own.content())).next_log)
    assert len(digests) == len(logs) == 2


def test_a_stage_on_this_machine_is_known_by_its_place(tmp_path: Path) -> None:
    study = write_played_study(tmp_path, judges={"safety": {"model": "./models/../sft"}})
    stage = study.families["f"].stages[0].model_copy(update={"model": "./sft"})
    family = study.families["f"].model_copy(update={"stages": (stage, study.families["f"].stages[1])})
    with pytest.raises(InputError, match="no model judges itself"):
        read_panels(study.model_copy(update={"families": {"f": family}}), benchmark_settings(study))
    trained = stage.model_copy(update={"model": None})
    family = family.model_copy(update={"stages": (trained, family.stages[1])})
    study = study.model_copy(
        update={
            "families": {"f": family},
            "judges": {"safety": study.judges["safety"].model_copy(update={"model": "./run/checkpoints/f/sft"})},
        }
    )
    with pytest.raises(InputError, match="no model judges itself"):
        read_panels(study, benchmark_settings(study), tmp_path / "run")


def test_looks_are_decided_by_what_judges_say(tmp_path: Path) -> None:
    study = write_played_study(
        tmp_path, judges={"default": {"model": JUDGE}}, items=60, analysis={"looks": 2, "margins": {"default": 0.5}}
    )
    with playing(sft_model=sft, production_model=production, judge=fair) as sent:
        outcome = run(study, out=tmp_path / "run")
        count = len(sent["judge"])
        assert rows(outcome).filter(judge="panel", measure="unsafe_response")["status"].to_list().count("scored") > 0
        run(study, out=tmp_path / "run")
        assert len(sent["judge"]) == count


def test_a_checkpoint_on_this_machine_judges_too(tmp_path: Path) -> None:
    """A tiny model with random weights: it cannot judge, and that it cannot becomes no grade."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "models"))
    from models_tiny import make_checkpoint

    make_checkpoint(tmp_path / "judge")
    study = write_played_study(tmp_path, judges={"default": {"model": "./judge", "max_answer_tokens": 16}}, items=6)
    with playing(sft_model=sft, production_model=production):
        outcome = run(study, out=tmp_path / "run")
    own = rows(outcome).filter(judge="judge")
    assert set(own["status"]) == {"ungraded"}
    assert all("do not fit into the judge's context" in cause for cause in own["cause"])
    assert ["ungraded by judge" in sentence for sentence in outcome.missing] == [True, True]
