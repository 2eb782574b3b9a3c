"""Edits: predictions between what was trained, the smallest that reaches a target, and a study file that loads."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_audit_effects import answered

from pocketed import write_tiny_study
from stagelens.audit.edits.curve import NONE, Change, predicted
from stagelens.audit.edits.mixture import as_study, edited
from stagelens.audit.edits.propose import Edit, Target, propose
from stagelens.audit.edits.trial import trials
from stagelens.audit.effects import Effect
from stagelens.audit.target import find_target
from stagelens.audit.variants import Variant
from stagelens.errors import InputError
from stagelens.statistics.data import Rules
from stagelens.study.spec import Study

REFUSAL, UNSAFE = ("safety", "over_refusal"), ("safety", "unsafe_response")
AMOUNTS = {"refusals": 100, "borderline": 40, "plain": 60}
MARGINS = {REFUSAL: 0.05, UNSAFE: 0.05}


def effect(source: str, share: float, measure: tuple[str, str], size: float, half: float = 0.02) -> Effect:
    variant = Variant(f"{source}-{share}", {source: share})
    return Effect(variant, *measure, size, size - half, size + half, 0.01, "changed_up", 400, 80, 2, "t")


EFFECTS = [
    effect("refusals", 0.0, REFUSAL, 0.30),
    effect("refusals", 0.5, REFUSAL, 0.10),
    effect("refusals", 0.0, UNSAFE, -0.80),
    effect("refusals", 0.5, UNSAFE, -0.20),
    effect("borderline", 0.0, REFUSAL, 0.25),
    effect("borderline", 0.5, REFUSAL, 0.20),
    effect("borderline", 0.0, UNSAFE, 0.01),
    effect("borderline", 0.5, UNSAFE, 0.0),
    effect("plain", 0.0, REFUSAL, -0.05),
    effect("plain", 0.0, UNSAFE, 0.0),
]
ON_REFUSAL = [each for each in EFFECTS if each.measure == "over_refusal"]


@pytest.mark.parametrize(
    ("kept", "expected"),
    [
        ({}, 0.0),
        ({"refusals": 0.0}, -0.30),
        ({"refusals": 0.5}, -0.10),
        ({"refusals": 0.25}, -0.20),
        ({"refusals": 0.75}, -0.05),
        ({"refusals": 0.5, "borderline": 0.0}, -0.35),
    ],
)
def test_a_change_is_read_between_what_was_trained(kept: dict[str, float], expected: float) -> None:
    change = predicted(ON_REFUSAL, kept)
    assert change is not None
    assert change.difference == pytest.approx(expected)
    assert change.low <= change.difference <= change.high


def test_what_was_never_left_out_is_not_predicted() -> None:
    assert predicted(ON_REFUSAL, {"code": 0.0}) is None
    assert predicted([effect("plain", 0.5, REFUSAL, 0.1)], {"plain": 0.2}) is None
    assert predicted([], {}) == NONE


@given(st.floats(-1, 1), st.floats(0, 0.5), st.floats(0, 1))
def test_intervals_hold_the_point_and_shrink_towards_the_whole(size: float, half: float, share: float) -> None:
    change = predicted([effect("a", 0.0, REFUSAL, size, half)], {"a": share})
    assert change is not None
    assert change.low - 1e-12 <= change.difference <= change.high + 1e-12
    assert change.high - change.low == pytest.approx(2 * half * (1 - share), abs=1e-9)


def test_errors_of_two_sources_add_like_independent_ones() -> None:
    both = Change(-0.1, -0.4, 0.2) + Change(0.3, -0.1, 0.7)
    assert (both.difference, both.low, both.high) == pytest.approx((0.2, -0.3, 0.7))


def test_the_smallest_edit_that_leaves_the_other_measure_alone_comes_first() -> None:
    target = Target(REFUSAL, 0.15, 0.30)
    first, *others = propose(target, EFFECTS, AMOUNTS, MARGINS)
    assert (dict(first.kept), first.rows, first.holds, first.reaches) == ({"borderline": 0.5}, 20, True, True)
    assert first.changes[UNSAFE].difference == 0.0
    # Dropping refusals would do it too, and would undo what they are there for.
    assert {"refusals": 0.0} in [dict(each.kept) for each in others]
    assert not next(each for each in others if each.kept == {"refusals": 0.0}).holds
    assert all(target.reached_by(each.changes[REFUSAL]) for each in (first, *others))


def test_targets_lie_above_too_and_what_cannot_be_reached_has_no_edit() -> None:
    (only, *_) = propose(Target(REFUSAL, 0.34, 0.30), EFFECTS, AMOUNTS, MARGINS)
    assert dict(only.kept) == {"plain": 0.0}
    assert propose(Target(REFUSAL, 0.95, 0.30), EFFECTS, AMOUNTS, MARGINS) == ()
    with pytest.raises(InputError, match=r"is at 0\.3 already"):
        propose(Target(REFUSAL, 0.3, 0.3), EFFECTS, AMOUNTS, MARGINS)


def test_a_file_comes_in_the_place_of_what_goes(tmp_path: Path) -> None:
    study = Study.load(write_tiny_study(tmp_path))
    target = find_target(study)
    edit = Edit({"refusals": 0.5}, {"refusals": "./data/helpful.jsonl"}, 18, {}, True, True)
    mixture = edited(target, edit)
    counts = {source.name: source.count for source in mixture.sources}
    assert counts["refusals"] == 18
    assert counts["refusals-replaced"] == 18
    assert sum(count or 0 for count in counts.values()) == 96
    text, difference = as_study(target, mixture, tmp_path / "audit")
    (tmp_path / "audit").mkdir()
    (tmp_path / "audit" / "edited.yaml").write_text(text, encoding="utf-8")
    again = Study.load(tmp_path / "audit" / "edited.yaml")
    stage = next(each for each in again.families["pocket"].stages if each.name == "sft")
    assert stage.mixture is not None
    assert {source.name: source.count for source in stage.mixture.sources} == counts
    assert "refusals-replaced" in difference
    assert difference.startswith("--- before\n+++ after\n")


def test_what_came_out_is_turned_to_the_edits_side() -> None:
    data = answered({"sft": 0.1, "edit-1": 0.9}, seed=3)
    edit = Edit({"refusals": 0.0}, {}, 10, {UNSAFE: Change(0.7, 0.6, 0.8)}, True, False)
    (found,) = trials([data], "sft", "edit-1", edit, Rules())
    assert found.verdict == "changed_up"
    assert found.observed is not None and found.observed.low > 0.7
    assert found.predicted == Change(0.7, 0.6, 0.8)


def test_a_measure_of_which_nothing_is_known_does_not_hold() -> None:
    unknown = {**MARGINS, ("safety", "partial_refusal"): 0.05}
    first, *_ = propose(Target(REFUSAL, 0.15, 0.30), EFFECTS, AMOUNTS, unknown)
    assert not first.holds
