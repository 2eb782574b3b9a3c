"""What several stages are trained on is tokenised once, and comes out the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from chat_families import FAMILIES, Family

from stagelens.stages.preflight import remembering, render, rendering

CHATS: list[Mapping[str, Any]] = [
    {
        "messages": [{"role": "user", "content": f"Say {word}."}, {"role": "assistant", "content": f"{word}!", **more}],
        "source": source,
    }
    for word, source, more in (("yes", "a", {}), ("no", "a", {"weight": 0}), ("maybe", "b", {}), ("yes", "b", {}))
]


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """How many chats were rendered, a number a time."""
    counts: list[int] = []
    tokenised = rendering.tokenised

    def counting(chats: Any, tokenizer: Any) -> Any:
        counts.append(len(chats))
        return tokenised(chats, tokenizer)

    monkeypatch.setattr(rendering, "tokenised", counting)
    yield counts


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_a_chat_is_rendered_once_and_is_the_same(family: Family, written: list[int]) -> None:
    tokenizer = family.tokenizer()
    plain = render(CHATS, tokenizer, "Here")
    with remembering():
        first = render(CHATS[:3], tokenizer, "Here")
        with remembering():
            both = render(CHATS, tokenizer, "Here")
    assert first == plain[:3]
    assert both == plain
    assert [each.source for each in both] == ["a", "a", "b", "b"]
    # What was remembered may be changed by whoever trains on it.
    assert all(isinstance(each.input_ids, list) and isinstance(each.labels, list) for each in both)
    render(CHATS, tokenizer, "Here")
    assert written == [4, 3, 0, 4]


def test_another_template_and_another_tokenizer_are_another_matter(written: list[int]) -> None:
    one, other = (family.tokenizer() for family in FAMILIES[:2])
    plain = [render(CHATS, each, "Here") for each in (one, other)]
    with remembering():
        assert [render(CHATS, each, "Here") for each in (one, other)] == plain
        one.chat_template, other.chat_template = other.chat_template, one.chat_template
        crossed = render(CHATS, one, "Here")
    assert crossed == render(CHATS, one, "Here")
    assert written == [4, 4, 4, 4, 4, 4]


def test_what_there_is_no_room_for_is_rendered_again(written: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    tokenizer = FAMILIES[0].tokenizer()
    plain = render(CHATS, tokenizer, "Here")
    monkeypatch.setattr("stagelens.stages.preflight.memory.MOST", len(plain[0].input_ids))
    with remembering():
        for _ in range(2):
            assert render(CHATS, tokenizer, "Here") == plain
    # The first is remembered, and the last says the same.
    assert written == [4, 4, 2]
