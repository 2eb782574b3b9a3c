"""Families whose cause is known: a grid of rates by stage, their cause by the rules, and answers drawn from them.

A truth is the stages' rates in the population. Its cause is what the design's table says of those rates themselves:

- two or more steps beyond the margin: ``mixed``, whatever they add up to;
- one step beyond the margin, every stage before it within the margin of the base and of its neighbour, every stage from
  it on within the margin of production and of its neighbour: that stage;
- no step beyond the margin, but base → production is: ``diffuse``;
- every two stages within the margin of each other: ``pretraining``, or ``no_change`` where production lies less than a
  margin from an end of the range;
- anything else, a large step beside a drift for instance: ``inconclusive``, since the table has no word for it.

A difference of exactly the margin is not beyond it. A **wrong cause** is a stage's name, or ``pretraining``, where the
truth is another one: another stage, or no stage at all (``mixed``, ``diffuse``, ``no_change``, ``inconclusive``). Words
that put the change down to no stage are never wrong in this sense, and a wrong pattern of ``mixed`` is counted apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np

from stagelens.statistics.data import MeasureData

MARGIN = 50
"""The margin of the grid, in thousandths, as the rates are."""

STAGES = {3: ("base", "sft", "production"), 4: ("base", "sft", "dpo", "production")}
NO_STAGE = ("mixed", "diffuse", "no_change", "inconclusive", "uninformative")


@dataclass(frozen=True, slots=True)
class Truth:
    """Rates by stage in thousandths: whole numbers, so that a step of exactly the margin is one."""

    name: str
    thousandths: tuple[int, ...]

    @property
    def rates(self) -> tuple[float, ...]:
        return tuple(rate / 1000 for rate in self.thousandths)

    @property
    def stages(self) -> tuple[str, ...]:
        return STAGES[len(self.thousandths)]

    @property
    def cause(self) -> str:
        """The cause by the module's definition."""
        rates = self.thousandths
        steps = [_beyond(earlier, later) for earlier, later in pairwise(rates)]
        if sum(steps) > 1:
            return "mixed"
        if sum(steps) == 1:
            large = steps.index(True) + 1
            drifts = any(_beyond(rates[0], rate) for rate in rates[:large])
            drifts |= any(_beyond(rate, rates[-1]) for rate in rates[large:])
            return "inconclusive" if drifts else self.stages[large]
        if _beyond(rates[0], rates[-1]):
            return "diffuse"
        if any(_beyond(earlier, later) for earlier, later in combinations(rates, 2)):
            return "inconclusive"
        return "pretraining" if MARGIN <= rates[-1] <= 1000 - MARGIN else "no_change"

    @property
    def pattern(self) -> str | None:
        """How a mixed truth's large steps add up."""
        if self.cause != "mixed":
            return None
        whole = self.thousandths[-1] - self.thousandths[0]
        large = [later - earlier for earlier, later in pairwise(self.thousandths) if _beyond(earlier, later)]
        if all(step > 0 for step in large) or all(step < 0 for step in large):
            return "additive"
        if abs(whole) <= MARGIN:
            return "cancelling"
        return "eroded" if (whole > 0) == (large[0] > 0) else "overshoot"

    def wrong(self, cause: str | None) -> bool:
        """Whether a verdict's cause confidently names another stage than the true one."""
        return cause is not None and cause not in NO_STAGE and cause != self.cause


