"""Studies from a census, and mixtures of two checkpoints' answers."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from organisms_validation_worlds import drawn, table

from stagelens.errors import InputError
from stagelens.organisms.validation.estimates import estimate
from stagelens.organisms.validation.mixing import Pools, coins, effect, mixed
from stagelens.organisms.validation.sampling import (
    Design,
    answer_sets,
    both_read,
    chances,
    disjoint,
    draws,
    study_of,
)
from stagelens.statistics.data import INCAPABLE, UNGRADED


@given(st.lists(st.integers(1, 9), min_size=4, max_size=12), st.integers(1, 4), st.integers(0, 99))
def test_studies_are_disjoint_and_made_of_whole_clusters(sizes: list[int], items: int, seed: int) -> None:
    cluster = np.repeat(np.arange(len(sizes)), sizes)
    census = table(np.zeros((2, cluster.size)), cluster=cluster)
    design = Design(2, items)
    if sum(size // items for size in sizes) < 2:
        with pytest.raises(InputError, match="a study of 2 clusters"):
            disjoint(census, design)
        return
    several = list(islice(draws(census, design, np.random.default_rng(seed)), disjoint(census, design)))
    used = np.concatenate(several)
    assert np.unique(used).size == used.size
    for places in several:
        assert places.shape == (2 * items,)
        blocks = cluster[places].reshape(2, items)
        assert (blocks == blocks[:, :1]).all()


def test_a_study_holds_the_answers_of_its_prompts() -> None:
    census = drawn([0.3, 0.6], clusters=10, size=7)
    design = Design(5, 3)
    places = next(draws(census, design, np.random.default_rng(0)))
    study = study_of(census, places, design)
    assert np.array_equal(study.values, census.values[:, places])
    assert study.cluster.tolist() == [0] * 3 + [1] * 3 + [2] * 3 + [3] * 3 + [4] * 3
    assert study.item.tolist() == list(range(15))


def test_draws_go_on_when_the_census_is_used_up_and_are_seeded() -> None:
    census, design = drawn([0.3, 0.6], clusters=4, size=3), Design(2, 3)
    first = list(islice(draws(census, design, np.random.default_rng(4)), 9))
    again = list(islice(draws(census, design, np.random.default_rng(4)), 9))
    assert disjoint(census, design) == 2
    assert all(np.array_equal(one, other) for one, other in zip(first, again, strict=True))


def test_chances_are_what_draws_do() -> None:
    cluster = np.repeat([0, 1, 2, 3], [2, 3, 5, 1])
    census, design = table(np.zeros((2, 11)), cluster=cluster), Design(2, 2)
    assert chances(census, design) == pytest.approx(np.repeat([1 / 8, 1 / 12, 1 / 10, 0], [2, 3, 5, 1]))
    drawn_often = np.concatenate(list(islice(draws(census, design, np.random.default_rng(0)), 8000)))
    shares = np.bincount(drawn_often, minlength=11) / drawn_often.size
    assert shares == pytest.approx(chances(census, design), abs=0.006)


@pytest.mark.parametrize(
    ("design", "message"),
    [(Design(1, 2), "2 clusters or more"), (Design(3, 0), "1 prompt or more"), (Design(9, 4), "holds 8 clusters of 4")],
)
def test_designs_that_cannot_be_drawn(design: Design, message: str) -> None:
    with pytest.raises(InputError, match=message):
        draws(drawn([0.3, 0.6], clusters=4, size=8), design, np.random.default_rng(0))


def test_two_answers_to_a_prompt_are_split_first() -> None:
    census = table([[0, 1, 1, 0, 0, 1]], item=[0, 1, 2, 0, 1, 2], cluster=[0, 0, 1, 0, 0, 1])
    with pytest.raises(InputError, match="answer_sets"):
        draws(census, Design(2, 1), np.random.default_rng(0))
    split = answer_sets(census, "base")
    assert split.stages == ("first", "second")
    assert split.values.tolist() == [[0, 1, 1], [0, 0, 1]]
    assert split.cluster.tolist() == [0, 0, 1]
    with pytest.raises(InputError, match="no stage 'rl'"):
        answer_sets(census, "rl")
    with pytest.raises(InputError, match="3 prompts without two answers"):
        answer_sets(split, "first")


def test_both_read_keeps_what_both_stages_answered() -> None:
    status = np.zeros((3, 5), np.int8)
    status[0, 0], status[1, 1], status[2, 2] = INCAPABLE, INCAPABLE, UNGRADED
    census = table([[0, 0, 1, 0, 1], [1, 1, 1, 1, 0], [0, 1, 0, 1, 0]], status=status, cluster=[0, 1, 2, 2, 3])
    pair = both_read(census, "base", "production")
    assert pair.stages == ("base", "production")
    assert pair.values.tolist() == [[0, 0, 1], [1, 1, 0]]
    assert pair.cluster.tolist() == [0, 1, 2]
    with pytest.raises(InputError, match="no stage 'dpo'"):
        both_read(census, "base", "dpo")
    status[0] = INCAPABLE
    with pytest.raises(InputError, match="fewer than two prompts"):
        both_read(table(census.values, status=status), "base", "sft")


@given(st.floats(0, 1), st.sampled_from(["item", "cluster"]), st.integers(0, 99))
def test_a_mixture_has_the_answers_of_either(dose: float, unit: str, seed: int) -> None:
    study = drawn([0.2, 0.9], clusters=6, size=5)
    coin = coins(study, unit, np.random.default_rng(seed))  # type: ignore[arg-type]
    mixture = mixed(study, dose, coin)
    taken = coin < dose
    assert np.array_equal(mixture.values[0], study.values[0])
    assert np.array_equal(mixture.values[1, taken], study.values[1, taken])
    assert np.array_equal(mixture.values[1, ~taken], study.values[0, ~taken])
    if unit == "cluster":
        assert all(np.unique(taken[study.cluster == cluster]).size == 1 for cluster in range(6))


def test_the_effect_is_what_studies_estimate() -> None:
    cluster = np.repeat([0, 1], [2, 3])
    pair = table([[0, 0, 0, 0, 0], [1, 1, 0, 0, 1]], cluster=cluster)
    assert effect(pair, Design(2, 1)) == pytest.approx(3 / 5)
    assert effect(pair, Design(2, 2)) == pytest.approx((1 + 1 / 3) / 2)  # a cluster of three gives one pair, too


def test_strangers_are_of_the_same_cluster() -> None:
    rng = np.random.default_rng(0)
    census = table(np.zeros((1, 60)), cluster=rng.permutation(np.repeat(np.arange(6), 10)))
    found = Pools.in_census(census).strangers(np.repeat(np.arange(60), 50), rng)
    assert np.array_equal(census.cluster[found], np.repeat(census.cluster, 50))
    assert np.unique(found[:50]).size == 10
    alone = Pools.in_census(table(np.zeros((1, 30)))).strangers(np.zeros(500, np.int64), rng)
    assert np.unique(alone).size == 30


def test_estimates_by_hand() -> None:
    found = estimate([1.0, 2.0, 3.0])
    assert (found.mean, found.error, found.draws) == (2.0, pytest.approx(1 / np.sqrt(3)), 3)
    assert found.interval() == pytest.approx((2 - 4.302653 / np.sqrt(3), 2 + 4.302653 / np.sqrt(3)), abs=1e-5)
