"""What a stage's tasks take of a node, and whether the cluster has a node with as much."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from stagelens.errors import InputError
from stagelens.stages.launch import processes_on_gpus
from stagelens.stages.recipe import accelerate_file
from stagelens.study.spec import Resources, Stage

HIDE_GPUS: Final = "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO"
"""A variable of Ray's: whether a task that is given no GPUs sees none."""


@dataclass(frozen=True, slots=True)
class Needs:
    """CPUs and GPUs of one task."""

    cpus: int
    gpus: float

    def options(self) -> dict[str, Any]:
        """Of a task of Ray's: begun anew by the driver alone, and on whichever node has least to do.

        One without GPUs would see all of its node's, and its model would lie on them: Ray hides them on request.
        """
        placed = {"num_cpus": self.cpus, "num_gpus": self.gpus, "max_retries": 0, "scheduling_strategy": "SPREAD"}
        return placed if self.gpus else placed | {"runtime_env": {"env_vars": {HIDE_GPUS: "1"}}}

    def slots(self, node: Mapping[str, float]) -> int:
        """How many such tasks a node with these resources of Ray's runs at once."""
        on_cpus = int(node.get("CPU", 0) // self.cpus)
        return min(on_cpus, int(node.get("GPU", 0) / self.gpus)) if self.gpus else on_cpus


def needs_of(stage: Stage) -> Needs:
    """What its ``resources`` say; one CPU where it has none."""
    resources = stage.resources or Resources()
    return Needs(resources.cpus, resources.gpus)


def check_fits(name: str, needs: Needs, nodes: Iterable[Mapping[str, float]]) -> None:
    """InputError where no node has what a task takes: Ray would wait for one for ever."""
    most = list(nodes)
    if any(needs.slots(node) for node in most):
        return
    cpus, gpus = (max((node.get(kind, 0) for node in most), default=0) for kind in ("CPU", "GPU"))
    raise InputError(
        f"Stage {name} takes {needs.cpus} CPUs and {needs.gpus:g} GPUs of one node, and no node of the Ray cluster has "
        f"them (at most {cpus:g} CPUs, {gpus:g} GPUs): mend the stage's `resources`, or add such a node."
    )


def check_launch(name: str, stage: Stage, folder: Path) -> None:
    """InputError where accelerate would start more processes on GPUs than the task is given GPUs."""
    recipe: Mapping[str, Any] = stage.recipe or {}
    configuration = accelerate_file(recipe, folder, f"Stage {name}")
    asked = 0 if configuration is None else processes_on_gpus(configuration)
    if asked > needs_of(stage).gpus:
        raise InputError(
            f"Stage {name}: its `accelerate` configuration starts {asked} processes on GPUs, and its `resources` give "
            f"it {needs_of(stage).gpus:g}: write `resources: {{gpus: {asked}}}`."
        )
