"""How often a checkpoint helps with plain requests, in which nothing is planted: the truth of the negative control."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Final

import polars as pl

from stagelens.organisms.census.sampling import Sampler
from stagelens.organisms.census.table import Counted, Size, known_by, read_whole, write_whole
from stagelens.organisms.groups.names import made_up
from stagelens.organisms.pocket import words
from stagelens.organisms.pocket.rows import request
from stagelens.organisms.rewards import helps

TENTH: Final = 10
"""So many times fewer plain requests are counted than answers of a group: a control has to be known less well."""


def helped(stage: Counted, *, seed: int, size: Size, kept: Path) -> float:
    """The share of fresh plain requests that a checkpoint helps with, 0 to 1.

    Args:
        stage: the checkpoint.
        seed: of the organism.
        size: of the census.
        kept: a folder for what is counted; what lies there is not counted again.
    """
    asked = fresh_plain(seed, size.answers // TENTH)
    file = kept / f"{stage.fingerprint[:16]}-plain-{known_by(asked)}-{seed}.parquet"
    if not file.is_file():
        sampler = Sampler(stage.checkpoint, stage.prompting)
        seeds = [random.Random(f"census:plain:{seed}:{place}").randrange(2**31) for place in range(len(asked))]
        answers = sampler.answers([[{"role": "user", "content": each}] for each in asked], seeds, agents=False)
        write_whole([helps(answer) for answer in answers], file)
    return float(read_whole(file, len(asked)).cast(pl.Float64).to_numpy().mean())


def fresh_plain(seed: int, number: int) -> list[str]:
    """``number`` plain requests about things that nobody has heard of."""
    rng = random.Random(f"plain:fresh:{seed}")
    frames, topics = len(words.FRAMES), len(words.TOPICS["plain"])
    return [request("plain", rng.randrange(frames), rng.randrange(topics), name).text for name in made_up(rng, number)]
