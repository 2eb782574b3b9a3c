"""Sourced organisms built and audited; what was found of each source is kept in a small file an organism."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from stagelens.audit.run import plan_audit, run_audit
from stagelens.engine.identity import identify_stages
from stagelens.engine.progress import Reporter, silent
from stagelens.errors import InputError
from stagelens.files import write_text
from stagelens.organisms.jobs import side_by_side
from stagelens.organisms.sourced.plants import PLANTS, SOURCED, Plant
from stagelens.organisms.sourced.study import write_sourced

SCHEMA: Final = 1
ORGANISMS: Final = 2
"""Of each plant, by different seeds."""
TRAININGS: Final = 5
"""Training runs of every mixture."""


@dataclass(frozen=True, slots=True)
class SourcedSpec:
    """A sourced organism: what is planted, by which seed."""

    plant: Plant
    seed: int

    @property
    def name(self) -> str:
        """Unlike that of any other."""
        return f"{self.plant}-{self.seed}"

    @property
    def kind(self) -> tuple[Plant, int]:
        """Organisms of one kind share a pretraining: here none do."""
        return self.plant, self.seed


def every(organisms: int = ORGANISMS) -> tuple[SourcedSpec, ...]:
    """Every plant, ``organisms`` times."""
    return tuple(SourcedSpec(plant, seed) for seed in range(1, organisms + 1) for plant in PLANTS)


@dataclass(frozen=True, slots=True)
class Finding:
    """What an audit said of one source and one measure.

    Attributes:
        organism: its name.
        plant: what is planted.
        source: the source.
        asked: whether the measure is the one that counts what is planted.
        benchmark: of the measure.
        measure: its name.
        difference: what the source does; None where no pair was scored.
        low: with ``high`` its 95 % interval.
        high: its upper end.
        p: of no difference, adjusted.
        verdict: of it.
    """

    organism: str
    plant: Plant
    source: str
    asked: bool
    benchmark: str
    measure: str
    difference: float | None
    low: float
    high: float
    p: float
    verdict: str


def audit_all(
    specs: Sequence[SourcedSpec],
    out: Path,
    kept: Path,
    *,
    trainings: int = TRAININGS,
    jobs: int = 1,
    reporter: Reporter | None = None,
) -> Iterator[tuple[Finding, ...]]:
    """Build and audit organisms; what is already there, or kept, is not done again.

    Args:
        specs: no two alike.
        out: a folder, one in it for each organism.
        kept: a folder for what was found, a file an organism.
        trainings: training runs of every mixture.
        jobs: how many organisms at once.
        reporter: told what is done.

    Raises:
        InputError: a kept file cannot be read, or a folder holds other work.
    """
    work = partial(_audited, out=out, kept=kept, trainings=trainings)
    return side_by_side(work, specs, jobs=jobs, reporter=reporter or silent())


def _audited(spec: SourcedSpec, reporter: Reporter, *, out: Path, kept: Path, trainings: int) -> tuple[Finding, ...]:
    own = SOURCED[spec.plant]
    study = write_sourced(spec.plant, spec.seed, out / spec.name)
    inputs = {
        "stagelens": version("stagelens"),
        "trainings": trainings,
        "stages": {each.stage.name: each.fingerprint for each in identify_stages(study)},
    }
    file = kept / f"{spec.name}.json"
    known = _read(file, inputs)
    if known is not None:
        return known
    measure = (own.group.benchmark, own.measure)
    planned = plan_audit(study, "/".join(measure), seeds=trainings)
    audit = run_audit(planned, out=out / spec.name / "audit", reporter=reporter)
    found = tuple(
        Finding(
            organism=spec.name,
            plant=spec.plant,
            source=next(iter(effect.variant.kept)),
            asked=(effect.benchmark, effect.measure) == measure,
            benchmark=effect.benchmark,
            measure=effect.measure,
            difference=effect.difference,
            low=effect.low,
            high=effect.high,
            p=effect.p,
            verdict=effect.verdict,
        )
        for each in audit.measures
        for effect in audit.on(*each)
    )
    file.parent.mkdir(parents=True, exist_ok=True)
    content = {"schema": SCHEMA, "inputs": inputs, "found": [asdict(each) for each in found]}
    write_text(file, json.dumps(content, indent=1) + "\n")
    return found


def _read(file: Path, inputs: dict[str, Any]) -> tuple[Finding, ...] | None:
    if not file.is_file():
        return None
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        same = (content["schema"], content["inputs"]) == (SCHEMA, inputs)
        return _ADAPTER.validate_python(content["found"]) if same else None
    except (ValueError, TypeError, LookupError, ValidationError) as error:
        raise InputError(f"{file} does not hold what an audit found: take it away, and it is audited again.") from error


_ADAPTER: Final = TypeAdapter(tuple[Finding, ...])
