"""A command-line agent as a solver: it acts in the sample's container, the model that is asked answers it."""

from __future__ import annotations

import json
from typing import Any, Final

import anyio
from inspect_ai.agent import Agent, AgentState
from inspect_ai.model import get_model
from inspect_ai.solver import Generate, Solver, TaskState, solver
from inspect_ai.util import sandbox
from inspect_swe import claude_code, codex_cli, gemini_cli

from stagelens.agents.command_lines import COMMAND_LINES, LABEL_PATH, CommandLineName
from stagelens.agents.command_lines.traffic import Traffic
from stagelens.agents.rules import END_KEY, LoopRules
from stagelens.benchmarks.seeds import attempt_seed
from stagelens.models import under_way

GEMINI_MODEL: Final = "gemini-2.5-pro"
"""The name that the Gemini CLI is told; whatever it asks goes to the model of the stage."""
GEMINI_SETTINGS_PATH: Final = "/etc/gemini-cli/settings.json"
"""Settings that override the user's and the project's."""
CLAUDE_WITHOUT: Final = ("WebSearch", "WebFetch", "Task", "Agent")
"""Tools of Claude Code that would reach the network, or ask the model outside of the conversation."""
CLAUDE_TIMEOUTS: Final = ("BASH_DEFAULT_TIMEOUT_MS", "BASH_MAX_TIMEOUT_MS")
"""Variables that bound a command of Claude Code's, in milliseconds."""
CODEX_HOME: Final = "/home/agent"
"""Where Codex CLI keeps its own files; by default that is the working folder."""

_END_PROCESSES: Final = """
waiting=$(pgrep -o -u agent -x sleep)
for process in $(pgrep -u agent); do
  [ "$process" = 1 ] || [ "$process" = "$waiting" ] || kill -9 "$process"
done
"""
"""Ends all that the agent's user runs but the container's first process and the one that keeps it waiting."""


class HarnessError(RuntimeError):
    """The agent did not run as it should: nothing that the model did, so the attempt does not count."""


@solver
def command_line_agent(name: CommandLineName, rules: LoopRules, *, benchmark: str, seed: int) -> Solver:
    """Let the agent work at the sample, and leave an ``AgentEnd`` in its store under ``END_KEY``.

    The agent gets the system prompt and the task as one prompt. The messages of its conversation become the sample's.

    Args:
        name: which agent.
        rules: of which ``steps`` (turns of the model) and ``command_seconds`` count. A silent command ends after so
            many seconds; an agent that does not come back from its commands ends the attempt.
        benchmark: whose items these are.
        seed: the study's. A turn's own follows from it, the item, the epoch and the turn's number.

    Raises:
        HarnessError: the container lacks the agent, the agent failed, or it could not ask the model.
    """

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        conversation = AgentState(messages=list(state.messages))
        traffic = Traffic(rules, attempt_seed(seed, benchmark, str(state.sample_id), state.epoch), conversation)
        await _check_image(name)
        try:
            with under_way(get_model()):
                await _act(name, _agent(name, rules, traffic), rules, traffic, conversation)
            await _end_processes()
        finally:
            # What cuts an attempt off from outside (Inspect's limits) leaves its end as it stands: "limit".
            state.messages = conversation.messages
            state.output = conversation.output
            state.store.set(END_KEY, traffic.end)
        return state

    return solve


async def _act(
    name: CommandLineName, agent: Agent, rules: LoopRules, traffic: Traffic, conversation: AgentState
) -> None:
    if name == "gemini_cli":
        await _write_as_root(GEMINI_SETTINGS_PATH, json.dumps(gemini_settings(rules)))
    failure: Exception | None = None
    with traffic.scope:
        async with anyio.create_task_group() as group:
            group.start_soon(traffic.watch)
            try:
                await agent(conversation)
            except Exception as error:
                failure = error
            group.cancel_scope.cancel()
    title = COMMAND_LINES[name].title
    if traffic.stopped:
        if not traffic.end["turns"]:
            raise HarnessError(f"{title} did not ask the model: {traffic.end['reason']}.")
        return
    if failure is not None and not isinstance(failure, RuntimeError):
        raise failure
    if traffic.fault is not None:
        raise HarnessError(f"{title} could not ask the model: {_first_line(traffic.fault)}") from traffic.fault
    if failure is not None and not traffic.speechless:
        raise HarnessError(f"{title} failed: {_complaint(failure)}") from failure
    traffic.end["end"] = "answered"
    traffic.end["reason"] = None if failure is None else _complaint(failure)


def gemini_settings(rules: LoopRules) -> dict[str, Any]:
    """What differs from the Gemini CLI's own settings.

    Off is what would reach the network or would ask the model outside of the conversation that is recorded (web tools,
    subagents, the check for loops that asks the model). A silent command ends as in the native loop.
    """
    return {
        "general": {"enableAutoUpdate": False, "enableAutoUpdateNotification": False},
        "tools": {
            "exclude": ["google_web_search", "web_fetch", "invoke_agent"],
            "shell": {"inactivityTimeout": rules.command_seconds},
        },
        "model": {"disableLoopDetection": True, "skipNextSpeakerCheck": True},
        "telemetry": {"enabled": False},
    }


def _agent(name: CommandLineName, rules: LoopRules, traffic: Traffic) -> Agent:
    match name:
        case "gemini_cli":
            return gemini_cli(
                version=COMMAND_LINES[name].version,
                web_search=False,
                gemini_model=GEMINI_MODEL,
                model_aliases={GEMINI_MODEL: get_model()},
                filter=traffic.ask,
            )
        case "claude_code":
            return claude_code(
                version="sandbox",
                disallowed_tools=list(CLAUDE_WITHOUT),
                filter=traffic.ask,
                retry_refusals=None,
                retry_uncaught_errors=None,
                env=dict.fromkeys(CLAUDE_TIMEOUTS, str(rules.command_seconds * 1000)),
            )
        case "codex_cli":
            return codex_cli(
                version="sandbox", web_search="disabled", goals=False, filter=traffic.ask, home_dir=CODEX_HOME
            )


async def _check_image(name: CommandLineName) -> None:
    """An agent that the image lacks would be fetched while the sample runs, from this machine."""
    wanted = COMMAND_LINES[name].label
    found = await sandbox().exec(["cat", LABEL_PATH])
    if found.stdout.strip() != wanted:
        raise HarnessError(f"the container has no {wanted} ({LABEL_PATH} says {found.stdout.strip() or 'nothing'})")


async def _end_processes() -> None:
    """Commands that were left running would go on to change files and to take time from what is measured next."""
    await sandbox().exec(["sh", "-c", _END_PROCESSES], user="root")


async def _write_as_root(path: str, text: str) -> None:
    command = ["sh", "-c", 'mkdir -p "$(dirname "$1")" && cat > "$1"', "sh", path]
    done = await sandbox().exec(command, input=text, user="root")
    if not done.success:
        raise HarnessError(f"{path} could not be written in the container: {done.stderr.strip()}")


def _complaint(failure: Exception) -> str:
    """The line of an agent's last words that says what went wrong; their first line where none does."""
    lines = str(failure).splitlines() or [type(failure).__name__]
    return next((line for line in lines[1:] if "error" in line.lower()), lines[0]).strip()


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
