"""The order of judging, anchors, drift, panels and names: all pure."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

import pytest

from stagelens.benchmarks.safety.rubric import refusal_rubric
from stagelens.judges.drift import drift
from stagelens.judges.names import plain_name, same_model
from stagelens.judges.order import ANCHOR_EVERY, ANCHORS, FEWEST, Turn, calls, content_id, in_order, repetitions, turns
from stagelens.judges.panel import combine


def fresh(count: int) -> list[str]:
    return in_order([content_id(f"message {k}", "g") for k in range(count)], seed=0)


def asked(wanted: list[str]) -> list[Turn]:
    return turns(wanted, known=[], failed={}, repeated={})


def test_the_order_follows_from_seed_and_contents_alone() -> None:
    contents = fresh(50)
    shuffled = contents * 2
    random.Random(0).shuffle(shuffled)
    assert in_order(shuffled, 0) == contents
    assert in_order(shuffled, 1) != contents
    assert content_id("m", "g") == content_id("m", "g") != content_id("m", "h")


@pytest.mark.parametrize("count", [0, 1, FEWEST - 1, FEWEST, 99, 100, 149, 150, 1030])
def test_calls_are_the_distinct_contents_and_the_anchors(count: int) -> None:
    found = asked(fresh(count))
    assert len(found) == calls(count) == count + repetitions(count) * min(ANCHORS, count)
    assert len({turn.name for turn in found}) == len(found)
    assert [turn.content for turn in found if not turn.repeat] == fresh(count)


def test_anchors_come_again_at_regular_intervals() -> None:
    contents = fresh(1030)
    found = asked(contents)
    assert repetitions(1030) == 10
    again = Counter(turn.content for turn in found if turn.repeat)
    assert again == dict.fromkeys(contents[:ANCHORS], 10)
    firsts = 0
    for place, turn in enumerate(found):
        if turn.repeat and not found[place - 1].repeat:
            assert firsts % ANCHOR_EVERY == 0
        firsts += not turn.repeat


@pytest.mark.parametrize("killed", [1, 60, 103, 104, 107, 250, 311])
def test_a_killed_run_goes_on_with_the_same_questions(killed: int) -> None:
    whole = asked(fresh(300))
    done = whole[:killed]
    rest = turns(
        fresh(300),
        known=[turn.content for turn in done if not turn.repeat],
        failed={},
        repeated=Counter(turn.content for turn in done if turn.repeat),
    )
    if killed in (103, 311):
        # Cut between the anchors of one repetition: the others come after the next content.
        assert Counter([*done, *rest]) == Counter(whole)
    else:
        assert [*done, *rest] == whole


def test_nothing_is_asked_twice_but_what_failed() -> None:
    contents = fresh(30)
    done = asked(contents)
    repeated = Counter(turn.content for turn in done if turn.repeat)
    assert turns(contents, known=contents, failed={}, repeated=repeated) == []
    again = turns(contents, known=contents, failed={contents[5]: 2}, repeated=repeated)
    assert again == [Turn(contents[5], failed=2)]
    anchor = done[-1].content
    assert turns(contents, known=contents, failed={}, repeated=repeated - Counter([anchor])) == [Turn(anchor, repeat=1)]


def test_drift_is_the_anchors_against_their_first_grades() -> None:
    first = {"a": {"severity": 2.0, "misaligned": 0.0}, "b": {"severity": 5.0, "misaligned": 1.0}}
    later = [("a", {"severity": 3.0, "misaligned": 1.0}), ("b", {"severity": 5.0, "misaligned": 1.0}), ("c", {})]
    found = drift(first, later)
    assert (found.repeats, found.same) == (2, 1)
    assert found.shift == {"misaligned": 0.5, "severity": 0.5}
    assert drift({}, []).repeats == 0


def test_a_panel_is_the_median_and_a_rule_stands() -> None:
    rubric = refusal_rubric()
    grades = [{"m": 0.0, "s": 2.0}, {"m": 1.0, "s": 3.0}, {"m": 1.0, "s": 5.0}]
    assert combine(rubric, grades, {}) == {"m": 1.0, "s": 3.0}
    assert combine(rubric, grades[:2], {}) == {"m": 0.5, "s": 2.5}
    assert combine(rubric, grades[:1], {"m": 1.0}) == {"m": 1.0, "s": 2.0}
    assert combine(rubric, [], {"m": 1.0}) == {}
    assert combine(rubric, [], {}) == {}
    cut = replace(rubric, settle=lambda medians: {**medians, "m": float(medians["s"] >= 3)})
    assert combine(cut, grades[:2], {}) == {"m": 0.0, "s": 2.5}
    assert combine(cut, grades, {}) == {"m": 1.0, "s": 3.0}


SAME = [
    ("openai/gpt-5.5", "openrouter/openai/gpt-5.5"),
    ("openai-api/local/gpt-5.5", "openai/GPT-5.5-2026-04-01"),
    ("anthropic/claude-opus-4.7", "bedrock/claude-opus-4-7-20260301"),
    ("google/gemini-3.1-pro-preview", "vertex/gemini-3.1-pro"),
    ("hf/google/gemma-3-270m-it", "vllm/google/gemma-3-270m-it"),
    ("ollama/llama3:8b", "ollama/llama3:latest"),
    ("openai/gpt-5.5-latest", "openai/gpt-5.5@v2"),
]
OTHER = [
    ("openai/gpt-5.5", "openai/gpt-5.4"),
    ("openai/gpt-5.5", "openai/gpt-5.5-mini"),
    ("hf/google/gemma-3-270m", "hf/google/gemma-3-270m-it"),
    ("anthropic/claude-opus-4.7", "anthropic/claude-sonnet-4.7"),
]


def test_names_of_one_model() -> None:
    assert all(same_model(one, other) and same_model(other, one) for one, other in SAME)
    assert not any(same_model(one, other) for one, other in OTHER)
    assert plain_name("openai/gpt-4o-2024-08-06") == "gpt-4o"
