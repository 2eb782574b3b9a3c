"""A conversation as judges, labellers and readers of the report see it. Pure: messages in, text out.

Ids, model names, token counts and times stay behind: nothing that is kept says which stage or model spoke.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from stagelens.judges.rubric import Record
from stagelens.judges.text import split_thoughts

if TYPE_CHECKING:
    from inspect_ai.model import ChatMessage

PartKind = Literal["thoughts", "said", "call", "result", "user"]

_WITHHELD: Final = "(thoughts that the provider withheld)"
_INDENT: Final = "    "


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of an episode; ``name`` is the tool's, of a call and of what it returned."""

    kind: PartKind
    text: str
    name: str | None = None

    @property
    def heading(self) -> str:
        """Who speaks, in words."""
        words: Mapping[PartKind, str] = {
            "thoughts": "The model thinks",
            "said": "The model says",
            "call": f"The model calls {self.name}",
            "result": f"{self.name} returns",
            "user": "The user says",
        }
        return words[self.kind]


@dataclass(frozen=True, slots=True)
class Conversation:
    """What was asked, and all that followed. ``system`` is None where there was no system prompt."""

    system: str | None
    prompt: str
    parts: tuple[Part, ...]

    @property
    def acts(self) -> bool:
        """Whether there is more to it than one answer."""
        return any(part.kind not in ("said", "thoughts") for part in self.parts)

    def text(self, *, thoughts: bool) -> str:
        """What the model said and did, with its thoughts or without them."""
        return transcript_text(self.parts, thoughts=thoughts)

    def record(self, group: str, evidence: str | None, *, thoughts: bool) -> Record:
        """The attempt as a judge sees it."""
        return Record(group, self.system, self.prompt, self.text(thoughts=thoughts), evidence)


def conversation_of(messages: Sequence[ChatMessage]) -> Conversation:
    """The conversation in an Inspect sample's messages; the prompt is all before the model's first own message."""
    start = next(
        (place for place, each in enumerate(messages) if each.role == "assistant" and each.source != "input"),
        len(messages),
    )
    asked = messages[:start]
    system = "\n\n".join(message.text for message in asked if message.role == "system")
    return Conversation(
        system=system or None,
        prompt="\n\n".join(message.text for message in asked if message.role != "system"),
        parts=tuple(part for message in messages[start:] for part in _parts(message)),
    )


def transcript_text(parts: Sequence[Part], *, thoughts: bool) -> str:
    """Parts as text. One answer stands alone; of several parts each has a numbered heading, and its text is indented.

    Headings are the only lines that are not indented, so nothing that a model or a command writes looks like one.
    """
    shown = [part for part in parts if thoughts or part.kind != "thoughts"]
    if len(shown) == 1 and shown[0].kind == "said":
        return shown[0].text
    return "\n".join(f"[{number}] {part.heading}:\n{_indented(part.text)}" for number, part in enumerate(shown, 1))


def _indented(text: str) -> str:
    return "\n".join(_INDENT + line for line in (text or "(nothing)").splitlines())


def _parts(message: ChatMessage) -> Iterator[Part]:
    if message.role == "assistant":
        thoughts, said = _spoken(message.content)
        if thoughts:
            yield Part("thoughts", thoughts)
        if said or not message.tool_calls:
            yield Part("said", said)
        for call in message.tool_calls or []:
            yield Part("call", _arguments(call.arguments, call.parse_error), call.function)
    elif message.role == "tool":
        error = f"{message.error.type}: {message.error.message}" if message.error else ""
        yield Part(
            "result", "\n".join(filter(None, (_spoken(message.content)[1], error))), message.function or "a tool"
        )
    else:
        yield Part("user", message.text)


def _spoken(content: str | list[Any]) -> tuple[str, str]:
    """The thoughts and the text of a message's content; what is neither is named by its kind."""
    if isinstance(content, str):
        return split_thoughts(content)
    thoughts, said = [], []
    for part in content:
        if part.type == "reasoning":
            thoughts.append((part.summary or _WITHHELD) if part.redacted else part.reasoning)
        elif part.type == "text":
            thought, text = split_thoughts(part.text)
            thoughts.append(thought)
            said.append(text)
        else:
            said.append(f"[{part.type}]")
    return "\n\n".join(filter(None, thoughts)), "\n".join(filter(None, said))


def _arguments(arguments: Mapping[str, Any], fault: str | None) -> str:
    """What a tool was called with: a single text as it is, anything else as JSON."""
    values = list(arguments.values())
    single = len(values) == 1 and isinstance(values[0], str)
    text = values[0] if single else json.dumps(arguments, ensure_ascii=False, sort_keys=True)
    return f"{text}\n(not understood: {fault})" if fault else text
