from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import torch
from scipy.stats import chisquare

from stagelens.models.batches import Sampling
from stagelens.models.sampling import InverseTransform, processors, uniforms

PROBABILITIES = np.array([0.4, 0.25, 0.0, 0.2, 0.1, 0.05])
ROWS = 20_000


def drawn(sampling: Sampling, draws: torch.Tensor) -> np.ndarray:
    """The token that each row ends up with when all rows have the same logits."""
    scores = torch.tensor(PROBABILITIES).log().float().repeat(len(draws), 1)
    ids = torch.zeros(len(draws), 3, dtype=torch.long)
    left: torch.Tensor = processors(sampling, draws, prompt_length=3)(ids, scores)
    assert (left > -torch.inf).sum(1).eq(1).all()
    return left.argmax(1).numpy()


@cache
def streams() -> torch.Tensor:
    return torch.from_numpy(np.stack([uniforms(seed, [1, 2, 3], 1) for seed in range(ROWS)]))


def expected(sampling: Sampling) -> np.ndarray:
    heated = PROBABILITIES ** (1 / sampling.temperature)
    heated /= heated.sum()
    order = np.argsort(-heated)
    kept = np.zeros_like(heated, dtype=bool)
    before = np.concatenate([[0.0], heated[order].cumsum()[:-1]])
    kept[order[before < sampling.top_p]] = True
    if sampling.top_k is not None:
        kept[order[sampling.top_k :]] = False
    left = np.where(kept, heated, 0.0)
    return left / left.sum()


@pytest.mark.parametrize(
    "sampling",
    [Sampling(), Sampling(temperature=0.5), Sampling(temperature=2.0), Sampling(top_p=0.7), Sampling(top_k=3)],
    ids=str,
)
def test_tokens_come_with_their_probabilities(sampling: Sampling) -> None:
    counts = np.bincount(drawn(sampling, streams()), minlength=len(PROBABILITIES))
    probabilities = expected(sampling)
    possible = probabilities > 0
    assert counts[~possible].sum() == 0
    assert chisquare(counts[possible], probabilities[possible] * ROWS).pvalue > 0.001


def test_greedy_needs_no_processor() -> None:
    assert len(processors(Sampling(temperature=0.0), torch.empty(0), 3)) == 0


def test_the_ends_of_the_unit_interval_are_tokens_with_probability() -> None:
    draws = torch.tensor([[0.0], [np.nextafter(1.0, 0.0)]], dtype=torch.float64)
    assert drawn(Sampling(), draws).tolist() == [0, 5]
    # A last token without probability, and a total that rounding moves.
    scores = torch.tensor([[0.3, 0.7, 0.0]]).log()
    left = InverseTransform(draws[1:], 1)(torch.zeros(1, 1, dtype=torch.long), scores)
    assert left.argmax(1).tolist() == [1]


def test_each_step_takes_the_next_number_of_its_row() -> None:
    draws = torch.tensor([[0.1, 0.9], [0.9, 0.1]], dtype=torch.float64)
    transform = InverseTransform(draws, prompt_length=2)
    scores = torch.tensor([[0.5, 0.5]] * 2).log()
    first = transform(torch.zeros(2, 2, dtype=torch.long), scores).argmax(1).tolist()
    second = transform(torch.zeros(2, 3, dtype=torch.long), scores).argmax(1).tolist()
    assert (first, second) == ([0, 1], [1, 0])


def test_a_stream_belongs_to_seed_and_prompt_and_does_not_depend_on_its_length() -> None:
    assert np.array_equal(uniforms(5, [1, 2], 4), uniforms(5, [1, 2], 9)[:4])
    assert not np.array_equal(uniforms(5, [1, 2], 4), uniforms(6, [1, 2], 4))
    assert not np.array_equal(uniforms(5, [1, 2], 4), uniforms(5, [1, 3], 4))
    assert not np.array_equal(uniforms(-5, [1, 2], 4), uniforms(5, [1, 2], 4))
    assert not np.array_equal(uniforms(None, [1, 2], 4), uniforms(None, [1, 2], 4))
