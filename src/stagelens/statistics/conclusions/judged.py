"""What is known about the judges of a measure: agreement, verdicts without one of them, and human labels."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from stagelens.statistics.contrasts.corrected import METHOD
from stagelens.statistics.contrasts.findings import Findings
from stagelens.statistics.contrasts.paired import gather
from stagelens.statistics.contrasts.words import marginal_word
from stagelens.statistics.data import SCORED, Labels, MeasureData, PanelGrades
from stagelens.statistics.intervals.clusters import NOTHING
from stagelens.statistics.judging.panels import left_out, level_of, panel_agreement
from stagelens.statistics.results import Judging, LeftOut, Screened

CORRECTED = "differences corrected by human labels (PPI++)"
CASCADED = "levels and differences corrected by a second judge's grades (PPI++)"


def judging_of(findings: Findings) -> Judging | None:
    """The judges of one measure; None where no two judges graded and no one labelled.

    Verdicts without a judge are marginal: Holm's correction, which looks at all measures, is not made for them.
    """
    data = findings.data
    panel, labels = data.panel, data.labels
    if panel is None and labels is None:
        return None
    agreed = None if panel is None else panel_agreement(data, panel, findings.alpha)
    corrected = any(finding.evidence.complete.method == METHOD for finding in findings.by_pair.values())
    return Judging(
        judges=() if panel is None else panel.judges,
        level=level_of(data),
        krippendorff_alpha=None if agreed is None else agreed.alpha,
        alpha_low=None if agreed is None else agreed.low,
        alpha_high=None if agreed is None else agreed.high,
        left_out=() if panel is None else tuple(_left_out(findings, panel)),
        labelled=0 if labels is None or labels.of_cascade else int(np.count_nonzero(~np.isnan(labels.values))),
        correction=None if not corrected else CORRECTED if labels is None or not labels.of_cascade else CASCADED,
        screened=_screened(data, labels) if labels is not None and labels.of_cascade else None,
    )


def _screened(data: MeasureData, labels: Labels) -> Screened | None:
    """The cascade in numbers; shares are over all stages' scored answers, each label by what it stands for."""
    graded = (data.status == SCORED) & ~np.isnan(labels.values)
    if not graded.any():
        return None
    chance = labels.probability[graded]
    weight = np.where(np.isnan(chance), 1.0, 1 / chance)
    beyond = labels.values[graded] - data.values[graded]

    def share(found: NDArray[np.bool_]) -> float:
        return float((weight * found).sum() / weight.sum())

    certain = int(np.count_nonzero(chance >= 1))
    return Screened(
        judge=labels.by,
        certain=certain,
        drawn=int(chance.size) - certain,
        agreement=share(np.abs(beyond) <= NOTHING),
        missed=share(beyond > NOTHING),
        alarms=share(beyond < -NOTHING),
    )


def _left_out(findings: Findings, panel: PanelGrades) -> Iterator[LeftOut]:
    """The headline read again without each judge in turn."""
    if findings.start is None or len(panel.judges) < 2:
        return
    rate = findings.data.kind == "rate"
    for judge, others in left_out(findings.data, panel):
        evidence = gather(others, findings.start, findings.last, findings.everyone, findings.question)
        word, _ = marginal_word(evidence, findings.alpha, gate=findings.gate, rate=rate)
        yield LeftOut(judge, evidence.difference, evidence.bounded.low, evidence.bounded.high, word)
