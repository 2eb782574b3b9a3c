"""Few-shot prompts, so that a base model answers rather than continues.

Untuned alignment by in-context learning (Lin et al. 2024, "The Unlocking Spell on Base LLMs", arXiv 2312.01552), with
examples of our own. Elicitation must not put in what is measured, so there are two prompts: a benign one without a
refusal or a word of safety, and, nearer to the published one, that of a careful assistant that declines once. What
holds of a base under one of them alone is a finding about the prompt.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Final

from stagelens.models.prompting import Turn, open_end
from stagelens.models.tool_calls import Tool, ToolUse, described
from stagelens.study.spec import Prompting

_QUESTION: Final = "# Question"
_ANSWER: Final = "# Answer"
_RESULT: Final = "# Result"


PROMPTS: Final[Mapping[Prompting, str]] = {
    "urial": "urial_benign",
    "urial_benign": "urial_benign",
    "urial_careful": "urial_careful",
}
"""The prompt's file in ``prompts/``, by the word of a study file; the engine asks a stage with ``urial`` under both."""

URIAL_STOPS: Final = (f"\n{_QUESTION}", f"\n{_ANSWER}")
"""The answer ends where the model starts the next example."""
URIAL_TOOL_STOPS: Final = (*URIAL_STOPS, f"\n{_RESULT}")
"""Where tools are offered, also where it makes up a result."""
_TOOL_EXAMPLE: Final = (
    Turn("user", "How many lines does the file list.txt have?"),
    Turn("assistant", "", calls=(ToolUse("bash", {"command": "wc -l list.txt"}),)),
    Turn("tool", '{"stdout": "12 list.txt\\n", "stderr": "", "returncode": 0}'),
    Turn("assistant", "The file list.txt has 12 lines."),
)


def urial(turns: Sequence[Turn], tools: Sequence[Tool] = (), *, prompting: Prompting = "urial_benign") -> str:
    """The turns after the examples of ``prompting``.

    A system message stands before the examples. Where tools are offered, they are described before the examples, and
    one more example shows a call and its result.
    """
    system = "".join(f"{turn.text}\n\n" for turn in turns if turn.role == "system")
    told = f"{described(tools)}\n\n" if tools else ""
    acting = _blocks(_TOOL_EXAMPLE) if tools else ""
    asked = _blocks([turn for turn in turns if turn.role != "system"])
    return open_end(f"{system}{told}{examples(prompting)}{acting}{asked}", turns)


@cache
def examples(prompting: Prompting) -> str:
    """An introduction, then questions with their answers, each under its heading."""
    return (files("stagelens.models") / "prompts" / f"{PROMPTS[prompting]}.txt").read_text(encoding="utf-8")


def _blocks(turns: Sequence[Turn]) -> str:
    blocks = []
    for turn, following in zip(turns, [*turns[1:], None], strict=True):
        if turn.role == "assistant":
            blocks.append(f"{turn.plain()}\n\n")
            continue
        heading = _RESULT if turn.role == "tool" else _QUESTION
        more_results = following is not None and following.role == "tool"
        blocks.append(f"{heading}\n{turn.text}\n\n" + ("" if more_results else f"{_ANSWER}\n"))
    return "".join(blocks)
