"""What the intervals speak of, and where a sequential design stopped."""

from __future__ import annotations

from stagelens.report.words import families, full_name, headline_contrast, is_decided
from stagelens.statistics.results import MeasureResult, Verdicts


def scope_words(result: MeasureResult) -> str:
    """`these checkpoints`, or `this recipe (3 training runs)`."""
    return f"{result.scope} ({result.runs} training runs)" if result.runs > 1 else result.scope


def scope_sentence(verdicts: Verdicts) -> str:
    """What every number of the report is about, said once; empty without measures."""
    scopes = {scope_words(result): result for result in verdicts.results}
    if not scopes:
        return ""
    if len(scopes) > 1:
        return f"The intervals speak of {_by_measure(verdicts)}."
    (only, result), *_ = scopes.items()
    if result.runs > 1:
        return f"The intervals speak of {only}: they allow for what differs from one training run to the next."
    return f"The intervals speak of {only}: another training run of the same recipe may differ by more."


def look_words(result: MeasureResult) -> str:
    """`decided at look 2 of 5`, or `stopped at` where the headline is not; empty for a fixed design."""
    if result.looks <= 1:
        return ""
    ended = "decided" if is_decided(headline_contrast(result)) else "stopped"
    return f"{ended} at look {result.look} of {result.looks}"


def _by_measure(verdicts: Verdicts) -> str:
    several = len(families(verdicts)) > 1
    named: dict[str, list[str]] = {}
    for result in verdicts.results:
        named.setdefault(scope_words(result), []).append(full_name(result, several_families=several))
    return "; ".join(f"{words} for {', '.join(names)}" for words, names in named.items())
