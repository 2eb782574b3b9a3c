"""A census as an outcome table: every stage of a family on the same fresh prompts."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Final

import polars as pl

from stagelens.errors import InputError
from stagelens.organisms.census.sampling import Prompting, Sampler, census
from stagelens.organisms.groups import GROUPS, Group
from stagelens.organisms.nuisances import NUISANCES, Name
from stagelens.outcomes.table import read_table

ANSWERS: Final = 20_000
EPISODES: Final = 2_000
UNREAD: Final = "neither the behaviour nor its opposite"
JUDGE: Final = "rule:grammar"
SHOWN: Final = "shown"
"""The one column of what is kept: a bit a prompt, so that counts can be published. Null where nothing could be read."""


@dataclass(frozen=True, slots=True)
class Size:
    """How many fresh prompts, and how many fresh episodes of agents, a census asks of every stage."""

    answers: int = ANSWERS
    episodes: int = EPISODES

    def of(self, group: Group) -> int:
        """Those of one group."""
        return self.episodes if group.agents else self.answers


FULL: Final = Size()


@dataclass(frozen=True, slots=True)
class Counted:
    """One checkpoint to be counted: as which stage, how it is asked, by what it is known, and on which benchmarks.

    ``nuisance``: the one in whose style it answers, if it has one.
    """

    stage: str
    index: int
    checkpoint: Path
    prompting: Prompting
    fingerprint: str
    benchmarks: tuple[str, ...]
    nuisance: Name | None = None


def take_census(
    family: str,
    stages: Sequence[Counted],
    *,
    seed: int,
    size: Size,
    kept: Path,
    sampling: int = 0,
    make: Callable[[], None] | None = None,
    progress: Callable[[str], None] | None = None,
) -> pl.DataFrame:
    """The outcome table of a family's first measures on fresh prompts.

    Args:
        family: its name.
        stages: in order.
        seed: of the organism: fresh are prompts that its benchmark does not ask.
        size: of the census.
        kept: a folder for what is counted, one file a checkpoint and benchmark. What lies there is not counted again.
        sampling: seed of the answers; another one gives other answers to the same prompts.
        make: makes a checkpoint that has to be counted and is not there.
        progress: told the name of each piece before it is counted.
    """
    frames = []
    for stage in stages:
        sampler: Sampler | None = None
        for name in stage.benchmarks:
            group = GROUPS[name]
            asked = group.fresh(seed, size.of(group))
            file = (
                kept
                / f"{stage.fingerprint[:16]}-{name}-{known_by([each.item for each in asked])}-{seed + sampling}.parquet"
            )
            if not file.is_file():
                if progress is not None:
                    progress(f"{family}/{stage.stage} on {len(asked):,} fresh {name}")
                if make is not None and not stage.checkpoint.is_dir():
                    make()
                sampler = sampler or Sampler(stage.checkpoint, stage.prompting)
                style = None if stage.nuisance is None else NUISANCES[stage.nuisance]
                write_whole(census(sampler, group, asked, seed + sampling, style), file)
            answers = pl.DataFrame({"item": [each.item for each in asked], "cluster": [each.cluster for each in asked]})
            unread = pl.col(SHOWN).is_null()
            frames.append(
                answers.with_columns(read_whole(file, len(asked))).select(
                    pl.lit(family).alias("family"),
                    pl.lit(stage.stage).alias("stage"),
                    pl.lit(stage.index, dtype=pl.Int64).alias("stage_index"),
                    pl.lit(name).alias("benchmark"),
                    pl.lit(group.measure).alias("measure"),
                    pl.lit(JUDGE).alias("judge"),
                    "item",
                    "cluster",
                    pl.col(SHOWN).cast(pl.Float64).alias("value"),
                    pl.when(unread).then(pl.lit("incapable")).otherwise(pl.lit("scored")).alias("status"),
                    pl.when(unread).then(pl.lit(UNREAD)).alias("cause"),
                )
            )
    return read_table(pl.concat(frames))


def known_by(asked: Sequence[str]) -> str:
    """A short name of these prompts, in this order: what is kept says of each only what was shown."""
    return blake2b("\n".join(asked).encode(), digest_size=6).hexdigest()


def read_whole(file: Path, number: int) -> pl.Series:
    """What was shown of so many prompts, in order.

    Raises:
        InputError: the file does not say that of as many prompts.
    """
    try:
        shown = pl.read_parquet(file)[SHOWN]
    except (OSError, pl.exceptions.PolarsError) as error:
        raise InputError(f"{file} cannot be read as a count: take it away, and it is counted again.") from error
    if len(shown) != number or shown.dtype != pl.Boolean:
        raise InputError(f"{file} does not hold what {number:,} prompts showed: take it away, and it is counted again.")
    return shown


def write_whole(shown: Sequence[bool | None], file: Path) -> None:
    """Keep what was shown of each prompt, in order: the whole file or nothing."""
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    pl.DataFrame({SHOWN: shown}, schema={SHOWN: pl.Boolean}).write_parquet(beside)
    beside.replace(file)
