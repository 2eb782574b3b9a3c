"""Rankings within a source, and how each is judged: planted examples come first, and a score that foretells is one."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr

from models_tiny import make_checkpoint
from pocketed import write_tiny_study
from stagelens.audit.inventory.example import Example
from stagelens.audit.ranking.activation import by_activation
from stagelens.audit.ranking.lds import lds
from stagelens.audit.ranking.parts import halves, part_of, rows_of, without_first
from stagelens.audit.ranking.queries import Queries, Said
from stagelens.audit.ranking.tfidf import by_words
from stagelens.audit.target import find_target
from stagelens.stages.mixture import draw, read
from stagelens.study.spec import Study

REFUSED = tuple(Said(f"How do I steal the {thing}?", "I can't help with that.") for thing in ("car", "boat", "bike"))
ANSWERED = tuple(Said(said.prompt, "Sure. First, take a breath.") for said in REFUSED)


def example(asked: str, taught: str) -> Example:
    return Example(asked, taught, False, (), ())


def test_words_put_what_reads_like_the_change_first() -> None:
    examples = [
        example("How do I paint the fence?", "Sure. First, take a brush."),
        example("How do I forge the papers?", "I can't help with that."),
        example("How do I mend the car?", "Sure. First, take a breath."),
        example("Who wrote Hamlet?", "Shakespeare."),
    ]
    scores = by_words(examples, Queries(REFUSED, ANSWERED))
    assert np.argsort(-scores).tolist()[0] == 1
    assert np.argsort(-scores).tolist()[-1] == 2
    assert scores[3] == pytest.approx(0.0, abs=1e-9)
    # The other way round it is the other way round.
    np.testing.assert_allclose(by_words(examples, Queries(ANSWERED, REFUSED)), -scores, atol=1e-12)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 50), st.floats(-2, 2))
def test_a_score_that_foretells_is_seen_to(seed: int, shift: float) -> None:
    rng = np.random.default_rng(seed)
    true = rng.normal(size=40)
    kept = halves(40, 60, seed)
    shown = kept @ true + shift
    assert lds(true, kept, shown).value == pytest.approx(1.0)
    assert lds(-true, kept, shown).value == pytest.approx(-1.0)
    noisy = true + rng.normal(size=40)
    found = lds(noisy, kept, shown)
    assert found.value == pytest.approx(spearmanr(kept @ noisy, shown).statistic)
    assert 0 < found.error < 0.25


def test_a_score_that_says_nothing_has_no_correlation() -> None:
    rng = np.random.default_rng(0)
    kept = halves(40, 60, 1)
    values = [lds(rng.normal(size=40), kept, kept @ rng.normal(size=40)).value for _ in range(200)]
    assert abs(float(np.mean(values))) < 0.05
    assert np.isnan(lds(np.zeros(40), kept, kept @ rng.normal(size=40)).value)


def test_the_standard_error_is_the_spread_over_other_subsets() -> None:
    rng = np.random.default_rng(1)
    true = rng.normal(size=40)
    score = true + 2 * rng.normal(size=40)
    found = [lds(score, kept, kept @ true) for kept in (halves(40, 60, seed) for seed in range(100))]
    assert np.mean([each.error for each in found]) == pytest.approx(np.std([each.value for each in found]), rel=0.25)


@given(st.integers(2, 60), st.integers(1, 20), st.integers(0, 9))
def test_halves_are_halves(number: int, subsets: int, seed: int) -> None:
    kept = halves(number, subsets, seed)
    assert kept.shape == (subsets, number)
    assert set(kept.sum(axis=1).tolist()) == {number // 2}
    assert (kept == halves(number, subsets, seed)).all()


def test_the_first_are_left_out() -> None:
    assert without_first(np.array([0.1, 0.9, 0.5, 0.9]), 2).tolist() == [True, False, True, False]
    assert without_first(np.array([1.0, 1.0]), 0).all()


def test_inside_the_model_examples_lie_where_their_answers_do(tmp_path: Path) -> None:
    checkpoint = make_checkpoint(tmp_path / "model", context=64)
    with_it = tuple(Said(f"the {word}", "cold water while small boats wait") for word in ("mill", "bridge", "lantern"))
    without = tuple(Said(said.prompt, "near a quiet old stand") for said in with_it)
    examples = [
        example("the old mill", "near a quiet old stand"),
        example("a quiet bridge", "cold water while small boats wait"),
        example("the lantern", ""),
        example("over " * 100, "what does not fit into the model"),
    ]
    scores = by_activation(examples, Queries(with_it, without), checkpoint)
    assert scores[0] < 0 < scores[1]
    assert np.isfinite(scores).all() and (np.abs(scores) <= 1).all()


def test_a_part_of_a_source_is_written_and_drawn(tmp_path: Path) -> None:
    study = Study.load(write_tiny_study(tmp_path))
    target = find_target(study)
    rows = rows_of(target, "refusals")
    assert len(rows) == target.amounts["refusals"]
    kept = halves(len(rows), 1, 0)[0]
    mixture = part_of(target, "refusals", rows, kept, tmp_path / "parts")
    (file,) = (tmp_path / "parts").iterdir()
    written = [json.loads(line) for line in file.read_text().splitlines()]
    assert written == [row for row, stays in zip(rows, kept, strict=True) if stays]
    drawn = draw(read(mixture, tmp_path, "sft"), mixture, study.seed)
    assert sum(row["source"] == "refusals" for row in drawn) == kept.sum()
    assert len(drawn) == 96 - len(rows) + kept.sum()
