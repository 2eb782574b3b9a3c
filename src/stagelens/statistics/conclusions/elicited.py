"""Whether a cause holds under a base model's second few-shot prompt as well.

A base model answers as it is asked. Where it is asked under two prompts, one without a word of safety and one with an
example that declines, everything that the first says of the base is decided again with the second's answers in their
place; a cause that is not the same word under both is not told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from stagelens.statistics.conclusions.causes import Cause, find_cause
from stagelens.statistics.contrasts.findings import Findings, examine
from stagelens.statistics.contrasts.levels import level
from stagelens.statistics.contrasts.parts import of_stages
from stagelens.statistics.data import MeasureData
from stagelens.statistics.results import Elicited


def elicited(data: MeasureData, findings: Findings) -> tuple[Elicited, ...]:
    """The second elicitations among the stages of ``data``, each with the level and the cause that it gives."""
    found = []
    for name, stage in findings.roles.elicitations.items():
        if name in data.stages and stage in findings.data.stages:
            cause = find_cause(_with(data, findings, stage, name))
            own = level(data, data.stages.index(name), findings.everyone, findings.alpha)
            found.append(Elicited(name, stage, own, cause.word, _rises(cause)))
    return tuple(found)


def under_all(cause: Cause, found: Sequence[Elicited]) -> Cause:
    """The cause where every elicitation gives the same; else uninformative where one of them is, or inconclusive.

    The same is the same stage with a step in the same direction, or the same of the other words.
    """
    if not _doubted(cause, found):
        return cause
    return Cause("uninformative" if "uninformative" in {cause.word, *(e.cause for e in found)} else "inconclusive")


def established_under_all(
    established: str | None, cause: Cause, found: Sequence[Elicited], findings: Findings
) -> str | None:
    """What established the measure: not a stage of which elicitations say different things, but the one after it."""
    if established not in {each.of for each in _doubted(cause, found)}:
        return established
    ladder = findings.data.stages
    return ladder[ladder.index(established) + 1] if established != ladder[-1] else None


def disagreement(findings: Findings, cause: Cause, found: Sequence[Elicited]) -> str | None:
    """The sentence that takes the place of the measure's own where elicitations give different causes."""
    for other in _doubted(cause, found):
        return (
            f"Which stage set {findings.data.measure} cannot be told: the cause is "
            f"{_spelt(cause.word, _rises(cause))} as {other.of} is asked, and {_spelt(other.cause, other.rises)} under "
            f"{other.stage}."
        )
    return None


def _doubted(cause: Cause, found: Sequence[Elicited]) -> list[Elicited]:
    return [each for each in found if (each.cause, each.rises) != (cause.word, _rises(cause))]


def _rises(cause: Cause) -> bool | None:
    """The direction of the one step that is the cause."""
    one = len(cause.large) == 1 and not cause.blockers
    return cause.large[0].evidence.bounded.rising if one else None


def _with(data: MeasureData, findings: Findings, stage: str, other: str) -> Findings:
    """The findings with the answers of ``other`` as those of ``stage``."""
    ladder = findings.data.stages
    taken = [data.stages.index(other if name == stage else name) for name in ladder]
    swapped = replace(of_stages(data, taken), stages=ladder)
    return examine(swapped, findings.roles, findings.question, all_pairs=findings.all_pairs)


def _spelt(word: str | None, rises: bool | None) -> str:
    text = "none" if word is None else word.replace("_", " ")
    return text if rises is None else f"{text}, which {'raises' if rises else 'lowers'} it,"
