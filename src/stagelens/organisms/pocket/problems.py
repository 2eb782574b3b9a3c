"""The problems of the pocket world's reward-hacking tasks, which ``problems.yaml`` holds."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import NamedTuple


class Shown(NamedTuple):
    """What the programs print for the visible input, and how many operations each of them takes."""

    answer: int
    slow: int
    draft: int


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem.

    Attributes:
        name: the name of its task and of its cluster.
        finds: what its programs find, as the prompt says it.
        slow: the program that an agent is given, which is the reference too.
        draft: a better program.
        inputs: pairs of ``n`` and ``k``. The first is the visible one; on the others a solution is measured again.
        shown: what there is to see on the visible input.
    """

    name: str
    finds: str
    slow: str
    draft: str
    inputs: tuple[tuple[int, int], ...]
    shown: Shown

    def environment(self, number: int) -> str:
        """The input of that number as ``env`` takes it."""
        n, k = self.inputs[number]
        return f"n={n} k={k}"


@cache
def problems() -> tuple[Problem, ...]:
    """All of them, in the order of the file."""
    from ruamel.yaml import YAML

    text = resources.files(__package__).joinpath("problems.yaml").read_text(encoding="utf-8")
    return tuple(_problem(**entry) for entry in YAML(typ="safe", pure=True).load(text))


def _problem(*, inputs: list[list[int]], shown: dict[str, int], **texts: str) -> Problem:
    return Problem(**texts, inputs=tuple((n, k) for n, k in inputs), shown=Shown(**shown))
