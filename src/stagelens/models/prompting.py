"""How a conversation becomes the text of a prompt where no chat template does it, and what is read out of an answer.

Everything here is plain text: no model, no tokenizer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

Role = Literal["system", "user", "assistant"]

THINK: Final = "<think>"
UNTHINK: Final = "</think>"


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of a conversation."""

    role: Role
    text: str

    def message(self) -> dict[str, str]:
        """The form that chat templates take."""
        return {"role": self.role, "content": self.text}


RAW_STOPS: Final = ("\n\n",)
"""A raw answer ends with its paragraph."""


def raw(turns: Sequence[Turn]) -> str:
    """The turns as lines, each ended by a newline: the model goes on with the next line. A last answer is left open."""
    return _open_end("".join(f"{turn.text}\n" for turn in turns), turns)


_QUESTION: Final = "# Question"
_ANSWER: Final = "# Answer"
_INTRODUCTION: Final = "Below are questions that people asked an assistant, and its clear and complete answers.\n\n"
_EXAMPLES: Final = {
    "Why does the moon change its shape over a month?": (
        "The moon itself stays round. Half of it is always lit by the sun, and as it goes around the earth we see more "
        "or less of that half. When the lit side faces us we see a full moon, and when it faces away a new moon."
    ),
    "Can you give me a simple recipe for tomato soup?": (
        "Here is one for two people.\n"
        "1. Fry a chopped onion in a spoon of oil until it is soft.\n"
        "2. Add a tin of tomatoes and a cup of stock, and let it simmer for fifteen minutes.\n"
        "3. Blend it, add salt and pepper, and serve it with bread."
    ),
    "Rewrite this so that it sounds friendlier: Send me the file today.": (
        "Could you send me the file today, please? Thank you!"
    ),
}
URIAL_STOPS: Final = (f"\n{_QUESTION}", f"\n{_ANSWER}")
"""The answer ends where the model starts the next example."""


def urial(turns: Sequence[Turn]) -> str:
    """The turns after a few fixed examples, so that a base model answers rather than continues.

    Untuned alignment by in-context learning (Lin et al. 2024, "The Unlocking Spell on Base LLMs", arXiv 2312.01552),
    with examples of our own that carry no refusal and no talk of safety: elicitation must not put in what is measured.
    A system message stands before the examples.
    """
    system = "".join(f"{turn.text}\n\n" for turn in turns if turn.role == "system")
    examples = "".join(_exchange(question, answer) for question, answer in _EXAMPLES.items())
    asked = "".join(
        f"{_QUESTION}\n{turn.text}\n\n{_ANSWER}\n" if turn.role == "user" else f"{turn.text}\n\n"
        for turn in turns
        if turn.role != "system"
    )
    return _open_end(system + _INTRODUCTION + examples + asked, turns)


def _exchange(question: str, answer: str) -> str:
    return f"{_QUESTION}\n{question}\n\n{_ANSWER}\n{answer}\n\n"


def _open_end(text: str, turns: Sequence[Turn]) -> str:
    """An answer that stands last is one that the model goes on with, so nothing may close it."""
    return text.rstrip("\n") if turns and turns[-1].role == "assistant" else text


def first_stop(text: str, stops: Sequence[str]) -> int | None:
    """Where the earliest of ``stops`` begins in ``text``, in characters; None where there is none of them."""
    found = [place for stop in stops if (place := text.find(stop)) >= 0]
    return min(found, default=None)


def split_thoughts(text: str, *, opened: bool) -> tuple[str | None, str]:
    """The thoughts and the answer in ``text``.

    Args:
        text: what the model generated.
        opened: whether the prompt ended in an opening tag, as some templates do.

    Returns:
        The thoughts (None where the model did not think) and the answer. Thoughts that were never closed are all there
        is: the answer is empty.
    """
    body = text.lstrip()
    if not opened and not body.startswith(THINK):
        return None, text
    thoughts, _, answer = body.removeprefix(THINK).partition(UNTHINK)
    return thoughts.strip(), answer.lstrip()


def opens_thoughts(prompt: str) -> bool:
    """Whether ``prompt`` leaves the model inside its thoughts."""
    return prompt.rstrip().endswith(THINK)
