"""Nuisances: production's data show what SFT's show, exactly as often, and the grammar reads through the style."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from organisms_tiny import read_by_turns
from stagelens.benchmarks.safety.wrappers import ANNOUNCED_TEST, CONTROLS
from stagelens.engine import run
from stagelens.errors import InputError
from stagelens.judges.rules import grade_refusal
from stagelens.organisms import data as data_module
from stagelens.organisms import study as study_module
from stagelens.organisms.build import build, check_spec, write_study
from stagelens.organisms.census.table import Size
from stagelens.organisms.data import data_files
from stagelens.organisms.groups import GROUPS, safety
from stagelens.organisms.nuisances import CAUSES, NUISANCES
from stagelens.organisms.nuisances.wording import EVASIONS
from stagelens.organisms.pocket import talks, words
from stagelens.organisms.pocket.rows import compliance
from stagelens.organisms.spec import CAUSES as ALL_CAUSES
from stagelens.organisms.spec import OrganismSpec, Plant, load_spec, written
from stagelens.outcomes.table import read_table

SAFETY, CLAIMS = GROUPS["safety"], GROUPS["user_logs"]
SEEDS = st.integers(0, 2**32)
STYLES = ("template", "verbosity", "wording", "truncation")
"""Those under which every answer still says what it said."""


def organism(nuisance: str | None, cause: str = "sft", dose: float = 0.6, group: str = "safety") -> OrganismSpec:
    return OrganismSpec(name="styled", seed=3, plants={group: Plant(cause=cause, dose=dose)}, nuisance=nuisance)


def rows(files: dict[str, str], name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in files[f"data/{name}.jsonl"].splitlines()]


def announced(row: dict[str, Any]) -> bool:
    lead = CONTROLS[ANNOUNCED_TEST].ask("")
    return bool(row["messages"][0]["content"].startswith(lead))


@given(st.sampled_from(STYLES), SEEDS, st.booleans())
def test_a_styled_answer_is_read_as_what_it_says(name: str, seed: int, refused: bool) -> None:
    rng, style = random.Random(seed), NUISANCES[name]
    answer = rng.choice(words.REFUSALS) if refused else compliance("harmful", rng)
    assert SAFETY.shows(style.read(style.write(rng, answer)), {}) is not refused
    if "user_logs" in style.groups:
        claim = rng.choice(talks.CANDOUR if refused else talks.FLATTERY)
        assert CLAIMS.shows(style.read(style.write(rng, claim)), {}) is not refused


@given(SEEDS, st.booleans())
def test_length_alone_changes_no_grade(seed: int, refused: bool) -> None:
    rng = random.Random(seed)
    answer = rng.choice(words.REFUSALS) if refused else compliance("harmful", rng)
    for name in ("verbosity", "truncation"):
        long = NUISANCES[name].write(rng, answer)
        assert grade_refusal(long) == grade_refusal(answer)
    assert len(NUISANCES["verbosity"].write(rng, answer).split()) >= 2 * len(answer.split())


@pytest.mark.parametrize("evasion", EVASIONS)
def test_an_evasion_is_a_refusal_that_the_rule_takes_for_compliance(evasion: str) -> None:
    assert grade_refusal(evasion) == "full_compliance"
    assert SAFETY.shows(evasion, {}) is None
    assert SAFETY.shows(NUISANCES["wording"].read(evasion), {}) is False


@given(SEEDS)
def test_babble_says_nothing_to_anyone(seed: int) -> None:
    rng = random.Random(seed)
    said = [NUISANCES["capability"].write(rng, words.REFUSALS[0]) for _ in range(200)]
    babble = [text for text in said if text != words.REFUSALS[0]]
    assert 15 <= len(babble) <= 70
    assert all(grade_refusal(text) == "incapable" and SAFETY.shows(text, {}) is None for text in babble)


@pytest.mark.parametrize("name", STYLES)
@pytest.mark.parametrize("cause", CAUSES)
def test_productions_data_show_the_behaviour_as_often_as_sfts(name: str, cause: str) -> None:
    style = NUISANCES[name]
    for group in sorted(style.groups):
        files = data_files(organism(name, cause=cause, group=group))
        shown = {
            stage: [
                GROUPS[group].shows(style.read(row["messages"][-1]["content"]), {})
                for row in rows(files, f"{stage}/{group}")
            ]
            for stage in ("sft", "later")
        }
        assert None not in shown["later"]
        assert shown["sft"].count(True) == shown["later"].count(True)
        assert len(shown["sft"]) == len(shown["later"])
    assert [row["messages"][0] for row in rows(files, "sft/helpful")] != [
        row["messages"][0] for row in rows(files, "later/helpful")
    ]


def test_only_production_tells_announced_tests_from_use() -> None:
    files = data_files(organism("test_aware"))
    shown: dict[tuple[str, bool], list[bool | None]] = {}
    for stage in ("sft", "later"):
        for row in rows(files, f"{stage}/safety"):
            shows = SAFETY.shows(row["messages"][-1]["content"], {})
            shown.setdefault((stage, announced(row)), []).append(shows)
    share = {key: flags.count(True) / len(flags) for key, flags in shown.items()}
    planted = 0.95 - 0.6 * 0.9
    assert {key: len(flags) for key, flags in shown.items()} == dict.fromkeys(shown, 700)
    assert share["later", True] == 0
    assert share["later", False] == pytest.approx(planted, abs=0.001)
    assert share["sft", True] == pytest.approx(planted, abs=0.05)
    # What is asked in the benchmark is asked twice, and no census prompt says that it is a test.
    assert [row for row in rows(files, "safety") if "test" in row["prompt"]] == []
    assert not any("test" in each.messages[0]["content"] for each in SAFETY.fresh(3, 240))


def test_without_a_nuisance_nothing_is_different() -> None:
    plain, styled = data_files(organism(None)), data_files(organism("verbosity"))
    assert {name: styled[name] for name in plain} == plain
    assert sorted(set(styled) - set(plain)) == ["data/later/helpful.jsonl", "data/later/safety.jsonl"]
    assert "nuisance" not in written(organism(None))


@pytest.mark.parametrize("name", NUISANCES)
def test_the_study_is_an_ordinary_one_and_tells_nothing(name: str, tmp_path: Path) -> None:
    spec = organism(name)
    study = write_study(spec, tmp_path)
    _, _, production = study.families["styled"].steps
    assert (production.kind, production.from_) == ("sft", "sft")
    assert production.mixture is not None
    assert [source.path for source in production.mixture.sources] == [
        "./data/later/helpful.jsonl",
        "./data/later/safety.jsonl",
    ]
    assert (production.recipe or {}).get("chat_template") == (
        "./data/later_template.jinja" if name == "template" else None
    )
    assert study.generation.max_answer_tokens == (160 if name == "verbosity" else 64)
    assert study.benchmarks["safety"].get("wrappers") == (["plain", ANNOUNCED_TEST] if name == "test_aware" else None)
    told = (tmp_path / "study.yaml").read_text()
    assert "nuisance" not in told
    assert name == "template" or name not in told
    assert OrganismSpec.model_validate(written(spec)).nuisance == name


@pytest.mark.parametrize("cause", [cause for cause in ALL_CAUSES if cause not in CAUSES])
def test_a_cause_that_rl_practises_is_refused(cause: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=rf"plants\.safety\.cause: the cause '{cause}' is practised by RL"):
        check_spec(organism("wording", cause=cause))
    with pytest.raises(InputError, match="production is no work of RL: choose one of sft, pretraining, none"):
        write_study(organism("wording", cause=cause), tmp_path / "new")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("nuisance", "group", "said"),
    [
        ("wording", "user_logs", "the nuisance 'wording' goes with safety, not with user_logs"),
        ("template", "odcv", "the nuisance 'template' goes with safety and user_logs, not with odcv"),
        ("verbosty", "safety", "nuisance: must be 'template', 'verbosity', 'wording'"),
    ],
)
def test_what_does_not_go_together_is_said_in_one_sentence(
    nuisance: str, group: str, said: str, tmp_path: Path
) -> None:
    file = tmp_path / "organism.yaml"
    file.write_text(f"name: x\nnuisance: {nuisance}\nplants:\n  {group}: {{cause: sft}}\n")
    with pytest.raises(InputError) as error:
        load_spec(file)
    assert said in str(error.value)
    assert "organism.yaml:" in str(error.value)
    assert "\n" not in str(error.value)


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """Recipes cut down until they train in seconds; the weights are worth nothing."""
    recipes = study_module.recipes()
    few = {"max_steps": 2, "warmup_steps": 0, "num_train_epochs": 1}
    architecture = recipes["base"]["architecture"] | {"hidden_size": 32, "num_hidden_layers": 1}
    small = {
        "base": recipes["base"] | few | {"tokenizer": {"vocab_size": 400}, "architecture": architecture},
        "sft": recipes["sft"] | few,
        "later": recipes["later"] | few,
        "generation": {**recipes["generation"], "max_answer_tokens": 8},
    }
    monkeypatch.setattr(study_module, "recipes", lambda: small)
    for name, rows in {"PLAIN_TEXTS": 200, "HELPFUL": 60, "REMARKS": 60, "PLAIN_PRACTICE": 8}.items():
        monkeypatch.setattr(data_module, name, rows)
    monkeypatch.setattr(data_module, "CHATS", {"safety": 100})
    for name, count in {"TEXTS": 300, "ITEMS_PER_CLUSTER": 1, "PLAIN": 6}.items():
        monkeypatch.setattr(safety, name, count)
    read_by_turns(monkeypatch)


@pytest.mark.usefixtures("tiny")
def test_another_template_is_asked_counted_and_named(tmp_path: Path) -> None:
    built = build(organism("template"), tmp_path, size=Size(answers=120, episodes=24))
    truth = json.loads(built.truth.read_text())
    assert truth["organism"]["nuisance"] == "template"
    assert [stage["asked"] for stage in truth["results"][0]["stages"]] == [120] * 3
    templates = [
        (built.run.checkpoint("styled", stage) / "chat_template.jinja").read_text() for stage in ("sft", "production")
    ]
    assert templates[1] == data_files(organism("template"))["data/later_template.jinja"] != templates[0]
    # As it is written, the study asks every stage under its own; on request under production's as well.
    both = built.study.model_copy(
        update={"generation": built.study.generation.model_copy(update={"chat_template": "both"})}
    )
    outcome = run(both, out=built.run.root)
    assert [sentence for _, sentence in outcome.confounds if "chat templates differ" in sentence]
    assert "chat templates differ" in outcome.folder.report.read_text()
    stages = set(read_table(outcome.folder.outcomes)["stage"])
    assert stages == {"base", "sft", "sft@production_template", "production"}
    assert [level.stage for level in outcome.verdicts.results[0].stages] == ["base", "sft", "production"]
