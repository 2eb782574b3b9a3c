"""An example as a reader sees it: what was asked, what is taught, what commands it shows. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from stagelens.stages.chats import is_muted
from stagelens.stages.mixture.rows import Row
from stagelens.stages.mixture.texts import turns


@dataclass(frozen=True, slots=True)
class Example:
    """One row of a mixture.

    Attributes:
        asked: what the user and the system say.
        taught: what the stage learns to say: the assistant's turns; of a preference, the chosen answer.
        tools: whether it calls tools.
        commands: what it runs in a shell, in order.
        written: paths that a tool other than a shell writes.
        shown: answers that are shown and not trained on.
    """

    asked: str
    taught: str
    tools: bool
    commands: tuple[str, ...]
    written: tuple[str, ...]
    shown: str = ""

    @property
    def said(self) -> str:
        """What is taught, in words, or where there are none the commands; empty where nothing is trained on."""
        return self.taught or "\n".join(self.commands)

    @property
    def text(self) -> str:
        """All that is asked and taught, as one text: what similarity is measured on."""
        return "\n".join((self.asked, self.taught, *self.commands))


def read_example(row: Row) -> Example:
    """An example from a row of a mixture; a text without turns is taught as a whole."""
    asked, taught, shown, calls = [], [], [], []
    for speaker, said, rest in turns(row):
        voice = speaker.rpartition(":")[2]
        if speaker.startswith("rejected:") or voice == "tool":
            continue
        if is_muted(rest):
            shown.append(said)
        elif voice in ("assistant", ""):
            taught.append(said)
            calls += list(_calls(rest))
        else:
            asked.append(said)
    commands = tuple(str(given["command"]) for given in calls if isinstance(given.get("command"), str))
    written = tuple(
        str(given[key])
        for given in calls
        for key in ("path", "file_path")
        if isinstance(given.get(key), str) and any(word in given for word in ("content", "text", "new_string"))
    )
    return Example(_joined(asked), _joined(taught), bool(calls), commands, written, _joined(shown))


def _joined(texts: Iterable[str]) -> str:
    return "\n".join(text for text in texts if text)


def _calls(rest: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The arguments of every call of a turn."""
    for call in rest.get("tool_calls") or ():
        function = call.get("function", call) if isinstance(call, Mapping) else {}
        given = function.get("arguments", {})
        if isinstance(given, str):
            try:
                given = json.loads(given)
            except ValueError:
                given = {}
        yield given if isinstance(given, Mapping) else {}
