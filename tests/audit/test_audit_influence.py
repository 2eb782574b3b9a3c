"""Influence is what a step of training does: it is laid beside steps really taken, and beside a second library."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from audit_influence_peers import kronfluence_scores, stepped
from numpy.typing import NDArray
from scipy.stats import pearsonr

from models_tiny import WORDS, make_checkpoint
from stagelens.audit.inventory.example import Example
from stagelens.audit.ranking.influence import by_influence
from stagelens.audit.ranking.queries import Queries, Said
from stagelens.errors import InputError

PROMPTS = ("the mill", "the bridge", "the lantern")


def example(asked: str, taught: str, shown: str = "") -> Example:
    return Example(asked, taught, False, (), (), shown)


def said(start: int) -> str:
    return " ".join(WORDS[start : start + 5])


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_checkpoint(tmp_path_factory.mktemp("influence") / "model", context=64)


QUERIES = Queries(tuple(Said(each, said(0)) for each in PROMPTS), tuple(Said(each, said(9)) for each in PROMPTS))
LEARNED = [example(f"{each} {WORDS[place]}", said(place)) for place in range(14) for each in ("a", "the", "over")]
UNLEARNED = [example("the lantern", "", shown=said(0)), example("over " * 100, said(0))]


@pytest.fixture(scope="module")
def scores(checkpoint: Path) -> NDArray[np.float64]:
    return by_influence([*LEARNED, *UNLEARNED], QUERIES, checkpoint)


@pytest.fixture(scope="module")
def steps(checkpoint: Path) -> list[float]:
    return stepped(checkpoint, LEARNED, QUERIES)


def test_nothing_is_learned_from_what_is_only_shown_or_does_not_fit(scores: NDArray[np.float64]) -> None:
    assert scores.shape == (44,)
    assert scores[42:].tolist() == [0.0, 0.0]
    assert all(scores[:42])


def test_it_ranks_as_steps_of_training_do(scores: NDArray[np.float64], steps: list[float]) -> None:
    # A step goes along the gradient, TrackStar's along what is left of it after a projection: .66 was seen.
    assert pearsonr(scores[:42], steps).statistic > 0.5


def test_it_ranks_as_the_reference_does(
    checkpoint: Path, scores: NDArray[np.float64], steps: list[float], tmp_path: Path
) -> None:
    torch.manual_seed(0)  # EK-FAC draws what the model would have said
    reference = kronfluence_scores(checkpoint, LEARNED, QUERIES, tmp_path)
    assert pearsonr(reference, steps).statistic > 0.5
    assert pearsonr(scores[:42], reference).statistic > 0.5


def test_a_library_that_is_not_there_and_one_that_fails(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "bergson", None)
        with pytest.raises(InputError, match=r"pip install 'stagelens\[influence\]'"):
            by_influence(LEARNED[:1], QUERIES, checkpoint)
    assert by_influence(UNLEARNED[:1], QUERIES, checkpoint).tolist() == [0.0]
