"""When during a stage's training a measure comes to be what it is at its end, from points saved on the way.

Every point is compared with the finished stage over the same attempts, read like any other contrast, each by itself:
the points describe a training and carry no claim.
"""

from __future__ import annotations

from collections.abc import Iterator

from stagelens.statistics.conclusions.sentences import amount
from stagelens.statistics.contrasts.findings import Findings
from stagelens.statistics.contrasts.levels import level
from stagelens.statistics.contrasts.paired import gather
from stagelens.statistics.contrasts.words import CHANGED, SAME, marginal_word
from stagelens.statistics.data import MeasureData
from stagelens.statistics.results import Appearance, SavedPoint


def appearances(data: MeasureData, findings: Findings) -> tuple[Appearance, ...]:
    """One entry for every stage of the ladder with saved points among the stages of ``data``, in order."""
    return tuple(
        _appearance(data, stage, points, findings)
        for stage in findings.data.stages
        if (
            points := {name: part for name, part in findings.roles.points.get(stage, {}).items() if name in data.stages}
        )
    )


def appearance_sentences(findings: Findings, found: tuple[Appearance, ...]) -> Iterator[str]:
    """A sentence for each stage of which a part shows when its change had come about; none where it changed nothing."""
    stages, margin = findings.data.stages, amount(findings.margin, findings.data.kind)
    for each in found:
        position = stages.index(each.stage)
        changed = position > 0 and findings.by_pair[position - 1, position].word in CHANGED
        if not changed:
            continue
        if each.appears_by is not None:
            yield f"It is within {margin} of where {each.stage} ends from {each.appears_by:.0%} of its training on."
        elif each.points[-1].verdict in CHANGED:
            yield f"At {each.points[-1].part:.0%} of its training {each.stage} is not yet where it ends."


def _appearance(data: MeasureData, stage: str, points: dict[str, float], findings: Findings) -> Appearance:
    end, saved = data.stages.index(stage), []
    for name, part in sorted(points.items(), key=lambda point: point[1]):
        at = data.stages.index(name)
        evidence = gather(data, at, end, findings.everyone, findings.question)
        word, _ = marginal_word(evidence, findings.alpha, gate=findings.gate, rate=data.kind == "rate")
        reading = evidence.bounded
        saved.append(
            SavedPoint(
                part=part,
                level=level(data, at, findings.everyone, findings.alpha),
                difference=evidence.difference,
                low=reading.low,
                high=reading.high,
                verdict=word,
            )
        )
    settled: float | None = None
    for point in reversed(saved):
        if point.verdict not in SAME:
            break
        settled = point.part
    return Appearance(stage, tuple(saved), settled)
