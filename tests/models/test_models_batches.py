from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from stagelens.models.batches import Request, Sampling, compose

samplings = st.sampled_from([Sampling(), Sampling(temperature=0.0), Sampling(top_k=5), Sampling(stops=("\n",))])
requests = st.builds(
    Request,
    prompt=st.text("ab", max_size=4),
    max_tokens=st.integers(1, 3),
    seed=st.none() | st.integers(-2, 3),
    sampling=samplings,
)


def composed(asked: list[Request], size: int) -> list[list[Request]]:
    lengths = [len(request.prompt) for request in asked]
    return [[asked[place] for place in batch] for batch in compose(asked, lengths, size)]


@given(st.lists(requests, max_size=30), st.integers(1, 7), st.randoms(use_true_random=False))
def test_batches_depend_on_the_set_of_requests_only(asked: list[Request], size: int, chance: random.Random) -> None:
    shuffled = asked.copy()
    chance.shuffle(shuffled)
    assert composed(shuffled, size) == composed(asked, size)


@given(st.lists(requests, max_size=30), st.integers(1, 7))
def test_every_request_is_in_one_batch_with_its_like(asked: list[Request], size: int) -> None:
    places = compose(asked, [len(request.prompt) for request in asked], size)
    assert sorted(place for batch in places for place in batch) == list(range(len(asked)))
    for batch in composed(asked, size):
        assert 1 <= len(batch) <= size
        assert len({request.sampling for request in batch}) == 1


def test_batches_are_full_and_sorted_by_length() -> None:
    asked = [Request("x" * length, 1) for length in (9, 1, 5, 3, 7)]
    assert [[len(request.prompt) for request in batch] for batch in composed(asked, 2)] == [[1, 3], [5, 7], [9]]
