"""The earliest stage from which on every stage is equivalent to production."""

from __future__ import annotations

from collections.abc import Sequence

from stagelens.statistics.contrasts.findings import Decision, Findings
from stagelens.statistics.contrasts.words import CHANGED, SAME


def established_by(findings: Findings, decisions: Sequence[Decision]) -> str | None:
    """Walk back from production while a stage is equivalent to it, or below the margin; the last stage reached.

    Where not even the stage before is: production itself if that contrast is a change beyond the margin, else None (a
    change of unresolved size may still lie inside it). The headline counts as reported; every other contrast counts
    alone, since all of them must hold (intersection-union needs no correction). A stage that fails the competence gate
    is never passed.
    """
    stages, last = findings.data.stages, findings.last
    words = {
        decision.finding.pair: decision.contrast.verdict if decision.finding.headline else decision.finding.word
        for decision in decisions
    }
    if stages[last] in findings.unfit:
        return None
    earliest = last
    while earliest > 0 and words[earliest - 1, last] in SAME and stages[earliest - 1] not in findings.unfit:
        earliest -= 1
    before = findings.by_pair[last - 1, last]
    changed = words[before.pair] in CHANGED and not before.unsized and stages[last - 1] not in findings.unfit
    return stages[earliest] if earliest < last or changed else None
