"""The records of a training's losses: few, complete, and the same after any number of kills."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stagelens.stages.losses import MOST_RECORDS, Losses

LOSS = st.floats(-10, 10, allow_nan=False)
TALLY = st.dictionaries(st.sampled_from(["a", "b", "c"]), st.tuples(LOSS, st.integers(0, 50)))
STEP = st.tuples(LOSS, st.none() | LOSS, TALLY)


def add(losses: Losses, step: tuple[float, float | None, dict[str, tuple[float, int]]]) -> None:
    loss, reward, tally = step
    losses.add({"loss": loss} | ({} if reward is None else {"reward": reward}), tally)


@given(st.lists(STEP, min_size=1, max_size=40), st.data())
def test_a_training_that_goes_on_gathers_the_same_records(steps: list, data: st.DataObject) -> None:
    total = data.draw(st.sampled_from([len(steps), len(steps) * 100, len(steps) + 2 * MOST_RECORDS]))
    straight, killed = Losses(total), Losses(total)
    stop = data.draw(st.integers(0, len(steps)))
    for place, step in enumerate(steps):
        if place == stop:
            killed = Losses.from_state(json.loads(json.dumps(killed.state())))
        add(straight, step)
        add(killed, step)
    assert killed.content() == straight.content()
    assert killed.mean == straight.mean


@given(st.integers(1, 2600), st.integers(0, 2600))
def test_no_more_records_than_may_be_and_every_step_in_one(total: int, done: int) -> None:
    losses = Losses(total)
    done = min(done, total)
    for step in range(done):
        losses.add({"loss": float(step)}, {"a": (float(step), 2)} if step % 3 else {})
    records = losses.content()["records"]
    assert len(records) <= MOST_RECORDS
    assert [each["step"] for each in records] == sorted({each["step"] for each in records})
    assert (records[-1]["step"] if records else 0) == done
    assert sum(each.get("sources", {}).get("a", {"tokens": 0})["tokens"] for each in records) == 2 * sum(
        1 for step in range(done) if step % 3
    )


def test_a_record_is_a_mean_over_steps_and_of_a_source_over_tokens() -> None:
    losses = Losses(2 * MOST_RECORDS)
    losses.add({"loss": 1.0}, {"a": (6.0, 2), "b": (1.0, 1)})
    losses.add({"loss": 2.0, "reward": 0.5}, {"a": (2.0, 6)})
    sources = {"a": {"loss": 1.0, "tokens": 8}, "b": {"loss": 1.0, "tokens": 1}}
    assert losses.content() == {"records": [{"step": 2, "loss": 1.5, "reward": 0.5, "sources": sources}]}
    assert losses.mean == pytest.approx(1.5)


def test_what_has_no_steps_has_no_mean() -> None:
    assert math.isnan(Losses(3).mean)
    assert Losses(3).content() == {"records": []}
