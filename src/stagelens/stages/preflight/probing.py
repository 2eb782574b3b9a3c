"""Whether a stage can be asked as the study asks it: a probe item, rendered, within the model's context."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from stagelens.errors import InputError
from stagelens.models.few_shot import PROMPTS, urial
from stagelens.models.prompting import Turn, raw
from stagelens.stages.preflight.template import Template
from stagelens.study.spec import Stage


@dataclass(frozen=True, slots=True)
class Probed:
    """A probe item as a stage is asked it: the text, its tokens, and the tokens that the model can see."""

    text: str
    tokens: int
    context: int | None


def probe(
    stage: Stage,
    question: str,
    tokenizer: Any,
    *,
    context: int | None,
    answer_tokens: int,
    template: str | None = None,
    system: str | None = None,
) -> Probed:
    """Ask ``question`` of a stage on paper.

    Args:
        stage: its ``elicitation`` says how.
        question: an item of a benchmark; the longest one says most.
        tokenizer: the stage's own.
        context: tokens that the model can see, None where its configuration does not say.
        answer_tokens: the longest answer that is asked for.
        template: the text of the chat template that ``elicitation: template`` borrows.
        system: the study's system prompt.

    Raises:
        InputError: the template does not render it, or prompt and answer do not fit into the context.
    """
    where = f"Stage {stage.name!r}"
    turns = [*([] if system is None else [Turn("system", system)]), Turn("user", question)]
    bare = stage.elicitation == "raw" or stage.elicitation in PROMPTS
    if bare:
        text = raw(turns) if stage.elicitation == "raw" else urial(turns, prompting=stage.elicitation)
    else:
        text = Template(tokenizer, where, template).write([turn.message() for turn in turns], "a benchmark", ask=True)
    tokens = len(tokenizer.encode(text, add_special_tokens=bare))
    if context is not None and tokens + answer_tokens > context:
        raise InputError(
            f"{where}: asked as `elicitation: {stage.elicitation}`, an item takes {tokens} tokens, which leaves no "
            f"room for an answer of {answer_tokens} in the model's context of {context}; lower `max_answer_tokens`, or "
            "choose another elicitation."
        )
    return Probed(text, tokens, context)
