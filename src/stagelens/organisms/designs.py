"""Which organisms a validation builds: every cause in every group, a quick few, and random ones. Pure."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Final

from stagelens.organisms.groups import GROUPS
from stagelens.organisms.nuisances import NUISANCES
from stagelens.organisms.spec import CAUSES, Cause, OrganismSpec, Plant

SEEDS: Final = 5
PRETRAINED_DOSE: Final = 0.7
"""At a full dose the behaviour would be so rare that no change could be seen: then nobody is the cause."""

STYLED_DOSE: Final = 0.6
"""Neither way of answering is then rare, and a change of style could move the measure both ways."""

_SQUARE: Final[tuple[Cause, ...]] = ("sft", "rl", "eroded", "cancelling", "none")
"""As many as there are groups."""
_QUICK: Final[tuple[Cause, ...]] = ("sft", "rl", "none")


def full(seeds: int = SEEDS) -> tuple[OrganismSpec, ...]:
    """Every cause in every group, ``seeds`` times.

    Five families of a seed are a Latin square: each plants another cause in each group. In a sixth, SFT data and reward
    both carry everything; these six share their pretraining. In a seventh the corpus does. The sixth has its 2×2, and
    so has one of the five, in turn: there, of one group, SFT alone is the cause. Organisms of one seed stand together.
    """
    return tuple(spec for seed in range(1, seeds + 1) for spec in _of_seed(seed))


def _of_seed(seed: int) -> Iterator[OrganismSpec]:
    for row in range(len(_SQUARE)):
        causes = [_SQUARE[(row + column) % len(_SQUARE)] for column in range(len(GROUPS))]
        plants = {name: Plant(cause=cause) for name, cause in zip(GROUPS, causes, strict=True)}
        squared = row == seed % len(_SQUARE)
        yield OrganismSpec(name=f"square-{seed}-{row + 1}", seed=seed, plants=plants, square=squared)
    plants = {name: Plant(cause="redundant") for name in GROUPS}
    yield OrganismSpec(name=f"redundant-{seed}", seed=seed, plants=plants)
    plants = {name: Plant(cause="pretraining", dose=PRETRAINED_DOSE) for name in GROUPS}
    yield OrganismSpec(name=f"pretrained-{seed}", seed=seed, plants=plants)


def styled(seeds: int = SEEDS) -> tuple[OrganismSpec, ...]:
    """Every nuisance on unsafe responses that SFT made rarer, ``seeds`` times; one pretraining and one SFT a seed."""
    return tuple(
        OrganismSpec(
            name=f"styled-{seed}-{nuisance}",
            seed=seed,
            plants={"safety": Plant(cause="sft", dose=STYLED_DOSE)},
            nuisance=nuisance,
        )
        for seed in range(1, seeds + 1)
        for nuisance in NUISANCES
    )


def quick(seed: int = 1) -> tuple[OrganismSpec, ...]:
    """SFT, RL and nobody as the cause of unsafe responses; one pretraining for all."""
    return tuple(
        OrganismSpec(name=f"quick-{cause}", seed=seed, plants={"safety": Plant(cause=cause)}) for cause in _QUICK
    )


def drawn(count: int, seed: int) -> tuple[OrganismSpec, ...]:
    """Random organisms: one or two groups, any cause, a dose of 0.3 to 1. The same seed draws the same."""
    rng = random.Random(f"organisms:{seed}")
    specs = []
    for number in range(1, count + 1):
        names = rng.sample(sorted(GROUPS), rng.choice((1, 1, 2)))
        plants = {name: Plant(cause=rng.choice(CAUSES), dose=round(rng.uniform(0.3, 1.0), 2)) for name in sorted(names)}
        specs.append(OrganismSpec(name=f"drawn-{seed}-{number}", seed=seed * 1000 + number, plants=plants))
    return tuple(specs)
