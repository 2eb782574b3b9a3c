"""What passes between a command-line agent and the model that it asks: counted, seeded, and bounded."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final, Literal, NoReturn

import anyio
from inspect_ai.agent import AgentState
from inspect_ai.model import ChatMessage, GenerateConfig, Model, ModelOutput
from inspect_ai.tool import ToolChoice, ToolInfo

from stagelens.agents.rules import AgentEnd, LoopRules
from stagelens.benchmarks.seeds import turn_seed

START_SECONDS: Final = 600.0
"""How long an agent may take to ask for the first time."""
PAUSE_SECONDS: Final = 120.0
"""How long it may take from one answer to the next request, besides the commands."""


class Traffic:
    """One attempt's requests.

    A request with tools is a turn of the conversation; one without is the agent's own business (a title, a summary).
    The agent's own wishes for temperature and the like never reach the model: the study's settings do.

    Attributes:
        end: how the attempt ended, as far as it went; its ``end`` is "limit" until something better is known.
        stopped: whether the attempt was cut off from here: no turns left, the conversation too long, too long a pause.
        fault: why the last request could not be answered.
        speechless: whether the last answer in the conversation held neither text nor a tool call that could be made.
    """

    def __init__(self, rules: LoopRules, seed: int, conversation: AgentState) -> None:
        self.end: AgentEnd = {"end": "limit", "reason": None, "turns": 0, "commands": 0, "invalid_calls": 0}
        self.stopped = False
        self.fault: Exception | None = None
        self.speechless = False
        self.scope = anyio.CancelScope()
        self._rules = rules
        self._seed = seed
        self._conversation = conversation
        self._asking = 0
        self._quiet_since = time.monotonic()
        self._patience = START_SECONDS

    async def ask(
        self,
        model: Model,
        messages: list[ChatMessage],
        tools: list[ToolInfo],
        tool_choice: ToolChoice | None,
        config: GenerateConfig,
    ) -> ModelOutput:
        """Answer a request by the model, with the turn's own seed (a filter of Inspect's bridge).

        A turn that the rules do not allow, or a conversation that has become too long, ends the attempt instead.
        """
        if tools and self.end["turns"] == self._rules.steps:
            await self._stop("steps", messages)
        self.end["turns"] += bool(tools)
        own = GenerateConfig(seed=turn_seed(self._seed, self.end["turns"]))
        self._asking += 1
        try:
            output = await model.generate(messages, tools, tool_choice, config.merge(own))
            self.fault = None
        except Exception as error:
            self.fault = error
            raise
        finally:
            self._asking -= 1
            self._quiet_since = time.monotonic()
        if tools:
            self._count(output, tools)
        if output.stop_reason == "model_length":
            self._conversation.output = output
            await self._stop("context", [*messages, output.message])
        return output

    async def watch(self) -> None:
        """End the attempt once the agent has not asked for too long. Runs until it is cancelled."""
        while self._asking or time.monotonic() - self._quiet_since < self._patience:
            await anyio.sleep(1)
        self.stopped = True
        self.end["reason"] = f"no request for {self._patience:g} seconds"
        self.scope.cancel()

    def _count(self, output: ModelOutput, tools: Sequence[ToolInfo]) -> None:
        offered = {tool.name for tool in tools}
        calls = (output.message.tool_calls or []) if output.choices else []
        understood = sum(call.parse_error is None and call.function in offered for call in calls)
        self.end["commands"] += understood
        self.end["invalid_calls"] += len(calls) - understood
        self.speechless = not (understood or output.completion.strip())
        self._patience = PAUSE_SECONDS + self._rules.command_seconds * max(1, len(calls))

    async def _stop(self, end: Literal["steps", "context"], messages: list[ChatMessage]) -> NoReturn:
        self.end["end"] = end
        self.stopped = True
        self._conversation.messages = messages
        self.scope.cancel()
        await anyio.sleep_forever()
        raise AssertionError("a cancelled scope does not go on")
