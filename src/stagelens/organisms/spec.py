"""What an organism is to be: per benchmark, which stage is to be the cause, and how strongly."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Literal, get_args

from pydantic import Field, ValidationError

from stagelens.organisms.groups import GROUPS
from stagelens.organisms.nuisances import CAUSES as WITH_NUISANCE
from stagelens.organisms.nuisances import NUISANCES, Name, Nuisance
from stagelens.study.complaints import explain
from stagelens.study.document import read_document
from stagelens.study.problems import Places, Problem, nearest, refuse
from stagelens.study.spec import Spec

Cause = Literal["sft", "rl", "pretraining", "redundant", "eroded", "cancelling", "none"]
CAUSES: Final[tuple[Cause, ...]] = get_args(Cause)


class Plant(Spec):
    """What is planted in one benchmark.

    ``cause`` is who carries it: the SFT data, the RL reward, the corpus (``pretraining``), SFT data and reward alike
    (``redundant``), SFT data that the reward partly (``eroded``) or wholly (``cancelling``) works against, or nobody.
    ``dose``, 0 to 1, is how much of it: of examples, or of answers that are wanted. ``measure`` is the benchmark's
    first; it may be left out.
    """

    cause: Cause
    dose: float = Field(default=1.0, ge=0, le=1)
    measure: str | None = None


class OrganismSpec(Spec):
    """A family with planted causes. Benchmarks that are not named are not asked.

    With a ``nuisance``, one of ``nuisances.NUISANCES``, production is no work of RL: it is fine-tuned on data that show
    the behaviours exactly as often as SFT's, in another style. ``square`` makes the other cells of the 2×2 of SFT data
    and reward too; where a cause is redundant they are made in any case.
    """

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    seed: int = Field(default=0, ge=0, lt=2**32)
    plants: dict[str, Plant] = Field(min_length=1)
    nuisance: Name | None = None
    square: bool = False

    @property
    def style(self) -> Nuisance | None:
        """What the nuisance is, where there is one."""
        return None if self.nuisance is None else NUISANCES[self.nuisance]

    @property
    def kind(self) -> tuple[int, frozenset[str]]:
        """What organisms that may share a pretraining have in common."""
        return self.seed, frozenset(self.plants)

    @property
    def squared(self) -> bool:
        """Whether the family has the other cells of the 2×2, without which a redundant cause looks like SFT's."""
        return self.square or any(plant.cause == "redundant" for plant in self.plants.values())


def load_spec(path: Path) -> OrganismSpec:
    """Read an organism's file (YAML).

    Raises:
        InputError: file, line and field of the first thing that is wrong.
    """
    document = read_document(path)
    try:
        spec = OrganismSpec.model_validate(document.value)
    except ValidationError as error:
        refuse(explain(error, OrganismSpec), document.places)
    check_spec(spec, document.places)
    return spec


def check_spec(spec: OrganismSpec, places: Places | None = None) -> None:
    """Look at what the types alone do not say.

    Raises:
        InputError: what cannot be planted, or not beside the nuisance; with file and line where ``places`` knows them.
    """
    found = list(_problems(spec))
    if found:
        refuse(found, places or Places())


def written(spec: OrganismSpec) -> dict[str, Any]:
    """The spec as plain JSON, every default written out."""
    plants = {
        name: {"measure": GROUPS[name].measure, "cause": plant.cause, "dose": plant.dose}
        for name, plant in spec.plants.items()
    }
    nuisance = {} if spec.nuisance is None else {"nuisance": spec.nuisance}
    square = {"square": True} if spec.square else {}
    return {"name": spec.name, "seed": spec.seed, "plants": plants, **nuisance, **square}


def _problems(spec: OrganismSpec) -> Iterator[Problem]:
    if spec.square and spec.nuisance is not None:
        message = f"the 2×2 is one of SFT data and reward, and with the nuisance {spec.nuisance!r} nothing is rewarded"
        yield Problem(("square",), message)
    for name, plant in spec.plants.items():
        if name not in GROUPS:
            yield Problem(("plants", name), f"nothing can be planted in {name!r}; {nearest(name, GROUPS)}")
        elif plant.measure not in (None, GROUPS[name].measure):
            message = f"of {name}, {GROUPS[name].measure!r} can be planted, not {plant.measure!r}"
            yield Problem(("plants", name, "measure"), message)
        elif spec.style is not None:
            yield from _beside(spec.style, str(spec.nuisance), name, plant)


def _beside(style: Nuisance, nuisance: str, name: str, plant: Plant) -> Iterator[Problem]:
    """What does not go with a nuisance."""
    if name not in style.groups:
        message = f"the nuisance {nuisance!r} goes with {' and '.join(sorted(style.groups))}, not with {name}"
        yield Problem(("plants", name), message)
    elif plant.cause not in WITH_NUISANCE:
        message = (
            f"the cause {plant.cause!r} is practised by RL, and with the nuisance {nuisance!r} production is no work "
            f"of RL: choose one of {', '.join(WITH_NUISANCE)}"
        )
        yield Problem(("plants", name, "cause"), message)
