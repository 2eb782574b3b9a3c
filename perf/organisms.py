"""CPU-minutes that an organism family costs: its training, its census, and being asked and judged.

    python perf/organisms.py [--groups safety,odcv,…] [--answers 20000] [--episodes 2000]

Three families of one seed, on one thread: the first makes the pretraining that the others share, as in a validation.
The peer is that pretraining, in the same run: what everything else costs is told in pretrainings, too.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import torch

from stagelens.engine import run, train
from stagelens.engine.folder import RunFolder
from stagelens.engine.run import default_folder
from stagelens.organisms.build import build, write_study
from stagelens.organisms.census.table import ANSWERS, EPISODES, Size
from stagelens.organisms.designs import full
from stagelens.organisms.groups import GROUPS
from stagelens.organisms.spec import OrganismSpec, Plant
from stagelens.organisms.store import give_shared, take_shared

T = TypeVar("T")


@dataclass(frozen=True)
class Cost:
    """CPU-seconds of one family."""

    training: float
    census: float
    judging: float

    @property
    def building(self) -> float:
        return self.training + self.census


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--groups", default=",".join(GROUPS), help="what is planted in")
    parser.add_argument("--answers", type=int, default=ANSWERS, help="of a census, a stage")
    parser.add_argument("--episodes", type=int, default=EPISODES, help="of agents in a census, a stage")
    given = parser.parse_args()
    torch.set_num_threads(1)
    size, names = Size(given.answers, given.episodes), given.groups.split(",")
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch)
        pretraining, _ = cpu_seconds(lambda: made(alone(names), out))
        first, *others = (measured(family(spec, names), out, size) for spec in full(1)[:3])
    print(f"planted in {', '.join(names)}; a census of {size.answers:,} answers, {size.episodes:,} episodes a stage")
    print(f"{'':34}{'training':>10}{'census':>10}{'building':>10}{'judging':>10}{'all':>10}")
    for name, cost in (("first of its seed", plus(first, pretraining)), *(("another", each) for each in others)):
        parts = (cost.training, cost.census, cost.building, cost.judging, cost.building + cost.judging)
        print(f"{name + ', CPU-minutes':34}" + "".join(f"{part / 60:10.1f}" for part in parts))
        print(f"{name + ', in pretrainings':34}" + "".join(f"{part / pretraining:10.2f}" for part in parts))
    print(f"one pretraining: {pretraining / 60:.1f} CPU-minutes")


def family(spec: OrganismSpec, names: list[str]) -> OrganismSpec:
    """A family of the full design, with plants in some groups only."""
    return spec.model_copy(update={"plants": {name: spec.plants[name] for name in names}})


def alone(names: list[str]) -> OrganismSpec:
    """Any family whose pretraining is that of the others."""
    return OrganismSpec(name="alone", seed=1, plants={name: Plant(cause="none") for name in names})


def made(spec: OrganismSpec, out: Path) -> None:
    """Its pretraining, put where the others find it."""
    study = write_study(spec, out / spec.name)
    (name, whole), *_ = study.families.items()
    base = study.model_copy(update={"families": {name: whole.model_copy(update={"stages": whole.stages[:1]})}})
    folder = RunFolder(default_folder(study, None).resolve())
    train(base, out=folder.root)
    give_shared(base, folder, out / "shared" / "checkpoints")


def measured(spec: OrganismSpec, out: Path, size: Size) -> Cost:
    """One family, its pretraining taken from the store."""
    store = out / "shared"
    study = write_study(spec, out / spec.name)
    folder = RunFolder(default_folder(study, None).resolve())
    take_shared(study, folder, store / "checkpoints")
    training, _ = cpu_seconds(lambda: train(study))
    give_shared(study, folder, store / "checkpoints")
    census, organism = cpu_seconds(lambda: build(spec, out / spec.name, size=size, store=store))
    judging, _ = cpu_seconds(lambda: run(organism.study, out=organism.run.root))
    return Cost(training, census, judging)


def plus(cost: Cost, pretraining: float) -> Cost:
    return Cost(cost.training + pretraining, cost.census, cost.judging)


def cpu_seconds(work: Callable[[], T]) -> tuple[float, T]:
    """Of this process and of those that it started and waited for."""
    before = used()
    result = work()
    return used() - before, result


def used() -> float:
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in both)


if __name__ == "__main__":
    main()
