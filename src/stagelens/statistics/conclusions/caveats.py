"""What a reader must know beside a verdict: short sentences, in a fixed order, each once."""

from __future__ import annotations

from collections.abc import Sequence

from stagelens.statistics.conclusions.counterfactual_words import counterfactual_caveats
from stagelens.statistics.conclusions.sentences import amount, arrow, undecided
from stagelens.statistics.conclusions.shares import shared_attempts
from stagelens.statistics.contrasts.corrected import METHOD as CORRECTED
from stagelens.statistics.contrasts.findings import Decision, Findings
from stagelens.statistics.contrasts.words import CHANGED, SAME
from stagelens.statistics.results import Counterfactual

FEW_RUNS = 2
"""So few training runs give a variance, but hardly one to trust."""


def caveats(
    findings: Findings, decisions: Sequence[Decision], sensitivity: str, aside: Counterfactual | None, runs: int
) -> tuple[str, ...]:
    """The warnings of one measure.

    The data's own, then those of the stages, the contrasts, the shares, the headline, the runs and what stands aside.
    """
    notes = list(findings.data.warnings)
    notes += [f"competence: {reason}" for reason in findings.unfit.values()]
    for decision in decisions:
        notes += _contrast(findings, decision)
    if findings.base is not None:
        answered, asked = shared_attempts(findings), findings.everyone.n
        if 0 < answered < asked:
            notes.append(f"shares rest on the {answered} of {asked} attempts that every stage answered")
    headline = findings.headline
    if sensitivity == "not shown" and headline is not None:
        reported = next(decision.contrast.verdict for decision in decisions if decision.finding is headline)
        if reported in SAME:
            notes.append(
                f"{arrow(findings, headline)}: sensitivity not shown; nothing here shows that these items and this "
                "judge would have seen a change"
            )
    if runs == FEW_RUNS:
        notes.append("two runs: how much runs of this recipe differ rests on one difference, so intervals are wide")
    if findings.all_pairs:
        compared = len(findings.by_pair)
        notes.append(f"every two stages are compared: Holm's correction runs over all {compared} pairs of this measure")
    notes += counterfactual_caveats(findings, aside)
    return tuple(dict.fromkeys(notes))


def _contrast(findings: Findings, decision: Decision) -> list[str]:
    finding = decision.finding
    name, margin = arrow(findings, finding), amount(findings.margin, findings.data.kind)
    labels = findings.data.labels
    if labels is not None and labels.of_cascade and finding.evidence.complete.method != CORRECTED:
        alone = f"{name}: as the screen has it, uncorrected: {labels.by} graded too few answers of both stages"
        return [alone, *_about(findings, decision, name, margin)]
    return _about(findings, decision, name, margin)


def _about(findings: Findings, decision: Decision, name: str, margin: str) -> list[str]:
    finding, contrast = decision.finding, decision.contrast
    if decision.reason == "correction":
        alone = finding.word.replace("_", " ")
        return [f"{name}: {alone} when taken alone, but inconclusive after Holm's correction"]
    if decision.reason == "missing":
        return [f"{name}: inconclusive: missing judgements ({undecided(findings, decision)})"]
    if decision.reason in ("clusters", "incapable"):
        return [f"{name}: uninformative: {undecided(findings, decision)}"]
    if contrast.verdict in CHANGED and finding.unsized:
        return [f"{name}: size unresolved: it changed, but perhaps by less than the margin of {margin}"]
    if contrast.verdict == "below_margin":
        return [f"{name}: below the margin of {margin}, but a ratio of rates beyond 3/2 is not ruled out"]
    return []
