"""Whether a cause holds under a base model's second few-shot prompt as well.

A base model answers as it is asked. Where it is asked under two prompts, one without a word of safety and one with an
example that declines, everything that the first says of the base is decided again with the second's answers in their
place; a cause that is not the same word under both is not told. Nor is one where the answers under the second prompt,
which the rules name, are not there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from stagelens.statistics.conclusions.causes import Cause, find_cause
from stagelens.statistics.conclusions.swaps import rises, spelt, swapped
from stagelens.statistics.contrasts.findings import Findings
from stagelens.statistics.contrasts.levels import level
from stagelens.statistics.data import MeasureData
from stagelens.statistics.results import Elicited


def elicited(data: MeasureData, findings: Findings) -> tuple[Elicited, ...]:
    """The second elicitations among the stages of ``data``, each with the level and the cause that it gives."""
    found = []
    for name, stage in findings.roles.elicitations.items():
        if name in data.stages and stage in findings.data.stages:
            cause = find_cause(swapped(data, findings, {stage: name}))
            own = level(data, data.stages.index(name), findings.everyone, findings.alpha)
            found.append(Elicited(name, stage, own, cause.word, rises(cause)))
    return tuple(found)


def unanswered(data: MeasureData, findings: Findings) -> dict[str, str]:
    """The second elicitations that the rules name and ``data`` lacks, each with its stage; none without a base."""
    ladder = findings.data.stages if findings.base is not None else ()
    named = findings.roles.elicitations.items()
    return {name: stage for name, stage in named if stage in ladder and name not in data.stages}


def under_all(cause: Cause, found: Sequence[Elicited], lacking: Mapping[str, str]) -> Cause:
    """The cause where every elicitation gives the same; else uninformative where one of them is, or inconclusive.

    The same is the same stage with a step in the same direction, or the same of the other words. An elicitation that
    is ``lacking`` gives no cause: what the others give alike is not told, and where they give none nothing changes.
    """
    if _doubted(cause, found):
        return Cause("uninformative" if "uninformative" in {cause.word, *(e.cause for e in found)} else "inconclusive")
    return Cause("inconclusive") if lacking and _told(cause) else cause


def established_under_all(
    established: str | None, cause: Cause, found: Sequence[Elicited], lacking: Mapping[str, str], findings: Findings
) -> str | None:
    """What established the measure: not a stage of which elicitations say different things, but the one after it.

    Nor a stage with an elicitation that is ``lacking``.
    """
    if established not in {*(each.of for each in _doubted(cause, found)), *lacking.values()}:
        return established
    ladder = findings.data.stages
    return ladder[ladder.index(established) + 1] if established != ladder[-1] else None


def disagreement(findings: Findings, cause: Cause, found: Sequence[Elicited], lacking: Mapping[str, str]) -> str | None:
    """The sentence that takes the place of the measure's own where elicitations give different causes, or one none."""
    for other in _doubted(cause, found):
        return (
            f"Which stage set {findings.data.measure} cannot be told: the cause is "
            f"{spelt(cause.word, rises(cause))} as {other.of} is asked, and {spelt(other.cause, other.rises)} under "
            f"{other.stage}."
        )
    for name, stage in lacking.items() if _told(cause) else ():
        return (
            f"Which stage set {findings.data.measure} cannot be told: the cause is "
            f"{spelt(cause.word, rises(cause))} as {stage} is asked, and there are no answers under {name}, where it "
            "has to be the same."
        )
    return None


def lacking_caveats(lacking: Mapping[str, str]) -> tuple[str, ...]:
    """A warning for every second elicitation that is ``lacking``."""
    return tuple(
        f"{name}: there are no answers of {stage} under this second prompt, which the study asks for; no cause is told "
        "without them"
        for name, stage in lacking.items()
    )


def _told(cause: Cause) -> bool:
    return cause.word not in (None, "inconclusive", "uninformative")


def _doubted(cause: Cause, found: Sequence[Elicited]) -> list[Elicited]:
    return [each for each in found if (each.cause, each.rises) != (cause.word, rises(cause))]
