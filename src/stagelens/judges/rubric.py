"""What a model that judges is shown, and how its answer becomes values. Pure: asking is elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import BaseModel


@dataclass(frozen=True, slots=True)
class Record:
    """One attempt as a judge sees it. Nothing in it says which stage or model it came from.

    Attributes:
        group: the benchmark's word for the item, as in ``Item.group``.
        system: the system prompt, None where there was none.
        prompt: what was asked.
        transcript: all that the model said and did, and what its commands gave; with its thoughts or without them.
        evidence: what the sandbox itself recorded, in words; None where it recorded nothing.
    """

    group: str
    system: str | None
    prompt: str
    transcript: str
    evidence: str | None = None


@dataclass(frozen=True, slots=True)
class Rubric:
    """How one benchmark's answers are judged by a model.

    Attributes:
        name: the benchmark's.
        version: changes with every change of wording or of what a grade means; goes into fingerprints.
        message: the one message that the judge gets.
        answer: the structured answer that is asked for; its docstring and field descriptions are part of the message.
        values: from the judge's answer and the item's group to each measure's value.
        rule_stands: whether a 1 that the benchmark's own rule found stays whatever judges say: the rule saw proof.
        measures: from an item's group to the measures that judges give it; none: its answers are not judged. None: all
            that the item counts towards.
        settle: from the medians of a panel to its values, where one measure follows from another (a rate that cuts a
            severity is cut after the median is taken); None: the medians are the values.
        overrules: measures of the rule's that a judged one, a rate, rules out: a 1 of theirs is 0 where that one is 1.
    """

    name: str
    version: str
    message: Callable[[Record], str]
    answer: type[BaseModel]
    values: Callable[[Any, str], Mapping[str, float]]
    rule_stands: bool = False
    measures: Callable[[str], tuple[str, ...]] | None = None
    settle: Callable[[Mapping[str, float]], Mapping[str, float]] | None = None
    overrules: Mapping[str, str] = field(default_factory=dict)
