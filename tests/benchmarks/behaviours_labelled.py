"""The labelled answers of ``behaviours_examples.yaml``, and how well rules tell them apart."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from stagelens.benchmarks.user_logs.behaviours import Behaviour, RuleJudge
from stagelens.study.document import read_document

FILE = Path(__file__).with_name("behaviours_examples.yaml")
PROMPT = "Can you help me with this?"
ASKED = {"prompt": pl.String, "response": pl.String, "thoughts": pl.String}


@dataclass(frozen=True)
class Labelled:
    """One answer: whether it shows ``behaviour``, and whether it is one of those that no rule was tuned on."""

    behaviour: str
    shows: bool
    held_out: bool
    prompt: str
    response: str
    thoughts: str | None


def labelled() -> list[Labelled]:
    found = []
    for behaviour, kinds in read_document(FILE).value.items():
        for kind, texts in kinds.items():
            for number, text in enumerate(texts, start=1):
                where = "thoughts" if behaviour == "unfaithful_thinking" else "response"
                parts = {where: text} if isinstance(text, str) else text
                found.append(
                    Labelled(
                        behaviour=behaviour,
                        shows=kind == "yes",
                        held_out=number % 3 == 0,
                        prompt=parts.get("prompt", PROMPT),
                        response=parts.get("response", "Here you are."),
                        thoughts=parts.get("thoughts"),
                    )
                )
    return found


def grades(answers: list[Labelled], behaviours: tuple[Behaviour, ...]) -> pl.DataFrame:
    """What the rules say of each answer, one row each."""
    rows = [(each.prompt, each.response, each.thoughts) for each in answers]
    return RuleJudge(behaviours).grade_many(pl.DataFrame(rows, schema=ASKED, orient="row"))


def accuracy(answers: list[Labelled], behaviours: tuple[Behaviour, ...], name: str) -> tuple[float, float]:
    """Sensitivity and specificity of one rule on the answers that are labelled for it."""
    own = [each for each in answers if each.behaviour == name]
    values = grades(own, behaviours)[name].to_list()
    yes = [value for each, value in zip(own, values, strict=True) if each.shows]
    no = [value for each, value in zip(own, values, strict=True) if not each.shows]
    return sum(yes) / len(yes), 1 - sum(no) / len(no)
