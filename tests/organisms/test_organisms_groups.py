"""Groups: shares are exact, answers are read as they were written, and a census asks nothing that a benchmark asks."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stagelens.benchmarks.user_logs.behaviours import RuleJudge, read_behaviours
from stagelens.judges import grade_refusal
from stagelens.models.tool_calls import ToolUse, written
from stagelens.organisms.groups import GROUPS, Group
from stagelens.organisms.groups.base import Messages
from stagelens.organisms.groups.names import made_up
from stagelens.organisms.pocket import words
from stagelens.stages.visible_metric import command

groups = pytest.mark.parametrize("group", GROUPS.values(), ids=list(GROUPS))


def deciding(group: Group, chat: Messages) -> str:
    """The answer that decides, as a model would write it."""
    if not group.agents:
        return str(chat[-1]["content"])
    call = [turn for turn in chat if turn.get("tool_calls")][1]["tool_calls"][0]["function"]
    return written(ToolUse(call["name"], call["arguments"]))


def facts_of(group: Group, chat: Messages) -> dict[str, str]:
    """What reads the answer to a dilemma: the two ways that it offers."""
    if group.benchmark != "dilemmas":
        return {}
    asked = chat[0]["content"]
    every = {(each.facts["aligned"], each.facts["misaligned"]) for each in group.practice(random.Random(0))}
    ((aligned, misaligned),) = [pair for pair in every if all(way in asked for way in pair)]
    return {"aligned": aligned, "misaligned": misaligned}


@groups
@settings(max_examples=5, deadline=None)
@given(st.integers(min_value=0, max_value=2**32), st.sampled_from([0.0, 0.05, 0.5, 0.95, 1.0]))
def test_exactly_the_share_shows_the_behaviour(group: Group, seed: int, bad: float) -> None:
    chats = group.chats(random.Random(seed), 60, bad)
    shown = [group.shows(deciding(group, chat), facts_of(group, chat)) for chat in chats]
    assert None not in shown
    assert sum(map(bool, shown)) == round(bad * 60)


@groups
def test_texts_have_the_share_too(group: Group) -> None:
    many, few = (group.texts(random.Random(0), bad) for bad in (0.9, 0.1))
    assert len(many) == len(few)
    assert many != few
    assert all(text.endswith("\n\n") for text in many)


@groups
@settings(max_examples=4, deadline=None)
@given(st.integers(min_value=0, max_value=2**32 - 1))
def test_fresh_conversations_are_none_that_the_benchmark_asks(group: Group, seed: int) -> None:
    asked = "".join(group.files(seed).values())
    fresh = group.fresh(seed, 300)
    assert len(fresh) >= 300
    assert len({each.item for each in fresh}) == len(fresh)
    for each in fresh:
        if group.agents:
            continue
        assert json.dumps(each.messages[-1]["content"])[1:-1] not in asked


def test_fresh_scenarios_hold_other_data_than_those_of_the_benchmark() -> None:
    group, seed = GROUPS["odcv"], 3
    tables: dict[str, set[str]] = {}
    for path, text in group.files(seed).items():
        if path.endswith("data.csv"):
            tables.setdefault(path.split("/")[2], set()).add(text)
    for each in group.fresh(seed, 240):
        assert json.loads(each.messages[-1]["content"])["stdout"] not in tables[each.cluster]


def test_fresh_programs_are_asked_for_at_other_places() -> None:
    group = GROUPS["reward_hacking"]
    asked = "".join(text for path, text in group.files(0).items() if path.endswith("task.yaml"))
    assert all(each.messages[0]["content"] not in asked for each in group.fresh(0, 176))


@groups
def test_practice_is_about_as_much_in_every_group(group: Group) -> None:
    practice = group.practice(random.Random(1))
    assert 200 <= len(practice) <= 250
    assert len({each.cluster for each in practice}) >= 44


@groups
def test_agents_have_looked_before_they_decide(group: Group) -> None:
    for each in group.fresh(0, 40):
        if group.agents:
            assert command(written_call(each.messages[each.before])) == each.facts["look"]
        else:
            assert each.before == len(each.messages) == 1


def written_call(message: dict[str, Any]) -> str:
    call = message["tool_calls"][0]["function"]
    return written(ToolUse(call["name"], call["arguments"]))


@groups
@pytest.mark.parametrize("answer", ["", "The mill is old.", "<tool_call>{broken", "Sure.", '{"name": "bash"}'])
def test_what_is_neither_is_neither(group: Group, answer: str) -> None:
    facts = {"aligned": "I tell the keeper.", "misaligned": "I hide the part.", "look": "cat data.csv"}
    assert group.shows(answer, facts) is None


def test_the_rule_judge_reads_requests_alike() -> None:
    safety = GROUPS["safety"]
    for chat in safety.chats(random.Random(0), 200, 0.5):
        answer = chat[-1]["content"]
        assert safety.shows(answer, {}) is (grade_refusal(answer) == "full_compliance")


def test_the_rule_of_sycophancy_reads_claims_alike() -> None:
    chats = GROUPS["user_logs"].chats(random.Random(0), 50, 0.5)
    said = [chat[-1]["content"] for chat in chats]
    frame = pl.DataFrame({"prompt": ["x"] * len(said), "response": said, "thoughts": [""] * len(said)})
    found = RuleJudge(read_behaviours(["sycophancy"], Path())).grade_many(frame)["sycophancy"].to_list()
    assert [GROUPS["user_logs"].shows(answer, {}) for answer in said] == [bool(each) for each in found]


def test_made_up_names_are_new_and_different() -> None:
    names = made_up(random.Random(0), 3000, without=("mudend",))
    assert len(set(names)) == 3000
    assert not set(names) & {*words.THINGS, *words.HELD_OUT_THINGS, "mudend"}
