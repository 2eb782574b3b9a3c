"""The sentences of an audit, the same in a terminal and on a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from stagelens.audit.design import taught_by_rl
from stagelens.audit.effects import Effect, Kind
from stagelens.audit.findings import Audit, source_of
from stagelens.audit.inventory.table import Holding, Lack
from stagelens.audit.regression import Addition
from stagelens.report.units import MISSING, Units, share
from stagelens.study.spec import Provenance

UNITS: Final[Mapping[Kind, Units]] = {"rate": Units("rate", 0.0, 1.0), "severity": Units("severity", 0.0, 1.0)}
"""Differences are written by the kind alone."""


def units_of(found: Effect | Addition) -> Units:
    """How the numbers of what was found are written."""
    return UNITS[found.kind]


def author(provenance: Provenance) -> str:
    """Who wrote a source, in a word or two."""
    if provenance.teacher is not None or provenance.teacher_stage is not None:
        name, stage = provenance.teacher or "a model", provenance.teacher_stage
        return f"{name} ({stage})" if stage else name
    return provenance.author or MISSING


def held(holding: Holding) -> str:
    """What a source holds, by its tags: the shares of its rows, the largest first."""
    shares = sorted(((count / holding.rows, name) for name, count in holding.tags.items() if count), reverse=True)
    return ", ".join(f"{name} {share(part)}" for part, name in shares) or MISSING


def verdict_of(audit: Audit, found: Effect | Addition) -> str:
    """What is said of an effect, in a word; random mixtures have no margin to be inside of."""
    if isinstance(found, Effect):
        return found.verdict
    return "adds" if audit.carries(found) else "not shown"


def lacking(absent: Sequence[str], lacks: Sequence[Lack]) -> tuple[str, ...]:
    """Of what the mixture never speaks: tags that no example has, and topics that a benchmark asks about."""
    said = []
    if absent:
        said.append(f"No example is tagged {', '.join(absent)}.")
    by_benchmark: dict[str, list[str]] = {}
    for lack in lacks:
        by_benchmark.setdefault(lack.benchmark, []).append(f"{lack.topic} ({lack.items:,} prompts)")
    said += [f"No example speaks of what {name} asks about: {', '.join(them)}." for name, them in by_benchmark.items()]
    return tuple(said)


def conclusion(audit: Audit) -> str:
    """What carries the measure, in a sentence."""
    measure = "/".join(audit.asked)
    carriers = [found for found in audit.found_on(*audit.asked) if audit.carries(found)]
    if not carriers:
        return f"No source of {audit.family}/{audit.stage} was shown to carry {measure}."
    first, *others = carriers
    units = units_of(first)
    do = "does" if len(others) == 1 else "do"
    also = f" So {do} {', '.join(map(source_of, others))}." if others else ""
    return (
        f"{measure} is carried by {source_of(first)}, which changes it by {units.difference(first.difference)} "
        f"({units.interval(first.low, first.high)}).{also}"
    )


def taught_sentence(audit: Audit) -> tuple[str, ...]:
    """Whether what SFT does comes from teachers that had been through RL; nothing where no source is theirs."""
    if not any(taught_by_rl(each.provenance) for each in audit.sources):
        if len(audit.unsigned) == len(audit.sources):
            return ("The study does not say who wrote the sources: whether RL-trained teachers did is not known.",)
        return ()
    parts = []
    for effect in audit.of_teachers(*audit.asked):
        of_rl = set(effect.variant.kept) == {each.name for each in audit.sources if taught_by_rl(each.provenance)}
        whose = "what RL-trained teachers wrote" if of_rl else "what others wrote"
        units = units_of(effect)
        interval = units.interval(effect.low, effect.high)
        parts.append(f"{whose} changes it by {units.difference(effect.difference)} ({interval})")
    unsigned = f" Of {', '.join(audit.unsigned)} nobody says who wrote it." if audit.unsigned else ""
    if not parts:
        return (f"Every source of {audit.stage} was written by RL-trained teachers.{unsigned}",)
    return (f"Of {'/'.join(audit.asked)}, {', and '.join(parts)}.{unsigned}",)
