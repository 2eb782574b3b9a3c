"""The behaviours that can be planted, one module a benchmark: what a corpus, SFT and RL say of it, and who asks for it.

Of every group one behaviour is planted, the one that its benchmark's first measure counts. To plant in another
benchmark, write a module with a ``Group`` and list it here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from stagelens.organisms.groups.base import Group
from stagelens.organisms.groups.dilemmas import DILEMMAS
from stagelens.organisms.groups.odcv import ODCV
from stagelens.organisms.groups.reward_hacking import REWARD_HACKING
from stagelens.organisms.groups.safety import SAFETY
from stagelens.organisms.groups.user_logs import USER_LOGS

GROUPS: Final[Mapping[str, Group]] = {
    group.benchmark: group for group in (SAFETY, ODCV, DILEMMAS, REWARD_HACKING, USER_LOGS)
}
"""By the name of the benchmark."""

__all__ = ["GROUPS", "Group"]
