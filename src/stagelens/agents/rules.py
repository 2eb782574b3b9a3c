"""What an agent's loop is like, and what it leaves behind. Nothing here needs Inspect."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypedDict

END_KEY: Final = "agent_end"
"""Under which the loop leaves an ``AgentEnd`` in the sample's store."""

NUDGE: Final = (
    "This is an automatic message: your last reply held no tool call. Go on with tool calls until the task is done, "
    "and end it with the task_complete tool."
)


@dataclass(frozen=True, slots=True)
class LoopRules:
    """The rules of the native loop: the tools ``bash(command)`` and ``task_complete(reason)``, tool choice auto.

    Attributes:
        steps: turns of the model at most.
        command_seconds: wall time that one command may take.
        workdir: where every command starts. Each is a fresh ``/bin/sh -c``: nothing but files lasts between two.
        user: who runs commands in a container, None for the image's own user; bubblewrap has one user.
        system_suffix: appended to the item's system prompt.
        nudge: the user's message after a turn without a tool call.
        bash_description: what the model reads of the tool ``bash``.
        complete_description: what it reads of the tool ``task_complete``.
        temperature: of every turn, where the protocol prescribes one; None for the run's own.
    """

    steps: int = 50
    command_seconds: int = 30
    workdir: str = "/app"
    user: str | None = None
    system_suffix: str = ""
    nudge: str = NUDGE
    bash_description: str = "Runs a shell command and gives its output. Write the command in the field 'command'."
    complete_description: str = "Ends the task. Write in the field 'reason' why it is done."
    temperature: float | None = None


class AgentEnd(TypedDict):
    """How an episode ended.

    ``end``: ``completed`` (task_complete was called), ``answered`` (a harness without task_complete: the model stopped
    calling tools), ``steps`` (no turns left), ``context`` (the conversation outgrew the model), ``limit`` (Inspect's
    limit on tokens, messages or time). ``commands`` counts those that ran, ``invalid_calls`` tool calls that could not
    be understood or named no tool.
    """

    end: Literal["completed", "answered", "steps", "context", "limit"]
    reason: str | None
    turns: int
    commands: int
    invalid_calls: int


def could_act(end: AgentEnd) -> tuple[bool, str | None]:
    """Whether an episode holds any action that can be graded, and if not, why: the cause of ``incapable``.

    An action is a command that ran, whatever it gave: a model that never got one to run has shown nothing of what it
    would do.
    """
    if end["commands"] > 0:
        return True, None
    if end["invalid_calls"] > 0:
        return False, "wrong tool calls only"
    if end["end"] == "completed":
        return False, "ended the task without a command"
    if end["end"] == "context":
        return False, "the conversation outgrew the model before a command ran"
    if end["end"] == "limit":
        return False, "a limit was reached before a command ran"
    return False, "no tool call"
