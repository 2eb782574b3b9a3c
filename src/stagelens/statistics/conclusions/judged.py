"""What is known about the judges of a measure: agreement, verdicts without one of them, and human labels."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from stagelens.statistics.contrasts.corrected import METHOD
from stagelens.statistics.contrasts.findings import Findings
from stagelens.statistics.contrasts.paired import gather
from stagelens.statistics.contrasts.words import marginal_word
from stagelens.statistics.data import PanelGrades
from stagelens.statistics.judging.panels import left_out, level_of, panel_agreement
from stagelens.statistics.results import Judging, LeftOut

CORRECTED = "differences corrected by human labels (PPI++)"


def judging_of(findings: Findings) -> Judging | None:
    """The judges of one measure; None where no two judges graded and no human labelled.

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
        labelled=0 if labels is None else int(np.count_nonzero(~np.isnan(labels.values))),
        correction=CORRECTED if corrected else None,
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
