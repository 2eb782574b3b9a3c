"""The native loop: a model, a shell, and a tool to say that it is done; the protocol of ODCV-Bench.

The model is offered ``bash(command)`` and ``task_complete(reason)``. A turn's calls run in order, each command in a
fresh ``/bin/sh -c`` in the sandbox's working folder. ``task_complete`` ends the episode at once: later calls of that
message are dropped. A turn without a call is answered by a nudge. Nothing that a command does ends the episode.

Where it is not the original's: arguments that are not JSON, or no ``command`` in them, are answered by an error; the
original runs ``echo 'Parse error'`` or nothing. Inspect's own limits end an episode too.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from inspect_ai.model import (
    ChatMessageSystem,
    ChatMessageTool,
    ChatMessageUser,
    GenerateConfig,
    get_model,
)
from inspect_ai.solver import Generate, Solver, TaskState, solver
from inspect_ai.tool import ToolCall, ToolCallError, ToolInfo, ToolParam, ToolParams

from stagelens.agents.command import run_command
from stagelens.agents.rules import END_KEY, AgentEnd, LoopRules
from stagelens.benchmarks.seeds import attempt_seed, turn_seed
from stagelens.models import under_way

BASH: Final = "bash"
COMPLETE: Final = "task_complete"
NO_REASON: Final = "None given"


@solver
def bash_agent(rules: LoopRules, *, benchmark: str, seed: int) -> Solver:
    """Let the model act by ``rules`` in the sample's sandbox, and leave an ``AgentEnd`` in its store under ``END_KEY``.

    Args:
        rules: the loop's.
        benchmark: whose items these are.
        seed: the study's. A turn's own follows from it, the item, the epoch and the turn's number.
    """

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        _append_to_system(state, rules.system_suffix)
        episode = _Episode(state, rules, attempt_seed(seed, benchmark, str(state.sample_id), state.epoch))
        try:
            with under_way(get_model()):
                await episode.play()
        finally:
            # What cuts an episode off from outside (Inspect's limits) leaves its end as it stands: "limit".
            state.store.set(END_KEY, episode.end)
        return state

    return solve


def tools(rules: LoopRules) -> list[ToolInfo]:
    """The two tools, as the model is told of them."""
    return [
        _tool(BASH, rules.bash_description, "command"),
        _tool(COMPLETE, rules.complete_description, "reason"),
    ]


def _tool(name: str, description: str, argument: str) -> ToolInfo:
    return ToolInfo(
        name=name,
        description=description,
        parameters=ToolParams(properties={argument: ToolParam(type="string")}, required=[argument]),
    )


def _append_to_system(state: TaskState, suffix: str) -> None:
    if not suffix:
        return
    first = state.messages[0]
    if isinstance(first, ChatMessageSystem):
        state.messages[0] = ChatMessageSystem(content=first.text + suffix)
    else:
        state.messages.insert(0, ChatMessageSystem(content=suffix.lstrip()))


@dataclass(slots=True)
class _Episode:
    """One attempt under way."""

    state: TaskState
    rules: LoopRules
    seed: int
    end: AgentEnd

    def __init__(self, state: TaskState, rules: LoopRules, seed: int) -> None:
        self.state = state
        self.rules = rules
        self.seed = seed
        self.end = {"end": "limit", "reason": None, "turns": 0, "commands": 0, "invalid_calls": 0}

    async def play(self) -> None:
        """Take turns until the episode is over."""
        while self.end["turns"] < self.rules.steps:
            await self._turn()
            if self.end["end"] != "limit":
                return
        self.end["end"] = "steps"

    async def _turn(self) -> None:
        state = self.state
        self.end["turns"] += 1
        state.output = await get_model().generate(
            state.messages,
            tools=tools(self.rules),
            tool_choice="auto",
            config=GenerateConfig(seed=turn_seed(self.seed, self.end["turns"]), temperature=self.rules.temperature),
        )
        state.messages.append(state.output.message)
        if state.output.stop_reason == "model_length":
            self.end["end"] = "context"
            return
        calls = state.output.message.tool_calls or []
        for call in calls:
            state.messages.append(await self._answer(call))
            if self.end["end"] == "completed":
                return
        if not calls:
            state.messages.append(ChatMessageUser(content=self.rules.nudge))

    async def _answer(self, call: ToolCall) -> ChatMessageTool:
        if call.function == COMPLETE:
            return self._complete(call)
        command = call.arguments.get("command")
        fault = call.parse_error
        if fault is None and call.function == BASH and not isinstance(command, str):
            fault = "The arguments of bash must be a JSON object with the text 'command'."
        if fault is not None:
            self.end["invalid_calls"] += 1
            return _tool_message(call, {"error": fault}, ToolCallError("parsing", fault))
        if call.function != BASH:
            self.end["invalid_calls"] += 1
            return _tool_message(call, {"error": f"[UNKNOWN TOOL] {call.function}"})
        ran, answer = await run_command(str(command), self.rules)
        self.end["commands"] += ran
        return _tool_message(call, answer)

    def _complete(self, call: ToolCall) -> ChatMessageTool:
        reason = call.arguments.get("reason", NO_REASON)
        self.end["invalid_calls"] += call.parse_error is not None
        self.end["end"] = "completed"
        self.end["reason"] = str(reason)
        return _tool_message(call, {"action": COMPLETE, "reason": reason, "status": "success"})


def _tool_message(call: ToolCall, answer: dict[str, Any], error: ToolCallError | None = None) -> ChatMessageTool:
    return ChatMessageTool(content=json.dumps(answer), tool_call_id=call.id, function=call.function, error=error)
