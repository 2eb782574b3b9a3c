"""What an audit found, and how it is written down. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from stagelens.audit.design import Design, taught_by_rl
from stagelens.audit.effects import Effect, Kind, ranked
from stagelens.audit.inventory.table import Holding, Lack, absent
from stagelens.audit.regression import Addition
from stagelens.statistics.contrasts.words import CHANGED
from stagelens.study.spec import Provenance

SCHEMA: Final = 1


@dataclass(frozen=True, slots=True)
class Audited:
    """A source of the stage: ``rows`` that it gives, and who wrote it."""

    name: str
    rows: int
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class Audit:
    """What was found about the data of a stage.

    Attributes:
        study: its name; ``family`` and ``stage`` name what was audited.
        asked: (benchmark, measure) that the audit is about; the others stand beside it.
        sources: of the mixture, in its order.
        design: the mixtures that were trained.
        effects: of leaving sources out, one by one or together, on every measure.
        additions: of every source over random mixtures, on every measure; empty where none were drawn.
        levels: by (benchmark, measure), the stage's own level; None where nothing was scored.
        alpha: the error rate, in (0, 1).
        trainings: what all this cost, in trainings of the whole stage.
        holdings: what each source holds.
        lacks: topics that a benchmark asks about and no source does.
    """

    study: str
    family: str
    stage: str
    asked: tuple[str, str]
    sources: tuple[Audited, ...]
    design: Design
    effects: tuple[Effect, ...]
    additions: tuple[Addition, ...]
    levels: Mapping[tuple[str, str], float | None]
    alpha: float
    trainings: float
    holdings: tuple[Holding, ...] = ()
    lacks: tuple[Lack, ...] = ()

    def on(self, benchmark: str, measure: str) -> tuple[Effect, ...]:
        """The effects of single sources, or parts of them, on one measure, the largest first."""
        return ranked(self._of({each.name for each in self.design.one_by_one}, benchmark, measure))

    def of_teachers(self, benchmark: str, measure: str) -> tuple[Effect, ...]:
        """The effects of what RL-trained models wrote, and of the rest, on one measure."""
        order = [variant.name for variant in self.design.taught]
        found = self._of(set(order), benchmark, measure)
        return tuple(sorted(found, key=lambda effect: order.index(effect.variant.name)))

    def added(self, benchmark: str, measure: str) -> tuple[Addition, ...]:
        """What sources add to one measure over random mixtures, the largest first."""
        own = [each for each in self.additions if (each.benchmark, each.measure) == (benchmark, measure)]
        return tuple(sorted(own, key=lambda each: 1.0 if each.difference is None else -abs(each.difference)))

    def found_on(self, benchmark: str, measure: str) -> tuple[Effect | Addition, ...]:
        """All that is known of single sources and one measure, the largest first."""
        return (*self.on(benchmark, measure), *self.added(benchmark, measure))

    @property
    def measures(self) -> tuple[tuple[str, str], ...]:
        """Every (benchmark, measure), the one that the audit is about first."""
        of_effects = ((each.benchmark, each.measure) for each in self.effects)
        of_additions = ((each.benchmark, each.measure) for each in self.additions)
        return tuple(dict.fromkeys((self.asked, *of_effects, *of_additions)))

    def kind_of(self, benchmark: str, measure: str) -> Kind:
        """Whether a measure is a rate or a severity."""
        found = self.found_on(benchmark, measure) or self.of_teachers(benchmark, measure)
        return found[0].kind if found else "rate"

    @property
    def unsigned(self) -> tuple[str, ...]:
        """Sources of which the study does not say who wrote them."""
        return tuple(each.name for each in self.sources if taught_by_rl(each.provenance) is None)

    @property
    def absent(self) -> tuple[str, ...]:
        """Tags that no example has."""
        return absent(self.holdings)

    def rows(self, source: str) -> int:
        """How many rows a source gives."""
        return next(each.rows for each in self.sources if each.name == source)

    def carries(self, found: Effect | Addition) -> bool:
        """Whether it was shown that this changes the measure."""
        if isinstance(found, Effect):
            return found.verdict in CHANGED
        return not found.low <= 0 <= found.high and found.p <= self.alpha

    def carriers(self) -> tuple[str, ...]:
        """Sources that were shown to carry the measure the audit is about, the strongest first."""
        return tuple(source_of(found) for found in self.found_on(*self.asked) if self.carries(found))

    def to_dict(self) -> dict[str, Any]:
        """The content of ``audit.json``."""
        return {
            "schema": SCHEMA,
            "study": self.study,
            "family": self.family,
            "stage": self.stage,
            "measure": "/".join(self.asked),
            "sources": [
                {"name": each.name, "rows": each.rows, "provenance": each.provenance.written()} for each in self.sources
            ],
            "design": {
                "seeds": self.design.seeds,
                "trainings": round(self.trainings, 3),
                "variants": [{"name": each.name, "kept": dict(each.kept)} for each in self.design.variants],
                "one_by_one": [each.name for each in self.design.one_by_one],
                "drawn": [each.name for each in self.design.drawn],
                "taught": [each.name for each in self.design.taught],
            },
            "inventory": {
                "sources": [asdict(each) for each in self.holdings],
                "lacks": [asdict(each) for each in self.lacks],
            },
            "levels": _rounded({"/".join(measure): level for measure, level in self.levels.items()}),
            "carriers": list(self.carriers()),
            "effects": [_effect(each) for each in self.effects],
            "additions": [_rounded(asdict(each)) for each in self.additions],
        }

    def _of(self, names: set[str], benchmark: str, measure: str) -> tuple[Effect, ...]:
        return tuple(
            each
            for each in self.effects
            if each.variant.name in names and (each.benchmark, each.measure) == (benchmark, measure)
        )


def source_of(found: Effect | Addition) -> str:
    """The name of the one source that it is about."""
    if isinstance(found, Addition):
        return found.source
    (name,) = found.variant.kept
    return name


def _effect(effect: Effect) -> dict[str, Any]:
    return {**_rounded(asdict(effect)), "variant": effect.variant.name}


def _rounded(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: round(value, 6) if isinstance(value, float) else value for name, value in values.items()}
