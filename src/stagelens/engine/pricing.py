"""What judging would cost at most: questions to each judge, and their tokens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from stagelens.engine.judges import Panel, read_panels, stage_checkpoint
from stagelens.engine.shards import Questions
from stagelens.judges.message import full_message
from stagelens.judges.order import calls
from stagelens.judges.rubric import Record
from stagelens.study.cells import CHARACTERS_PER_TOKEN, JudgingCost
from stagelens.study.spec import Study


def price_judging(study: Study, questions: Sequence[Questions]) -> Iterator[JudgingCost]:
    """One entry a benchmark and judge, as if every attempt were judged and no two were the same.

    A transcript is taken to have all the tokens that its answers may have; what commands print is not counted, nor are
    tries that fail.

    Raises:
        InputError: see ``judges.read_panels``.
    """
    panels = read_panels(study, [(asked.benchmark, asked.settings) for asked in questions])
    for asked in questions:
        panel = panels.get(asked.benchmark.name)
        if panel is not None:
            yield from _costs(panel, asked, study)


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
            judge in panel.judges_of(stage, stage_checkpoint(family, stage, study, None))
            for family, members in study.families.items()
            for stage in members.stages
        )
        answers = stages * len(judged) * asked.epochs
        asking = calls(answers)
        each = -(-characters // (CHARACTERS_PER_TOKEN * max(1, len(judged)))) + transcript
        yield JudgingCost(panel.benchmark, judge.name, asking, asking * each, asking * panel.max_tokens)
