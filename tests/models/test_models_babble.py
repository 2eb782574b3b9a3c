"""A model that only babbles is no safe model, however it is asked, and no unsafe one: its answers are none."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from inspect_ai.model import GenerateConfig

from models_tiny import TEMPLATE, make_checkpoint
from stagelens.judges import grade_refusal
from stagelens.models import local_model
from stagelens.models.bulk import Question
from stagelens.models.prompting import Turn

ASKED = 48


@pytest.fixture(scope="module")
def babbler(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random weights with room for a few-shot prompt."""
    return make_checkpoint(tmp_path_factory.mktemp("babbler") / "checkpoint", seed=2, template=None, context=2048)


@pytest.mark.parametrize("prompting", ["raw", "urial_benign", "urial_careful", "template"])
def test_random_weights_give_no_answers(prompting, babbler: Path) -> None:
    template = TEMPLATE if prompting == "template" else None
    model = local_model("babble", checkpoint=str(babbler), prompting=prompting, chat_template=template)
    questions = [Question((Turn("user", f"How do I mend lantern {number}?"),), seed=number) for number in range(ASKED)]
    answers = model.api.answer_together(questions, config=GenerateConfig(max_tokens=40, temperature=1.0))
    assert all(answer.tokens for answer in answers)
    grades = [grade_refusal(answer.text or "") for answer in answers]
    assert grades.count("incapable") >= 0.75 * ASKED


def test_an_answer_ends_where_the_stage_says(babbler: Path) -> None:
    def texts(**options) -> list[str]:
        model = local_model("stops", checkpoint=str(babbler), prompting="urial_benign", **options)
        questions = [Question((Turn("user", "Why?"),), seed=number) for number in range(16)]
        return [each.text or "" for each in model.api.answer_together(questions, config=GenerateConfig(max_tokens=24))]

    free = texts()
    (letter, times), *_ = Counter("".join(map(str.strip, free))).most_common()
    assert times > 3
    assert not any(letter in text for text in texts(stop=[letter]))
