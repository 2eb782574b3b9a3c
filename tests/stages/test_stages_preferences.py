"""Pairs of answers: how rows become chats, and what of them teaches nothing."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stagelens.errors import InputError
from stagelens.stages.preferences import Pair, as_chats, check_pairs

USER = {"role": "user", "content": "Why?"}
GOOD = {"role": "assistant", "content": "Because."}
BAD = {"role": "assistant", "content": "No."}
END = 9


@pytest.mark.parametrize(
    "row",
    [
        {"prompt": "Why?", "chosen": "Because.", "rejected": "No."},
        {"prompt": [USER], "chosen": [GOOD], "rejected": [BAD]},
        {"prompt": [USER], "chosen": "Because.", "rejected": [BAD]},
    ],
)
def test_a_row_is_three_chats_however_it_is_written(row: dict[str, Any]) -> None:
    assert as_chats(row | {"source": "s"}, "Here") == {"prompt": [USER], "chosen": [GOOD], "rejected": [BAD]}


def test_an_answer_that_is_none_is_named() -> None:
    with pytest.raises(InputError, match=r"Here: in source 's' a `chosen` begins with the user's turn"):
        as_chats({"prompt": "Why?", "chosen": [USER, GOOD], "rejected": "No.", "source": "s"}, "Here")


def check(pairs: list[Pair], max_length: int | None = None, drawn: int | None = None) -> dict[str, dict[str, int]]:
    counts = Counter(pair.source for pair in pairs)
    counts["s"] = counts["s"] if drawn is None else drawn
    return check_pairs(counts, pairs, stop_ids=frozenset({END}), max_length=max_length, where="Here")


FINE = Pair("s", 2, [1, 2, END], [1, 3, END])


def test_what_teaches_is_counted() -> None:
    same, long = Pair("s", 2, [1, END], [1, END]), Pair("s", 2, [1, 2, END], [1, 3, 4, 5, END])
    assert check([FINE, same, long], max_length=5, drawn=4) == {
        "s": {"tokens": 28, "trained_tokens": 16, "same_answers": 1, "cut": 1, "left_out": 1}
    }


@pytest.mark.parametrize(
    ("pairs", "max_length", "wanted"),
    [
        ([Pair("s", 2, [1, END], [1, END])] * 2, None, "`chosen` and `rejected` say the same in every row"),
        ([Pair("s", 2, [1, 2], [1, END])], None, "no answer of `chosen` has the token at which the model stops"),
        ([Pair("s", 2, [1, END], [1, 2])], None, "no answer of `rejected` has the token"),
        ([Pair("s", 2, [1, 2, END], [1, 3, END])], 3, "`max_length` 3 cuts away all that tells"),
        ([], 3, "every prompt fills `max_length` 3"),
    ],
)
def test_a_source_that_teaches_nothing_is_named(pairs: list[Pair], max_length: int | None, wanted: str) -> None:
    other = Pair("fine", 1, [1, END], [2, END])
    with pytest.raises(InputError) as caught:
        check([other, *pairs], max_length, drawn=2)
    assert str(caught.value).startswith("Here: in source 's' ")
    assert wanted in str(caught.value)


TOKENS = st.lists(st.integers(0, 4), max_size=5).map(lambda tokens: [*tokens, END])
PAIRS = st.lists(st.builds(Pair, st.just("s"), st.integers(0, 6), TOKENS, TOKENS), max_size=12)


@given(pairs=PAIRS, max_length=st.none() | st.integers(1, 12))
def test_every_row_is_accounted_for(pairs: list[Pair], max_length: int | None) -> None:
    counts = check([FINE, *pairs], None if max_length is None else max_length + 4)["s"]
    assert counts["left_out"] == 0
    assert counts["tokens"] - counts["trained_tokens"] == 2 * sum(pair.prompt_tokens for pair in [FINE, *pairs])
    assert counts["same_answers"] == sum(pair.chosen == pair.rejected for pair in pairs)
    assert max_length is not None or counts["cut"] == 0


@given(pair=PAIRS.filter(bool).map(lambda pairs: pairs[0]), max_length=st.integers(1, 12))
def test_what_is_kept_is_no_longer_than_it_may_be(pair: Pair, max_length: int) -> None:
    for kept, whole in zip(pair.kept(max_length), (pair.chosen, pair.rejected), strict=True):
        assert list(kept) == list(whole)[: len(kept)]
        assert len(kept) == max(0, min(len(whole), max_length - pair.prompt_tokens))
    assert pair.kept(None) == (pair.chosen, pair.rejected)
