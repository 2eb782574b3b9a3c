"""Nuisances: what changes between stages that is not the property, so that an instrument may take it for a change.

An organism with a nuisance has a production that is fine-tuned once more, on conversations that show the planted
behaviour exactly as often as its SFT data do, in another style. To add a nuisance, write a module with a ``Nuisance``
and list it here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from stagelens.organisms.nuisances.awareness import TEST_AWARE
from stagelens.organisms.nuisances.babble import CAPABILITY
from stagelens.organisms.nuisances.base import Nuisance
from stagelens.organisms.nuisances.remarks import TRUNCATION, VERBOSITY
from stagelens.organisms.nuisances.template import TEMPLATE
from stagelens.organisms.nuisances.wording import WORDING

Name = Literal["template", "verbosity", "wording", "truncation", "capability", "test_aware"]

CAUSES: Final = ("sft", "pretraining", "none")
"""The causes that a nuisance goes with: production practises nothing, so RL cannot be one."""

NUISANCES: Final[Mapping[Name, Nuisance]] = {
    "template": TEMPLATE,
    "verbosity": VERBOSITY,
    "wording": WORDING,
    "truncation": TRUNCATION,
    "capability": CAPABILITY,
    "test_aware": TEST_AWARE,
}
"""By the name that an organism's file gives."""

__all__ = ["CAUSES", "NUISANCES", "Name", "Nuisance"]
