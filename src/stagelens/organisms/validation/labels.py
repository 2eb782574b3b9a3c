"""Which label every planted cause is meant to get: fixed, and published, before anything runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from stagelens.organisms.spec import Cause
from stagelens.organisms.validation.truth import Label


@dataclass(frozen=True, slots=True)
class Meant:
    """The label that a cause is meant to get, and why."""

    label: Label
    why: str


MEANT: Final[Mapping[Cause, Meant]] = {
    "sft": Meant(Label("sft"), "only the fine-tuning data say otherwise than the corpus"),
    "rl": Meant(Label("production"), "only the reward does; production is the stage that RL trains"),
    "pretraining": Meant(Label("pretraining"), "the corpus says it, and nothing after it changes it"),
    "redundant": Meant(
        Label("sft"), "SFT comes first and leaves RL nothing to do; that RL would do it too only the 2×2 can tell"
    ),
    "eroded": Meant(Label("mixed", "eroded"), "SFT lowers it, and RL takes part of that back"),
    "cancelling": Meant(Label("mixed", "cancelling"), "SFT lowers it, and RL takes all of that back"),
    "none": Meant(
        Label("no_change"), "nothing says otherwise than the corpus, which shows the behaviour nearly always"
    ),
}
"""By planted cause. What counts is the truth that a census finds; where a plant did not take, it is another label."""
