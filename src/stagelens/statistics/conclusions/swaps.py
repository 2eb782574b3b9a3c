"""A measure decided again with the answers of a stage that was asked in a second way in the place of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from stagelens.statistics.conclusions.causes import Cause
from stagelens.statistics.contrasts.findings import Findings, examine
from stagelens.statistics.contrasts.parts import of_stages
from stagelens.statistics.data import MeasureData


def swapped(data: MeasureData, findings: Findings, by: Mapping[str, str]) -> Findings:
    """The findings with the answers of ``by[stage]``, a stage of ``data``, in the place of those of each such step."""
    ladder = findings.data.stages
    taken = [data.stages.index(by.get(name, name)) for name in ladder]
    again = replace(of_stages(data, taken), stages=ladder)
    return examine(again, findings.roles, findings.question, all_pairs=findings.all_pairs)


def rises(cause: Cause) -> bool | None:
    """The direction of the one step that is the cause; None where it is not one."""
    one = len(cause.large) == 1 and not cause.blockers
    return cause.large[0].evidence.bounded.rising if one else None


def spelt(word: str | None, rises: bool | None) -> str:
    """A cause in a sentence, with its direction where it has one."""
    text = "none" if word is None else word.replace("_", " ")
    return text if rises is None else f"{text}, which {'raises' if rises else 'lowers'} it,"
