"""What each cause is meant to be called, what the foils say, and how verdicts are counted against the truth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import get_args

import numpy as np
import pytest
from organisms_validation_worlds import MARGIN, STAGES, cell, drawn, exactly, table

from stagelens.errors import InputError
from stagelens.organisms.spec import Cause
from stagelens.organisms.validation.foils import largest, overlap, rates
from stagelens.organisms.validation.labels import MEANT
from stagelens.organisms.validation.matrix import certifiable, confusion, rate, share_of
from stagelens.organisms.validation.reading import read
from stagelens.organisms.validation.truth import Label, label_of, truth_of
from stagelens.statistics.data import INCAPABLE

PLANTED = {
    "sft": (0.95, 0.05, 0.05),
    "rl": (0.95, 0.95, 0.05),
    "pretraining": (0.3, 0.3, 0.3),
    "redundant": (0.95, 0.05, 0.05),
    "eroded": (0.95, 0.05, 0.5),
    "cancelling": (0.95, 0.05, 0.95),
    "none": (0.97, 0.97, 0.97),
}


@pytest.mark.parametrize("cause", get_args(Cause))
def test_a_plant_that_takes_is_called_what_it_is_meant_to_be(cause: Cause) -> None:
    assert label_of(STAGES, PLANTED[cause], MARGIN) == MEANT[cause].label
    assert MEANT[cause].why


@pytest.mark.parametrize(
    ("levels", "label"),
    [
        ((0.5, 0.2, 0.2), Label("sft")),
        ((0.5, 0.5, 0.2), Label("production")),
        ((0.5, 0.5, 0.5), Label("pretraining")),
        ((0.01, 0.01, 0.01), Label("no_change")),
        ((0.2, 0.4, 0.6), Label("mixed", "additive")),
        ((0.6, 0.2, 0.4), Label("mixed", "eroded")),
        ((0.6, 0.2, 0.6), Label("mixed", "cancelling")),
        ((0.6, 0.4, 0.8), Label("mixed", "overshoot")),
    ],
)
def test_overlap_on_large_steps(levels: tuple[float, ...], label: Label) -> None:
    assert overlap(exactly(levels), MARGIN) == label


def test_overlap_misses_a_change_that_the_pairs_show() -> None:
    base = np.arange(100) < 30
    later = np.arange(100) < 42  # 12 prompts changed and none changed back: exact p of 0.0005
    study = table([base, later, later])
    assert overlap(study, MARGIN) == Label("pretraining")
    assert read(study, MARGIN).contrasts[0].verdict == "changed_up"


def test_overlap_takes_whole_clusters_for_independent_prompts() -> None:
    """Three topics of sixty flip, with all 50 prompts of each: three observations, not a hundred and fifty."""
    cluster = np.repeat(np.arange(60), 50)
    base = cluster < 30
    later = cluster < 33
    study = table([base, later, later], cluster=cluster)
    assert overlap(study, 0.01) == Label("sft")
    assert read(study, 0.01).contrasts[0].verdict == "inconclusive"


def test_largest_names_a_stage_where_nothing_moved() -> None:
    assert largest(drawn([0.5, 0.5, 0.5])).cause in STAGES[1:]
    assert largest(exactly([0.5, 0.49, 0.2])) == Label("production")


def test_rates_are_of_what_was_scored_and_missing_is_no_number() -> None:
    status = np.zeros((2, 4), np.int8)
    status[0, :2] = status[1] = INCAPABLE
    data = table([[1, 1, 1, 0], [1, 1, 1, 1]], status=status)
    assert rates(data).tolist() == pytest.approx([0.5, np.nan], nan_ok=True)
    assert overlap(data, MARGIN) == Label("uninformative")


def test_of_a_stage_without_answers_no_foil_says_anything_and_no_truth_is_told() -> None:
    data = exactly([0.9, 0.5, 0.1])
    data.status[1] = INCAPABLE
    assert {overlap(data, MARGIN).cause, largest(data).cause} == {"uninformative"}
    with pytest.raises(InputError, match="could read no answer of sft"):
        truth_of(data, MARGIN)


def test_right_wrong_and_silent() -> None:
    right, wrong, silent = cell(said="sft"), cell(said="production"), cell(said="inconclusive")
    assert (right.right(), right.wrong(), right.decided()) == (True, False, True)
    assert (wrong.right(), wrong.wrong(), wrong.decided()) == (False, True, True)
    assert (silent.right(), silent.wrong(), silent.decided()) == (False, False, False)
    assert cell(said="uninformative").decided() is False
    assert cell(said="production", foils="sft").right("overlap")
    assert cell((0.6, 0.2, 0.6), said="mixed", pattern="eroded").wrong()


def test_what_took_and_what_counts() -> None:
    assert cell(planted="sft").took
    assert not cell(planted="rl").took
    assert cell().counts
    assert not cell(certifiable=False).counts
    assert not cell((0.5, 0.42, 0.42)).counts


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [(0, 10, 0.0, 0.3085), (5, 10, 0.1871, 0.8129), (10, 10, 0.6915, 1.0), (3, 100, 0.0062, 0.0852)],
)
def test_exact_intervals_of_shares(hits: int, of: int, low: float, high: float) -> None:
    """Clopper and Pearson's, as tabulated."""
    found = share_of(hits, of)
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-4)
    assert found.share == hits / of


def test_of_no_cells_nothing_is_known() -> None:
    found = rate([], lambda _: True)
    assert (found.share, found.low, found.high) == (None, 0.0, 1.0)


def test_confusion_counts_by_truth() -> None:
    cells = [cell(), cell(said="inconclusive"), cell((0.5, 0.5, 0.5), said="pretraining")]
    assert confusion(cells) == {
        Label("sft"): Counter({Label("sft"): 1, Label("inconclusive"): 1}),
        Label("pretraining"): Counter({Label("pretraining"): 1}),
    }
    assert confusion(cells, "largest")[Label("pretraining")] == Counter({Label("sft"): 1})


def certified(levels: Sequence[float], **world: int) -> bool:
    data = drawn(levels, **world)
    return certifiable(read(data, MARGIN), truth_of(data, MARGIN))


def test_certifiable_asks_for_enough_prompts() -> None:
    assert certified([0.02, 0.02, 0.02])
    assert not certified([0.5, 0.5, 0.5], size=1)


def test_steps_that_moved_need_no_certificate() -> None:
    assert certified([0.97, 0.97, 0.5], size=8)
    assert not certified([0.4, 0.4, 0.95], size=1)


def test_a_mixed_cause_without_a_pattern_is_right_where_any_is() -> None:
    hidden = (0.6, 0.2, 0.6)
    assert cell(hidden, said="mixed").right()
    assert cell((0.5, 0.2, 0.2), said="mixed").wrong()
