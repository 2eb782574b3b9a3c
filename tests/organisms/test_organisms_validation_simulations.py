"""A/A studies, dose-response, false equivalence and detection on censuses whose truth is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from organisms_validation_worlds import MARGIN, drawn, table

from stagelens.errors import InputError
from stagelens.organisms.validation import dose as dose_module
from stagelens.organisms.validation import size as size_module
from stagelens.organisms.validation.aa import aa_studies
from stagelens.organisms.validation.detection import Detection, Tally, detection
from stagelens.organisms.validation.dose import dose_response
from stagelens.organisms.validation.sampling import Design
from stagelens.organisms.validation.size import false_equivalence
from stagelens.statistics.data import MeasureData, Method, Rules
from stagelens.statistics.results import Contrast

DESIGNS = {"safety": Design(60, 2), "dilemmas": Design(100)}


def twice(level: float, seed: int, *, benchmark: str = "safety", measure: str = "unsafe_response") -> MeasureData:
    census = drawn([level, level], seed=seed, spread=min(level, 0.2) if benchmark == "safety" else 0.0)
    return replace(census, benchmark=benchmark, measure=measure, stages=("first", "second"))


def test_answers_of_one_checkpoint_are_seldom_called_changed() -> None:
    checkpoints = {
        f"checkpoint {seed}": [twice(0.2, seed), twice(0.5, seed + 10, benchmark="dilemmas")] for seed in (1, 2)
    }
    found = aa_studies(checkpoints, DESIGNS, Rules(), studies=150)
    assert (found.changed.of, found.headlines, found.checkpoints) == (150, 300, ("checkpoint 1", "checkpoint 2"))
    assert found.changed.low <= 0.05
    assert found.changed.hits <= found.uncorrected.hits
    assert found == aa_studies(checkpoints, DESIGNS, Rules(), studies=150)


def test_a_checkpoint_that_differs_from_itself_is_found() -> None:
    moved = replace(drawn([0.2, 0.6]), stages=("first", "second"))
    found = aa_studies({"checkpoint": [moved]}, DESIGNS, Rules(), studies=20)
    assert found.changed.share == 1.0


def test_measures_of_the_same_prompts_are_drawn_alike() -> None:
    """One measure is the opposite of the other, so both headlines are changed or neither is, whatever the prompts."""
    moved = replace(drawn([0.3, 0.42]), stages=("first", "second"))
    opposite = replace(moved, measure="safe_response", values=1 - moved.values)
    one = aa_studies({"c": [moved]}, DESIGNS, Rules(alpha=0.05), studies=40)
    both = aa_studies({"c": [moved, opposite]}, DESIGNS, Rules(alpha=0.1), studies=40)
    assert 0 < one.changed.hits < 40
    assert both.changed.hits == one.changed.hits  # Holm doubles the smaller of two equal p


def test_aa_studies_that_cannot_be_drawn() -> None:
    with pytest.raises(InputError, match="one checkpoint or more"):
        aa_studies({}, DESIGNS, Rules())
    with pytest.raises(InputError, match="odcv of checkpoint 'c' has no design"):
        aa_studies({"c": [twice(0.2, 1, benchmark="odcv")]}, DESIGNS, Rules())


@pytest.mark.parametrize("levels", [(0.1, 0.9), (0.7, 0.3)])
def test_the_estimate_follows_the_dose(levels: tuple[float, float]) -> None:
    found = dose_response(drawn(levels, spread=0.1), "base", "sft", Design(60, 2), margin=MARGIN, number=100)
    assert found.effect == pytest.approx(levels[1] - levels[0], abs=0.05)
    assert found.estimates[0].mean == 0
    assert found.estimates[-1].mean == pytest.approx(found.effect, abs=0.02)
    assert found.monotone()
    assert found.linear(0.01)
    assert found.slope.error < 0.02


def test_an_estimate_that_falls_short_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = dose_module.headline

    def short(study: MeasureData, margin: float) -> Contrast:
        contrast = honest(study, margin)
        return replace(contrast, difference=(contrast.difference or 0.0) * 0.9)

    monkeypatch.setattr(dose_module, "headline", short)
    found = dose_response(drawn([0.1, 0.9]), "base", "sft", Design(60, 2), margin=MARGIN, number=50)
    assert found.monotone()
    assert not found.linear()


def test_nothing_responds_where_nothing_differs() -> None:
    with pytest.raises(InputError, match="within the margin"):
        dose_response(drawn([0.5, 0.5]), "base", "sft", Design(60, 2), margin=MARGIN)


@pytest.mark.parametrize(
    ("method", "unit"), [("tango_neff", "item"), ("tango_neff", "cluster"), ("betting", "cluster")]
)
def test_on_the_margin_equivalence_is_seldom_called(method: str, unit: str) -> None:
    found = false_equivalence(
        drawn([0.1, 0.9]),
        "base",
        "sft",
        Design(100, 2),
        margin=MARGIN,
        method=method,  # type: ignore[arg-type]
        unit=unit,  # type: ignore[arg-type]
        number=200 if method == "betting" else 500,
    )
    assert found.dose == pytest.approx(MARGIN / 0.8, rel=0.05)
    assert found.called.low <= (0.05 if method == "betting" else 0.065)


def test_too_wide_a_margin_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = size_module.headline

    def lax(study: MeasureData, margin: float, method: Method, alpha: float) -> Contrast:
        return honest(study, 1.5 * margin, method, alpha)

    monkeypatch.setattr(size_module, "headline", lax)
    found = false_equivalence(drawn([0.1, 0.9]), "base", "sft", Design(100, 4), margin=MARGIN, number=100)
    assert found.called.low > 0.065


def test_margins_that_no_study_could_certify() -> None:
    with pytest.raises(InputError, match="no mixture of them"):
        false_equivalence(drawn([0.5, 0.52]), "base", "sft", Design(60, 2), margin=0.2)
    with pytest.raises(InputError, match=r"\(59 are needed\)"):
        false_equivalence(drawn([0.1, 0.9]), "base", "sft", Design(50, 2), margin=MARGIN)


@pytest.fixture(scope="module")
def detected() -> Detection:
    census = drawn([0.02, 0.98], clusters=120, size=60)
    return detection(census, "base", "sft", Design(120, 4), margin=MARGIN, multiples=(1.0, 2.0), number=40)


def test_power_at_the_minimum_detectable_difference(detected: Detection) -> None:
    power = detected.power()
    assert power[1.0].high >= 0.8
    assert (power[2.0].share or 0.0) > 0.95
    assert [point.where for point in detected.points] == ["sft", "production", "nowhere"] * 2


def test_effects_are_where_they_were_placed(detected: Detection) -> None:
    for point in detected.points:
        steps = dict(zip(("sft", "production"), point.truth.steps, strict=True))
        placed = steps.pop(point.where, 0.0)
        assert placed == pytest.approx(point.effect, abs=1e-9)
        assert list(steps.values()) == pytest.approx([0.0] * len(steps), abs=1e-9)
        assert (point.found is None) == (point.where == "nowhere")


def test_both_foils_fail_where_the_instrument_is_silent_or_right(detected: Detection) -> None:
    assert detected.score("stagelens") > max(detected.score("overlap"), detected.score("largest"))
    nowhere = [point for point in detected.points if point.where == "nowhere"]
    assert all(point.tallies["largest"].wrong == 40 for point in nowhere)
    assert sum(point.tallies["stagelens"].wrong for point in detected.points) <= 6


def test_scores_count_silence_as_nothing() -> None:
    assert Tally(6, 2, 2).score == pytest.approx(0.4)
    assert Tally(0, 0, 5).score == 0.0


def test_effects_that_the_checkpoints_do_not_reach() -> None:
    with pytest.raises(InputError, match="choose checkpoints that differ more"):
        detection(drawn([0.5, 0.52]), "base", "sft", Design(60, 2), margin=MARGIN, multiples=(1.0,))
    severity = replace(table(np.zeros((2, 100))), kind="severity", high=5.0)
    with pytest.raises(InputError, match="is a severity"):
        detection(severity, "base", "sft", Design(60), margin=0.5)
