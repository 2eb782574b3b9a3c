"""What judging would cost at most: questions to each judge, and their tokens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import ceil
from typing import Final

from stagelens.engine.drawing import LEAST_DRAWN
from stagelens.engine.judges import Panel, read_panels, stage_checkpoint
from stagelens.engine.shards import Questions
from stagelens.judges.message import full_message
from stagelens.judges.order import calls
from stagelens.judges.rubric import Record
from stagelens.study.asked import asked_stages
from stagelens.study.cells import CHARACTERS_PER_TOKEN, JudgingCost
from stagelens.study.spec import CascadeSpec, Study

ASSUMED_FLAGGED: Final = 0.1
"""The share of attempts that a screen is taken to flag, under any measure at any stage."""


def price_judging(study: Study, questions: Sequence[Questions]) -> Iterator[JudgingCost]:
    """One entry a benchmark and judge, as if every attempt were judged and no two were the same.

    Of a cascade the share that its screen flags is not known before it has screened: ``ASSUMED_FLAGGED`` is priced, and
    said beside what it would be if nothing or everything were flagged.

    A transcript is taken to have all the tokens that its answers may have; what commands print is not counted, nor are
    tries that fail.

    Raises:
        InputError: see ``judges.read_panels``.
    """
    panels = read_panels(study, [(asked.benchmark, asked.settings) for asked in questions])
    for asked in questions:
        panel = panels.get(asked.benchmark.name)
        for each in () if panel is None else panel.everyone:
            yield from _costs(each, asked, study)


def _costs(panel: Panel, asked: Questions, study: Study) -> Iterator[JudgingCost]:
    generation = study.generation
    thoughts = generation.max_thinking_tokens if panel.thoughts else 0
    transcript = asked.benchmark.turns(asked.settings) * (generation.max_answer_tokens + thoughts)
    rubric = panel.rubric
    judged = [item for item in asked.items if rubric.measures is None or rubric.measures(item.group)]
    shown = [
        full_message(rubric, Record(item.group, generation.system_prompt, item.prompt, transcript=""))
        for item in judged
    ]
    characters = sum(map(len, shown))
    for judge in panel.judges:
        stages = sum(
            judge in panel.judges_of(asks.stage, stage_checkpoint(family, asks, study, None))
            for family in study.families
            for asks in asked_stages(study, family)
        )
        attempts = len(judged) * asked.epochs
        asking = calls(stages * _drawn(panel.cascade, attempts, ASSUMED_FLAGGED))
        each = -(-characters // (CHARACTERS_PER_TOKEN * max(1, len(judged)))) + transcript
        yield JudgingCost(
            panel.benchmark,
            judge.name,
            asking,
            asking * each,
            asking * panel.max_tokens,
            assumed=None if panel.cascade is None else _assumed(panel, panel.cascade, judge.name, stages, attempts),
        )


def _drawn(cascade: CascadeSpec | None, attempts: int, flagged: float) -> int:
    """How many of a family's attempts would be asked about, if the screen flagged this share of them."""
    if cascade is None:
        return attempts
    of_flagged = round(flagged * attempts)
    return sum(
        max(ceil(share * there), min(LEAST_DRAWN, there))
        for share, there in ((cascade.flagged, of_flagged), (cascade.rest, attempts - of_flagged))
    )


def _assumed(panel: Panel, cascade: CascadeSpec, judge: str, stages: int, attempts: int) -> str:
    least, most = sorted(calls(stages * _drawn(cascade, attempts, flagged)) for flagged in (0.0, 1.0))
    return (
        f"{panel.benchmark}: {judge} is priced as if its screen flagged {100 * ASSUMED_FLAGGED:g} % of the attempts, "
        f"at any stage, which is not known before it has: {least:,} calls if it flags none, {most:,} if all."
    )
