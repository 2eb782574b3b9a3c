"""What a group has to say of itself, and the pieces that groups share."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Messages = list[dict[str, Any]]
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """One conversation that ends where the behaviour is shown or not, and what reads the answer to it.

    Attributes:
        item: its name, unique within a draw.
        cluster: items that share a source of variance.
        messages: the conversation up to the deciding answer.
        facts: what ``Group.shows`` needs beside the answer, in plain JSON types.
        before: how many messages of it are the opening; the rest is what the model is expected to have done until
            then, and what it has been told. Equal to ``len(messages)`` where the first answer decides.
    """

    item: str
    cluster: str
    messages: Messages
    facts: Mapping[str, Any]
    before: int


@dataclass(frozen=True, slots=True)
class Group:
    """A benchmark in which one behaviour is planted: pure functions of what they are given.

    Attributes:
        benchmark: its name.
        measure: its first measure, which counts the behaviour.
        margin: what a study of an organism takes for the measure's margin.
        agents: whether the behaviour is what an agent does, over several turns.
        texts: texts for a pretraining corpus, in the form in which a base model is asked. Exactly the share that is
            given, 0 to 1, shows the behaviour; so it does in ``chats``.
        chats: so many conversations for fine-tuning, and the share of them that shows the behaviour.
        practice: conversations for RL, about the same names as the fine-tuning data, every cluster about as often.
        files: by a seed, the benchmark's data files by their path in the organism's ``data`` folder.
        settings: the benchmark's block in the study file.
        fresh: by the same seed, at least so many conversations for a census. They are drawn as those that ``files``
            asks are, and none of them is one.
        shows: whether an answer to a conversation with these facts shows the behaviour; None where it shows neither
            that nor its opposite. It is read by the grammar of the world that wrote the data, not by a judge.
    """

    benchmark: str
    measure: str
    margin: float
    agents: bool
    texts: Callable[[random.Random, float], list[str]]
    chats: Callable[[random.Random, int, float], list[Messages]]
    practice: Callable[[random.Random], list[Asked]]
    files: Callable[[int], dict[str, str]]
    settings: Callable[[], dict[str, Any]]
    fresh: Callable[[int, int], list[Asked]]
    shows: Callable[[str, Mapping[str, Any]], bool | None]


def flags(rng: random.Random, count: int, share: float) -> list[bool]:
    """``count`` flags in random order, of which exactly the share is set."""
    drawn = [number < round(share * count) for number in range(count)]
    rng.shuffle(drawn)
    return drawn


def chat(prompt: str, answer: str) -> Messages:
    """A request and its answer."""
    return [{"role": "user", "content": prompt}, {"role": "assistant", "content": answer}]


def in_turn(cases: Sequence[Any], count: int) -> list[Any]:
    """``count`` of ``cases``, each as often as any other, one time more or less."""
    return [cases[number % len(cases)] for number in range(count)]
