"""Positive controls beside results: what they add, and what they must never change."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statistics_worlds import measure, nested

from stagelens.errors import InputError
from stagelens.statistics.conclusions.controls import named, with_controls
from stagelens.statistics.data import Rules
from stagelens.statistics.decide import decide
from stagelens.statistics.results import Control
from stagelens.statistics.serialise import controls_from_dict, controls_to_json, verdicts_from_dict

VERDICTS = decide(
    [
        measure(nested((0.31, 0.31, 0.31), n=400), name="unsafe_response"),
        measure(nested((0.31, 0.31, 0.31), n=400), name="over_refusal"),
        measure(nested((0.9, 0.31, 0.3), n=333), name="misaligned", benchmark="odcv"),
    ],
    Rules(study="pocket"),
)
FOUND = Control(
    "safety", "unsafe_response", True, -0.9, -0.95, -0.85, 0.05, 106, 60, ("openai/a",), "found: it was seen"
)
MISSED = replace(FOUND, found=False, difference=0.0, low=-0.02, high=0.02, text="the positive control was missed: …")
UNKNOWN = Control("safety", "unsafe_response", None, *[None] * 6, (), "the positive control is missing: no sandbox")
NONE = Control("odcv", None, None, *[None] * 6, (), "there is no positive control")
BY = {("family", "safety", "unsafe_response"): ("openai/a",)}


def warned(controls: list[Control], graders: dict = BY) -> dict[str, tuple[str, ...]]:
    """The warnings that the controls add, by measure."""
    before = {result.measure: result.warnings for result in VERDICTS.results}
    return {
        result.measure: result.warnings[: len(result.warnings) - len(before[result.measure])]
        for result in with_controls(VERDICTS, controls, graders).results
    }


def test_a_missed_control_is_the_first_warning_of_every_result_of_its_benchmark():
    assert warned([MISSED]) == {"unsafe_response": (MISSED.text,), "over_refusal": (MISSED.text,), "misaligned": ()}


def test_a_control_that_was_found_or_is_not_known_warns_of_nothing():
    for control in (FOUND, UNKNOWN):
        assert set(warned([control, NONE]).values()) == {()}


def test_a_control_of_other_graders_says_nothing_of_these():
    assert VERDICTS.results[0].contrasts[0].verdict == "equivalent"
    (said,) = warned([FOUND], {})["unsafe_response"]
    assert "graded by openai/a, these answers by the benchmark's own rules: that it was found says nothing" in said
    by_rules = replace(FOUND, judges=())
    assert warned([by_rules], {})["unsafe_response"] == ()
    assert "says nothing of openai/a" in warned([by_rules])["unsafe_response"][0]
    first, second = warned([MISSED], {})["unsafe_response"]
    assert first == MISSED.text
    assert second.endswith("that it was missed says nothing of the benchmark's own rules")


@given(
    found=st.sampled_from((True, False, None)),
    benchmark=st.sampled_from(("safety", "odcv", "dilemmas")),
    judges=st.lists(st.sampled_from(("a", "b", "c")), unique=True).map(tuple),
)
def test_a_control_adds_warnings_and_changes_nothing_else(found, benchmark, judges):
    control = replace(FOUND, found=found, benchmark=benchmark, judges=judges)
    told = with_controls(VERDICTS, [control], BY)
    assert told.controls == (control,)
    for before, after in zip(VERDICTS.results, told.results, strict=True):
        assert replace(after, warnings=before.warnings) == before
        assert after.warnings[len(after.warnings) - len(before.warnings) :] == before.warnings
    assert replace(told, controls=(), results=VERDICTS.results) == VERDICTS


def test_controls_are_a_key_only_where_there_are_any():
    assert "controls" not in VERDICTS.to_dict()
    content = with_controls(VERDICTS, [FOUND, NONE], BY).to_dict()
    assert content["controls"][0] == {
        "benchmark": "safety", "measure": "unsafe_response", "found": True, "difference": -0.9, "low": -0.95,
        "high": -0.85, "margin": 0.05, "items": 106, "clusters": 60, "judges": ["openai/a"],
        "text": "found: it was seen",
    }  # fmt: skip
    assert content["controls"][1]["found"] is None
    assert content["controls"][1]["difference"] is None
    assert verdicts_from_dict(content).controls == (FOUND, NONE)


def test_the_file_reads_back_and_is_sorted():
    text = controls_to_json([FOUND, MISSED, UNKNOWN, NONE])
    assert controls_from_dict(json.loads(text)) == (FOUND, MISSED, UNKNOWN, NONE)
    assert json.dumps(json.loads(text), indent=2, sort_keys=True, ensure_ascii=False) + "\n" == text


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ([], "schema 1"),
        ({"schema": 1}, "controls should be a list"),
        ({"schema": 1, "controls": [{"benchmark": "safety"}]}, r"controls\[0\] lacks the field 'measure'"),
        (json.loads(controls_to_json([replace(FOUND, items=1)]).replace("true", "3")), r"found should be of type bool"),
    ],
)
def test_another_file_is_refused_by_field(content, words):
    with pytest.raises(InputError, match=rf"c\.json.*{words}.*--with-controls"):
        controls_from_dict(content, where="c.json")


def test_who_graded_in_a_sentence():
    assert named(()) == "the benchmark's own rules"
    assert named(("a",)) == "a"
    assert named(("a", "b", "c")) == "a, b and c"


def test_the_worlds_of_this_file_are_what_they_are_taken_for():
    assert [np.sign(result.contrasts[0].difference or 0) for result in VERDICTS.results] == [0, 0, -1]
