"""The harnesses: what a model acts in, and what that needs of a sandbox. One entry each; nothing else knows them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from stagelens.agents.rules import LoopRules
from stagelens.benchmarks.reward_hacking.settings import RewardHackingSettings
from stagelens.errors import InputError
from stagelens.sandboxes import WORKDIR, SandboxKind, Wanted, choose, lacking, spec
from stagelens.sandboxes.docker import Container, at_once, compose_file
from stagelens.study.fingerprint import file_digest

if TYPE_CHECKING:
    from inspect_ai.solver import Solver
    from inspect_ai.util import SandboxEnvironmentSpec

_IMAGE_FOLDER: Final = Path(__file__).with_name("image")
_MEMORY_MB: Final = 1024


@dataclass(frozen=True, slots=True)
class Harness:
    """One harness.

    Attributes:
        solver: from the loop's rules, the benchmark's name and the study's seed to the solver that lets a model act in
            the sample's sandbox; it leaves an ``AgentEnd`` in the store.
        container: the Docker container that it acts in, with python3 and numpy; measuring again has a second one.
        lacks: what this machine lacks for it besides the sandbox, with the one command that adds it; None for nothing.
        kinds: the sandboxes that it can act in.
    """

    solver: Callable[[LoopRules, str, int], Solver]
    container: Callable[[], Container]
    lacks: Callable[[], str | None] = lambda: None
    kinds: tuple[SandboxKind, ...] = ("docker", "bubblewrap")


def harness_of(settings: RewardHackingSettings) -> Harness:
    """The harness of a study's block. InputError where there is none of that name."""
    if settings.harness not in HARNESSES:
        raise InputError(f"reward_hacking.harness: {settings.harness} is not available; known: {', '.join(HARNESSES)}")
    return HARNESSES[settings.harness]


def kind_of(settings: RewardHackingSettings) -> SandboxKind | None:
    """Where commands will run on this machine; None where what is wanted is not there."""
    return choose(_wanted(settings))


def lacks(settings: RewardHackingSettings) -> str | None:
    """What this machine lacks for the harness in its sandbox; None where nothing is missing."""
    return harness_of(settings).lacks() or (None if kind_of(settings) else lacking(_wanted(settings)))


def concurrency(settings: RewardHackingSettings) -> int | None:
    """How many attempts may be under way at once: as many pairs of containers as the machine holds."""
    return at_once(harness_of(settings).container(), measure=True) if kind_of(settings) == "docker" else None


def sandbox_of(settings: RewardHackingSettings, kind: SandboxKind) -> SandboxEnvironmentSpec:
    """What every sample runs in."""
    if kind == "docker":
        return spec("docker", compose=compose_file(harness_of(settings).container(), measure=True))
    from stagelens.sandboxes.bubblewrap import BubblewrapConfig

    return spec("bubblewrap", bubblewrap=BubblewrapConfig(memory_mb=_MEMORY_MB, python_packages=("numpy",)))


def _wanted(settings: RewardHackingSettings) -> Wanted:
    kinds = harness_of(settings).kinds
    return kinds[0] if settings.sandbox == "auto" and len(kinds) == 1 else settings.sandbox


def _native(rules: LoopRules, benchmark: str, seed: int) -> Solver:
    from stagelens.agents.loop import bash_agent

    return bash_agent(rules, benchmark=benchmark, seed=seed)


def _plain_container() -> Container:
    """Python with numpy, built where its image is not there yet; commands run as a user of no rights."""
    made_of = file_digest(_IMAGE_FOLDER / "Dockerfile")[:12]
    return Container(
        f"stagelens-reward-hacking:{made_of}",
        build={"context": str(_IMAGE_FOLDER), "network": "host"},
        workdir=WORKDIR,
        environment={"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        memory_mb=_MEMORY_MB,
    )


HARNESSES: Final[Mapping[str, Harness]] = {"native": Harness(_native, _plain_container)}
