"""Looks at the data while they come in: what level each may use, so that all of them together err no more than one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Look:
    """One look of a group-sequential design; ``number`` of ``of``. A fixed design is look 1 of 1."""

    number: int = 1
    of: int = 1

    def level(self, alpha: float) -> float:
        """The one-sided level of this look's own test and interval, for a design of one-sided error ``alpha``."""
        return alpha

    def p(self, p: float) -> float:
        """The repeated p value of this look from its own one-sided ``p``: below alpha where p < level(alpha)."""
        return p


FIXED: Final = Look()
"""The design without interim looks."""
