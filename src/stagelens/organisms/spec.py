"""What an organism is to be: per benchmark, which stage is to be the cause, and how strongly."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Literal, get_args

from pydantic import Field, ValidationError

from stagelens.organisms.groups import GROUPS
from stagelens.study.complaints import explain
from stagelens.study.document import read_document
from stagelens.study.problems import Problem, nearest, refuse
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
    """A family with planted causes. Benchmarks that are not named are not asked."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    seed: int = Field(default=0, ge=0, lt=2**32)
    plants: dict[str, Plant] = Field(min_length=1)

    @property
    def squared(self) -> bool:
        """Whether the family has the other cells of the 2×2, without which a redundant cause looks like SFT's."""
        return any(plant.cause == "redundant" for plant in self.plants.values())


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
    found = list(_problems(spec))
    if found:
        refuse(found, document.places)
    return spec


def written(spec: OrganismSpec) -> dict[str, Any]:
    """The spec as plain JSON, every default written out."""
    plants = {
        name: {"measure": GROUPS[name].measure, "cause": plant.cause, "dose": plant.dose}
        for name, plant in spec.plants.items()
    }
    return {"name": spec.name, "seed": spec.seed, "plants": plants}


def _problems(spec: OrganismSpec) -> Iterator[Problem]:
    for name, plant in spec.plants.items():
        if name not in GROUPS:
            yield Problem(("plants", name), f"nothing can be planted in {name!r}; {nearest(name, GROUPS)}")
        elif plant.measure not in (None, GROUPS[name].measure):
            message = f"of {name}, {GROUPS[name].measure!r} can be planted, not {plant.measure!r}"
            yield Problem(("plants", name, "measure"), message)
