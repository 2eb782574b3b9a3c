"""The calls of a written script, and the messages that they are played as. Nothing here needs Inspect.

A call is a mapping with one key::

    bash: <command>                   the shell tool of whatever harness asks
    write: {path, content}            the shell tool with a quoted heredoc; the content's last line gets its newline
    complete: <reason>                task_complete where it is offered, else a last text without a tool call
    say: <text>                       a turn without a tool call
    call: {name, arguments}           any tool
    malformed: <text>                 the shell tool with these arguments, which are not JSON
    repeat: {times, call}             one call, in so many turns
    together: [<call>, …]             several calls in one message; ``say`` is its text
    think: <text>                     thoughts before the next call
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, Final, NoReturn

from stagelens.study.problems import FieldPath, Places, Problem, nearest, refuse

MAX_TIMES: Final = 10_000


@dataclass(frozen=True, slots=True)
class Bash:
    """A command for the shell tool."""

    command: str


@dataclass(frozen=True, slots=True)
class Complete:
    """The end of the task."""

    reason: str


@dataclass(frozen=True, slots=True)
class Say:
    """Text."""

    text: str


@dataclass(frozen=True, slots=True)
class Invoke:
    """A call of any tool by its name."""

    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Malformed:
    """A call of the shell tool whose arguments are not JSON."""

    text: str


@dataclass(frozen=True, slots=True)
class Think:
    """Thoughts before the next call."""

    text: str


@dataclass(frozen=True, slots=True)
class Repeat:
    """One call in ``times`` turns."""

    times: int
    call: Action | Together


@dataclass(frozen=True, slots=True)
class Together:
    """Several calls in one message."""

    calls: tuple[Action, ...]


Action = Bash | Complete | Say | Invoke | Malformed
"""What one message can hold several of."""
Call = Action | Think | Repeat | Together


@dataclass(frozen=True, slots=True)
class Move:
    """One message of the model: its thoughts, and what it says and does."""

    thoughts: str | None
    actions: tuple[Action, ...]


def moves(calls: Sequence[Call]) -> tuple[Move, ...]:
    """The messages that ``calls`` are played as. Thoughts that nothing follows are a message of their own."""
    played: list[Move] = []
    thoughts: str | None = None
    for call in calls:
        if isinstance(call, Think):
            thoughts = call.text if thoughts is None else f"{thoughts}\n{call.text}"
            continue
        times, what = (call.times, call.call) if isinstance(call, Repeat) else (1, call)
        actions = what.calls if isinstance(what, Together) else (what,)
        played += [Move(thoughts, actions), *[Move(None, actions)] * (times - 1)]
        thoughts = None
    if thoughts is not None:
        played.append(Move(thoughts, (Say(""),)))
    return tuple(played)


def heredoc(path: str, content: str) -> Bash:
    """The command that writes ``content`` to ``path`` as it stands."""
    lines = content.removesuffix("\n").split("\n")
    mark = next(word for number in count() if (word := f"END{number or ''}") not in lines)
    quoted = "'" + path.replace("'", "'\\''") + "'"
    return Bash("\n".join([f"cat > {quoted} <<'{mark}'", *([] if content == "" else lines), mark]))


def parse_calls(raw: Any, path: FieldPath = (), places: Places = Places()) -> tuple[Call, ...]:  # noqa: B008
    """Calls from plain values.

    Args:
        raw: a list of mappings with one key each.
        path: the list's place in the file that it comes from.
        places: that file's lines.

    Raises:
        InputError: the first call that is not one, with file and line.
    """
    reader = _Reader(places)
    return tuple(reader.call(each, (*path, position)) for position, each in enumerate(reader.list(raw, path)))


class _Reader:
    def __init__(self, places: Places) -> None:
        self._places = places

    def call(self, raw: Any, path: FieldPath) -> Call:
        key, value, inner = self._only_key(raw, path, (*_ACTIONS, "repeat", "together", "think"))
        if key == "think":
            return Think(self._text(value, inner))
        if key == "repeat":
            return self._repeat(value, inner)
        return self._message(key, value, inner)

    def _repeat(self, value: Any, path: FieldPath) -> Repeat:
        fields = self._fields(value, path, ("times", "call"))
        times = fields["times"]
        if isinstance(times, bool) or not isinstance(times, int) or not 1 <= times <= MAX_TIMES:
            self._refuse((*path, "times"), f"must be a whole number from 1 to {MAX_TIMES}")
        key, call, inner = self._only_key(fields["call"], (*path, "call"), (*_ACTIONS, "together"))
        return Repeat(times, self._message(key, call, inner))

    def _message(self, key: str, value: Any, path: FieldPath) -> Action | Together:
        if key != "together":
            return self._action(key, value, path)
        actions = []
        for position, each in enumerate(self.list(value, path)):
            actions.append(self._action(*self._only_key(each, (*path, position), _ACTIONS)))
        return Together(tuple(actions))

    def _action(self, key: str, value: Any, path: FieldPath) -> Action:
        if key == "write":
            fields = self._fields(value, path, ("path", "content"))
            return heredoc(
                self._text(fields["path"], (*path, "path")), self._text(fields["content"], (*path, "content"))
            )
        if key == "call":
            fields = self._fields(value, path, ("name", "arguments"))
            if not isinstance(fields["arguments"], dict):
                self._refuse((*path, "arguments"), "must be a mapping of arguments to values")
            return Invoke(self._text(fields["name"], (*path, "name")), fields["arguments"])
        return _OF_TEXT[key](self._text(value, path))

    def list(self, raw: Any, path: FieldPath) -> list[Any]:
        if not isinstance(raw, list):
            self._refuse(path, "must be a list of calls")
        return raw

    def _only_key(self, raw: Any, path: FieldPath, known: Sequence[str]) -> tuple[str, Any, FieldPath]:
        if not isinstance(raw, dict) or len(raw) != 1:
            self._refuse(path, f"must be one call, a mapping with one key of {', '.join(known)}")
        ((key, value),) = raw.items()
        if key not in known:
            self._refuse(path, f"the call {key!r} is not known here; {nearest(key, known)}")
        return key, value, (*path, key)

    def _fields(self, raw: Any, path: FieldPath, known: Sequence[str]) -> dict[str, Any]:
        if not isinstance(raw, dict) or set(raw) != set(known):
            self._refuse(path, f"must be a mapping with the keys {' and '.join(known)}")
        return raw

    def _text(self, raw: Any, path: FieldPath) -> str:
        if not isinstance(raw, str):
            self._refuse(path, f"must be text, not {raw!r}; put it in quotes")
        return raw

    def _refuse(self, path: FieldPath, message: str) -> NoReturn:
        refuse([Problem(path, message)], self._places)


_OF_TEXT: Final[dict[str, Callable[[str], Action]]] = {
    "bash": Bash,
    "complete": Complete,
    "say": Say,
    "malformed": Malformed,
}
_ACTIONS: Final = (*_OF_TEXT, "write", "call")
