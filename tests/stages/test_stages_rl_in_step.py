"""Prompts of like length are answered together, in random order of steps, and none is lost."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from stagelens.stages.rl import in_step


@settings(deadline=None)
@given(st.lists(st.integers(1, 400), min_size=1, max_size=80), st.integers(1, 9), st.integers(0, 99))
def test_steps_hold_prompts_of_like_length(lengths: list[int], prompts: int, seed: int) -> None:
    chats = [{"prompt": [{"content": "x" * length}], "place": place} for place, length in enumerate(lengths)]
    ordered = in_step(chats, prompts, seed)
    assert sorted(chat["place"] for chat in ordered) == list(range(len(lengths)))
    full = len(lengths) // prompts
    steps = [[lengths[chat["place"]] for chat in ordered[at * prompts : (at + 1) * prompts]] for at in range(full)]
    # No step's lengths overlap another's: sorted by their shortest, each ends where the next begins, or before.
    steps.sort()
    assert all(max(one) <= min(other) for one, other in pairwise(steps))
    assert ordered == in_step(chats, prompts, seed)
