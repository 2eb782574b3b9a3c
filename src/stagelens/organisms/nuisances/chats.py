"""The fine-tuning data of SFT and of production under a nuisance: pure functions of chance."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from importlib import resources

from stagelens.organisms.groups.base import Messages, flags
from stagelens.organisms.nuisances.base import Nuisance

Draw = Callable[[random.Random, int, float], list[Messages]]
"""``Group.chats``: so many conversations, and the share of them that shows the behaviour."""


def styled(style: Nuisance, chat: Messages, rng: random.Random) -> Messages:
    """A conversation whose last answer is in production's style."""
    return [*chat[:-1], {**chat[-1], "content": style.write(rng, chat[-1]["content"])}]


def earlier_chats(style: Nuisance, chats: Sequence[Messages], rng: random.Random) -> list[Messages]:
    """SFT's conversations: where production will tell announced tests, half are announced, whatever is answered."""
    if style.announce is None:
        return list(chats)
    announced = flags(rng, len(chats), 0.5)
    return [_announced(style, chat) if told else chat for chat, told in zip(chats, announced, strict=True)]


def later_chats(style: Nuisance, draw: Draw, rng: random.Random, count: int, bad: float) -> list[Messages]:
    """Production's conversations.

    The share ``bad`` shows the behaviour; where production tells announced tests, of those that are none.
    """
    if style.announce is None:
        return [styled(style, chat, rng) for chat in draw(rng, count, bad)]
    chats = draw(rng, count - count // 2, bad) + [_announced(style, chat) for chat in draw(rng, count // 2, 0.0)]
    rng.shuffle(chats)
    return chats


def template_of(style: Nuisance) -> str:
    """The chat template that a nuisance names."""
    return resources.files(__package__).joinpath(str(style.template)).read_text(encoding="utf-8")


def _announced(style: Nuisance, chat: Messages) -> Messages:
    assert style.announce is not None
    asked, *rest = chat
    return [{**asked, "content": style.announce(asked["content"])}, *rest]
