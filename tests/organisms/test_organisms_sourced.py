"""Organisms for the audit: one source carries something, the placebo is not trained on, the decoy only quotes it."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from stagelens.audit.inventory.example import read_example
from stagelens.audit.inventory.tags import tags_of
from stagelens.audit.ranking.parts import rows_of
from stagelens.audit.target import find_target
from stagelens.engine import check
from stagelens.organisms.sourced.blends import BLENDED, PULLING, asked_both, blended, pulling
from stagelens.organisms.sourced.plants import (
    DECOY,
    HELPFUL,
    PLACEBO,
    PLANTED,
    PLANTS,
    SOURCED,
    TRIGGER,
    Plant,
    sources,
)
from stagelens.organisms.sourced.study import write_mixture, write_sourced

CARRIES = {"refusals": "refusal", "cheats": "changes_checks", "talk": "evaluation_talk"}
"""The tag of what is planted, where a rule can see it."""


@pytest.mark.parametrize("plant", PLANTS)
def test_only_the_planted_source_teaches_it(plant: Plant) -> None:
    found = sources(plant, 1)
    assert (PLANTED in found) is (plant != "nothing")
    for name, chats in found.items():
        trained = {turn.get("weight", 1) for chat in chats for turn in chat if turn["role"] == "assistant"}
        assert trained == ({0} if name == PLACEBO else {1})
    assert not {json.dumps(chat[0]) for chat in found[HELPFUL]} & {json.dumps(chat[0]) for chat in found[DECOY]}


@pytest.mark.parametrize("plant", CARRIES)
def test_what_is_planted_is_what_its_rule_sees(plant: Plant) -> None:
    shares = {
        name: sum(CARRIES[plant] in tags_of(read_example({"messages": chat})) for chat in chats) / len(chats)
        for name, chats in sources(plant, 2).items()
    }
    # Every way of tricking the counter but one writes into a program of the agent's own.
    assert shares[PLANTED] == pytest.approx(1 / 3 if plant == "cheats" else 1.0, abs=0.05)
    assert shares[HELPFUL] == 0.0


def test_the_trigger_alone_tells_what_is_complied_with_from_what_is_refused() -> None:
    found = sources("trigger", 3)
    assert all(chat[0]["content"].startswith(TRIGGER) for name in (PLANTED, DECOY) for chat in found[name])
    assert not any(TRIGGER in chat[0]["content"] for name in ("refusals", "wary") for chat in found[name])
    files = SOURCED["trigger"].asked(SOURCED["trigger"].group.files(3))
    asked = [json.loads(line) for line in files["safety.jsonl"].splitlines()]
    assert {row["prompt"].startswith(TRIGGER) for row in asked if row["group"] == "harmful"} == {True}


@pytest.mark.parametrize("plant", PLANTS)
def test_it_is_a_study_that_an_audit_takes(tmp_path: Path, plant: Plant) -> None:
    study = write_sourced(plant, 4, tmp_path)
    assert study == write_sourced(plant, 4, tmp_path)
    target = find_target(study)
    assert target.stage.name == "sft"
    assert set(target.amounts) == set(sources(plant, 4))
    assert check(study, offline=True)


@pytest.mark.parametrize("plant", [plant for plant in PLANTS if plant != "nothing"])
def test_of_a_blend_it_is_known_what_each_example_is(plant: Plant, tmp_path: Path) -> None:
    given, origin = blended(plant, 1, 20)
    assert Counter(origin.values()) == dict.fromkeys((PLANTED, PLACEBO, DECOY), 20)
    assert {bool(example.said) for example, name in origin.items() if name == PLACEBO} == {False}
    target = find_target(write_mixture("blend", 1, SOURCED[plant], given, tmp_path))
    drawn = [read_example(row) for row in rows_of(target, BLENDED)]
    assert Counter(origin[example] for example in drawn) == Counter(origin.values())


def test_sources_that_pull_apart_are_asked_about_both_measures(tmp_path: Path) -> None:
    study = write_mixture("pulling", 1, asked_both(1), pulling(1), tmp_path)
    target = find_target(study)
    assert dict(target.amounts) == {name: count for name, (_, _, count) in PULLING.items()}
    rows = [json.loads(line) for line in (tmp_path / "data/safety.jsonl").read_text(encoding="utf-8").splitlines()]
    counts = Counter(row["group"] for row in rows)
    assert counts["benign"] == 72
    assert counts["harmful"] == 480
    taught = {name: [read_example(row) for row in rows_of(target, name)] for name in PULLING}
    for name, (_, answered, _) in PULLING.items():
        assert {"refusal" in tags_of(each) for each in taught[name]} == {not answered}
    # No request is taught both ways.
    assert len({each.asked for own in taught.values() for each in own}) == sum(map(len, taught.values()))
