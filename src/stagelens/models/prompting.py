"""How a conversation becomes the text of a prompt where no chat template does it, and what is read out of an answer.

Everything here is plain text: no model, no tokenizer. ``raw`` is public in form: a pretraining corpus that is written
with it holds conversations exactly as a base model is asked for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from stagelens.models.tool_calls import CLOSE, Tool, ToolUse, described, written

Role = Literal["system", "user", "assistant", "tool"]

THINK: Final = "<think>"
UNTHINK: Final = "</think>"


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of a conversation.

    Attributes:
        role: who speaks; ``tool`` is a tool's result.
        text: what is said, thoughts left out.
        thoughts: an assistant's, None where it did not think.
        calls: the tools that an assistant calls.
        name: the tool whose result this is.
        ids: identifiers of the calls, or of the one call that this is the result of.
    """

    role: Role
    text: str
    thoughts: str | None = None
    calls: tuple[ToolUse, ...] = ()
    name: str | None = None
    ids: tuple[str, ...] = ()

    def message(self) -> dict[str, Any]:
        """The form that chat templates take. Whether they show earlier thoughts is theirs to say."""
        message: dict[str, Any] = {"role": self.role, "content": self.text}
        if self.thoughts is not None:
            message["reasoning_content"] = self.thoughts
        if self.calls:
            message["tool_calls"] = [
                {"id": id, "type": "function", "function": {"name": call.name, "arguments": dict(call.arguments)}}
                for id, call in zip(self.ids, self.calls, strict=True)
            ]
        if self.role == "tool":
            message |= {"name": self.name, "tool_call_id": self.ids[0]}
        return message

    def plain(self) -> str:
        """The message as lines without its role: the text, then each call in its tags."""
        return "\n".join([*([self.text] if self.text or not self.calls else []), *map(written, self.calls)])


def in_text(turns: Sequence[Turn], tools: Sequence[Tool]) -> list[Turn]:
    """The conversation for a chat template that knows nothing of tools.

    The system message describes them, calls are part of the assistant's text, and results come from the user.
    """
    told = described(tools)
    system = turns[0].text if turns and turns[0].role == "system" else None
    spoken = [Turn("system", told if system is None else f"{system}\n\n{told}")]
    for turn in turns if system is None else turns[1:]:
        role: Role = "user" if turn.role == "tool" else turn.role
        text = f"<tool_response>\n{turn.text}\n</tool_response>" if turn.role == "tool" else turn.plain()
        if spoken[-1].role == role == "user":
            spoken[-1] = Turn(role, f"{spoken[-1].text}\n{text}")
        else:
            spoken.append(Turn(role, text))
    return spoken


def one_call_each(turns: Sequence[Turn]) -> list[Turn]:
    """The conversation with one tool call a message, each followed by its result; the text stays with the first."""
    apart: list[Turn] = []
    later: dict[str, Turn] = {}
    for turn in turns:
        if turn.role == "tool" and turn.ids[0] in later:
            apart.append(later.pop(turn.ids[0]))
        if len(turn.calls) < 2:
            apart.append(turn)
            continue
        alone = [Turn("assistant", "", calls=(call,), ids=(id,)) for id, call in zip(turn.ids, turn.calls, strict=True)]
        apart.append(replace(alone[0], text=turn.text, thoughts=turn.thoughts))
        later |= {each.ids[0]: each for each in alone[1:]}
    return apart


RAW_STOPS: Final = ("\n\n",)
"""A raw answer ends with its paragraph."""
CALL_STOPS: Final = (CLOSE,)
"""Where tools are offered without a template, an answer ends with its first call, whose closing tag stays in it."""


def raw(turns: Sequence[Turn]) -> str:
    """The turns as lines, each ended by a newline: the model goes on with the next line. A last answer is left open.

    A tool's result is its content, a call stands in its tags on a line of its own. Tools are not described.
    """
    return open_end("".join(f"{turn.plain()}\n" for turn in turns), turns)


def open_end(text: str, turns: Sequence[Turn]) -> str:
    """An answer that stands last is one that the model goes on with, so nothing may close it."""
    return text.rstrip("\n") if turns and turns[-1].role == "assistant" else text


def first_stop(text: str, stops: Sequence[str]) -> int | None:
    """Where the earliest of ``stops`` begins in ``text``, in characters; None where there is none of them."""
    found = [place for stop in stops if (place := text.find(stop)) >= 0]
    return min(found, default=None)


def first_end(text: str, stops: Sequence[str], closes: Sequence[str]) -> int | None:
    """Where an answer ends that is cut before the first of ``stops`` and after the first of ``closes``, if it is."""
    closed = [place + len(close) for close in closes if (place := text.find(close)) >= 0]
    stop = first_stop(text, stops)
    return min([*closed, *([] if stop is None else [stop])], default=None)


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
