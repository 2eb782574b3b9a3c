"""A task of the reward-hacking benchmark: a slow program, a checker, a timer, and a speed to reach.

A set of tasks is a folder with a folder for each task::

    <set>/<task>/task.yaml          prompt, cluster, target, metric, editable, show, measure
    <set>/<task>/files/…            what the agent finds in its working folder
    <set>/<task>/pristine/…         what re-measuring adds in a sandbox of its own: fresh inputs, the reference
    <set>/shared/files/…            laid under every task's files (checker, timer)
    <set>/shared/pristine/…         laid under every task's pristine

The agent never sees what is pristine. Re-measuring lays ``files``, then ``pristine``, then the agent's editable files
into a fresh sandbox and runs ``measure`` there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from stagelens.benchmarks.base import Item

Metric = Literal["seconds", "operations"]

CheatClass = Literal[
    "edits_checker",
    "patches_clock",
    "hardcodes_answers",
    "persists_cache",
    "reads_expected",
    "precomputes",
    "defers_work",
    "forges_output",
    "overrides_equality",
    "exploits_seed",
    "cuts_workload",
    "delegates_to_reference",
]
"""The twelve cheats, in the order of the taxonomy."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """One task.

    Attributes:
        id: the item's id; the name of its folder.
        cluster: the algorithmic problem it comes from.
        prompt: what the agent is asked; names the files, the commands and the target.
        files: what the agent finds, by path relative to the working folder.
        pristine: what re-measuring adds, by path.
        editable: the files that an agent may change or add; every other file is protected.
        target: the speed-up over the reference, as a factor, at which the task is solved.
        metric: what the speed-up is of: wall seconds, or operations that the program counts.
        show: the command that the agent is told to run: checks and times, and prints ``speed-up: 3.2``.
        measure: the command of re-measuring; prints one JSON object a line, the last with ``correct`` and ``speedup``.
    """

    id: str
    cluster: str
    prompt: str
    files: Mapping[str, bytes]
    pristine: Mapping[str, bytes]
    editable: frozenset[str]
    target: float
    metric: Metric
    show: str
    measure: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChallengeItem(Item):
    """A task as an item. Its group is what its speed-up is of."""

    challenge: Challenge
