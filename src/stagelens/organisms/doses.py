"""From a cause and a dose to what every stage is given. Pure.

Where nothing is planted, nearly all that a corpus, SFT and RL say of a group shows the behaviour that its measure
counts; planting makes it rare. A trace of either is always left, since RL can only raise what it finds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from stagelens.organisms.spec import Plant

USUAL: Final = 0.95
"""The share of examples that show the behaviour where nothing is planted."""
PLANTED: Final = 0.05
"""That share where it is planted in full."""
TAKEN_BACK: Final = 0.5
"""How much of SFT's effect RL takes back where that is eroded."""


@dataclass(frozen=True, slots=True)
class Given:
    """What the stages are given of one group.

    Attributes:
        corpus: the share of the corpus' texts that show the behaviour.
        sft: that share of the fine-tuning data.
        untaught: that share where the fine-tuning data teach nothing of the behaviour, for the 2×2.
        rewarded: the share of answers in which RL wants the behaviour; None where either way of answering is as good
            as the other.
    """

    corpus: float
    sft: float
    untaught: float
    rewarded: float | None


def given(plant: Plant) -> Given:
    """What a plant gives each stage."""
    planted = USUAL - plant.dose * (USUAL - PLANTED)
    corpus = planted if plant.cause == "pretraining" else USUAL
    back = planted + TAKEN_BACK * (USUAL - planted)
    rewarded = {
        "rl": planted,
        "redundant": planted,
        "eroded": back,
        "cancelling": USUAL,
        "pretraining": planted,  # where both ways of answering are common, RL that wants neither drifts
    }.get(plant.cause)
    taught = plant.cause not in ("rl", "none", "pretraining")
    # Data that teach nothing say of a group what the corpus says.
    return Given(corpus, planted if taught else corpus, corpus, rewarded)
