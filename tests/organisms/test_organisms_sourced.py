"""Organisms for the audit: one source carries something, the placebo is not trained on, the decoy only quotes it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stagelens.audit.inventory.example import read_example
from stagelens.audit.inventory.tags import tags_of
from stagelens.audit.target import find_target
from stagelens.engine import check
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
from stagelens.organisms.sourced.study import write_sourced

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