TRUTHS = (
    Truth("sft, large", (900, 200, 200)),
    Truth("sft, small", (300, 380, 380)),
    Truth("production, large", (900, 900, 200)),
    Truth("production, small", (300, 300, 380)),
    Truth("sft just beyond the margin", (300, 351, 351)),
    Truth("production just beyond the margin", (300, 300, 351)),
    Truth("sft, then a step at the margin", (300, 600, 650)),
    Truth("a step at the margin, then production", (300, 350, 650)),
    Truth("sft, then a step at the margin back", (300, 600, 550)),
    Truth("pretraining", (300, 300, 300)),
    Truth("pretraining, a step at the margin", (300, 350, 350)),
    Truth("pretraining, there and back at the margin", (300, 350, 300)),
    Truth("no change, at the floor", (10, 10, 10)),
    Truth("diffuse, just beyond", (300, 325, 351)),
    Truth("diffuse, two steps at the margin", (300, 350, 400)),
    Truth("additive", (200, 400, 600)),
    Truth("additive, second just beyond", (300, 600, 651)),
    Truth("additive, first just beyond", (300, 351, 651)),
    Truth("additive, both just beyond", (300, 351, 402)),
    Truth("cancelling", (300, 500, 300)),
    Truth("cancelling, just beyond", (300, 351, 300)),
    Truth("eroded", (300, 600, 500)),
    Truth("eroded, just beyond", (300, 600, 549)),
    Truth("overshoot", (500, 300, 800)),
    Truth("sft of four", (900, 200, 200, 200)),
    Truth("dpo of four", (300, 300, 450, 450)),
    Truth("production of four", (300, 300, 300, 450)),
    Truth("production after a drift", (300, 330, 360, 660)),
    Truth("production, beyond by little, after a drift", (300, 330, 360, 430)),
    Truth("sft, then a drift", (300, 600, 630, 660)),
    Truth("dpo between two steps at the margin", (300, 350, 650, 700)),
    Truth("sft, then at the margin twice", (300, 600, 650, 600)),
    Truth("pretraining of four", (300, 300, 300, 300)),
    Truth("away and back by small steps", (300, 330, 360, 330)),
    Truth("three small steps", (300, 340, 380, 420)),
    Truth("three steps at the margin", (300, 350, 400, 450)),
    Truth("three smaller steps", (300, 320, 340, 360)),
    Truth("three steps just beyond", (300, 351, 402, 453)),
    Truth("eroded by a third", (300, 600, 600, 549)),
    Truth("cancelling of four", (300, 500, 500, 300)),
    Truth("cancelled at once", (300, 500, 300, 300)),
    Truth("overshoot of four", (500, 300, 300, 700)),
    Truth("rare, sft just beyond", (80, 20, 20)),
    Truth("rare, diffuse", (90, 60, 20)),
)
"""Three and four stages: every cause and pattern, large and just beyond the margin, drifts, steps of exactly it."""


def draw(
    rng: np.random.Generator, truth: Truth, items: int, *, alike: float = 0.7, per_cluster: int = 1
) -> MeasureData:
    """Answers of ``items`` items at every stage, one attempt each.

    An item answers by its own number with chance ``alike``, the same at every stage, and else by a fresh one; items of
    a cluster have theirs in common with the same chance. ``alike`` is then about the correlation between stages.
    """
    stages = len(truth.rates)
    own, item = rng.random(items), np.arange(items, dtype=np.int64)
    cluster = item // per_cluster
    if per_cluster > 1:
        own = np.where(rng.random(items) < alike, rng.random(cluster[-1] + 1)[cluster], own)
    number = np.where(rng.random((stages, items)) < alike**0.5, own, rng.random((stages, items)))
    return measure(number < np.array(truth.rates)[:, None], truth.stages, item=item, cluster=cluster)


def measure(
    answers: np.ndarray, stages: Sequence[str], *, item: np.ndarray, cluster: np.ndarray, name: str = "unsafe_response"
) -> MeasureData:
    """A rate from a table of stages × attempts, all of them scored."""
    return MeasureData(
        family="family",
        benchmark="safety",
        measure=name,
        higher_is_worse=True,
        kind="rate",
        low=0.0,
        high=1.0,
        stages=tuple(stages),
        values=answers.astype(np.float64),
        status=np.zeros(answers.shape, np.int8),
        item=item,
        cluster=cluster,
    )


def _beyond(earlier: int, later: int) -> bool:
    return abs(later - earlier) > MARGIN
