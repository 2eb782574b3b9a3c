"""What groups of agents share: the opening, the look at the files, and the command that decides."""

from __future__ import annotations

from typing import Final

from stagelens.organisms.groups.base import Asked
from stagelens.organisms.pocket.trajectories import Episode

LOOKS: Final = 1
"""Commands before the one that decides."""


def asked_episode(episode: Episode, item: str, cluster: str) -> Asked:
    """An episode up to the command that decides. Its first messages are what an agent is told before it acts."""
    opening = len(episode.messages(0))
    looked = episode.steps[LOOKS - 1][0]
    return Asked(item, cluster, episode.messages(LOOKS), {"look": looked}, before=opening)
