from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from agents_play import answers, needs_bubblewrap, play, scripted
from inspect_ai import Task
from inspect_ai import eval as evaluate
from inspect_ai.agent import Agent, AgentState, agent
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import (
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageTool,
    ChatMessageUser,
    ContentReasoning,
    Model,
    ModelOutput,
    get_model,
)
from inspect_ai.tool import ToolCall, ToolInfo, ToolParam, ToolParams

from stagelens.agents.scripted import ASIDE, SCRIPTED_PROVIDER
from stagelens.errors import InputError


def tool(name: str, **properties: str) -> ToolInfo:
    parameters = {key: ToolParam(type=kind) for key, kind in properties.items()}  # type: ignore[arg-type]
    return ToolInfo(name=name, description=name, parameters=ToolParams(properties=parameters))


BASH = tool("bash", command="string")
NATIVE = [BASH, tool("task_complete", reason="string")]
GEMINI = [tool("read_file", path="string"), tool("run_shell_command", command="string", description="string")]


def one(*script: dict[str, Any]) -> Model:
    """A model with one script for whoever asks."""
    return get_model(f"{SCRIPTED_PROVIDER}/one", script=list(script), memoize=False)


def ask(model: Model, conversation: Sequence[ChatMessage], tools: Sequence[ToolInfo]) -> ModelOutput:
    return asyncio.run(model.generate([ChatMessageUser(content="Do it."), *conversation], tools=list(tools)))


def answered(output: ModelOutput, *, renamed: bool = False) -> list[ChatMessage]:
    """The message and its tools' results; ``renamed`` as a bridge gives them back that drops ids and thoughts."""
    message = output.message
    if renamed:
        calls = [ToolCall("same", call.function, call.arguments) for call in message.tool_calls or []]
        message = ChatMessageAssistant(content=message.text, tool_calls=calls or None)
    results = [ChatMessageTool(content="ok", tool_call_id=call.id) for call in message.tool_calls or []]
    return [message, *results] if results else [message, ChatMessageUser(content="Go on.")]


def played_through(model: Model, tools: Sequence[ToolInfo], turns: int, *, renamed: bool) -> list[ModelOutput]:
    conversation: list[ChatMessage] = []
    outputs = []
    for _ in range(turns):
        outputs.append(ask(model, conversation, tools))
        conversation += answered(outputs[-1], renamed=renamed)
    return outputs


def calls_of(output: ModelOutput) -> list[tuple[str, dict[str, Any]]]:
    return [(call.function, call.arguments) for call in output.message.tool_calls or []]


SCRIPT: list[dict[str, Any]] = [
    {"think": "hm"},
    {"bash": "ls"},
    {"say": "Well."},
    {"repeat": {"times": 2, "call": {"bash": "pwd"}}},
    {"together": [{"say": "Both."}, {"bash": "a"}, {"call": {"name": "fly", "arguments": {"to": "mill"}}}]},
    {"malformed": '{"command": "ls'},
    {"complete": "finished"},
]


@pytest.mark.parametrize("renamed", [False, True])
def test_the_native_loop_gets_every_call_in_its_turn(renamed: bool) -> None:
    first, well, *again, both, broken, last, over = played_through(one(*SCRIPT), NATIVE, 8, renamed=renamed)
    assert calls_of(first) == [("bash", {"command": "ls"})]
    assert isinstance(first.message.content[0], ContentReasoning)
    assert first.message.content[0].reasoning == "hm"
    assert (well.completion, calls_of(well), well.stop_reason) == ("Well.", [], "stop")
    assert [calls_of(output) for output in again] == [[("bash", {"command": "pwd"})]] * 2
    assert both.completion == "Both."
    assert calls_of(both) == [("bash", {"command": "a"}), ("fly", {"to": "mill"})]
    assert broken.message.tool_calls is not None
    assert '{"command": "ls' in (broken.message.tool_calls[0].parse_error or "")
    assert calls_of(last) == [("task_complete", {"reason": "finished"})]
    assert calls_of(over) == [("task_complete", {"reason": "done"})]
    assert last.stop_reason == "tool_calls"


def test_a_retry_gets_the_same_answer_again() -> None:
    model = one(*SCRIPT)
    conversation = answered(ask(model, [], NATIVE))
    assert ask(model, conversation, NATIVE).completion == ask(model, conversation, NATIVE).completion == "Well."


def test_other_harnesses_shells_are_found_and_their_end_is_a_text() -> None:
    model = one({"bash": "ls"}, {"complete": "finished"})
    first, last, over = played_through(model, GEMINI, 3, renamed=True)
    assert calls_of(first) == [("run_shell_command", {"command": "ls"})]
    assert (last.completion, last.message.tool_calls) == ("finished", None)
    assert over.completion == "done"


@pytest.mark.parametrize(
    ("shell", "arguments"),
    [
        (tool("Bash", command="string"), {"command": "ls"}),
        (tool("shell", command="array"), {"command": ["/bin/sh", "-c", "ls"]}),
        (tool("exec_command", cmd="string"), {"cmd": "ls"}),
    ],
    ids=lambda value: value.name if isinstance(value, ToolInfo) else "",
)
def test_a_shell_gets_its_command_as_it_takes_it(shell: ToolInfo, arguments: dict[str, Any]) -> None:
    assert calls_of(ask(one({"bash": "ls"}), [], [shell])) == [(shell.name, arguments)]


def test_the_harnesss_own_questions_do_not_use_up_the_script() -> None:
    model = one({"bash": "one"}, {"bash": "two"})
    assert ask(model, [], []).completion == ASIDE
    greeting: list[ChatMessage] = [ChatMessageAssistant(content="Got it."), ChatMessageUser(content="Now.")]
    first = ask(model, greeting, GEMINI)
    assert calls_of(first) == [("run_shell_command", {"command": "one"})]
    aside: list[ChatMessage] = [ChatMessageAssistant(content=ASIDE), ChatMessageUser(content="Go on.")]
    second = ask(model, [*greeting, *answered(first), *aside], GEMINI)
    assert calls_of(second) == [("run_shell_command", {"command": "two"})]


@needs_bubblewrap
def test_many_samples_each_play_their_own_script(tmp_path: Path) -> None:
    scripts = {
        f"item {number}": [{"bash": f"echo {number}.{turn}"} for turn in range(number % 5)] for number in range(20)
    }
    samples = play(scripted(scripts), list(scripts), tmp_path, epochs=2)
    for number, item in enumerate(scripts):
        said = [answer["stdout"] for answer in answers(samples[item])[:-1]]
        assert said == [f"{number}.{turn}\n" for turn in range(number % 5)]


def test_an_agent_inside_a_sample_is_known_by_it(tmp_path: Path) -> None:
    @agent
    def asks() -> Agent:
        async def execute(state: AgentState) -> AgentState:
            state.output = await get_model().generate(state.messages, tools=[BASH])
            return state

        return execute

    model = scripted({"a": [{"bash": "echo a"}], "b": [{"bash": "echo b"}]})
    task = Task(dataset=MemoryDataset([Sample(id=item, input="Do it.") for item in ("b", "a")]), solver=asks())
    (log,) = evaluate(task, model=model, log_dir=str(tmp_path), display="none")
    assert {str(each.id): calls_of(each.output) for each in log.samples or []} == {
        "a": [("bash", {"command": "echo a"})],
        "b": [("bash", {"command": "echo b"})],
    }


def test_an_item_without_a_script_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no script for the item None"):
        ask(scripted({"a": []}), [], NATIVE)


def test_a_script_that_is_none_is_refused_at_once() -> None:
    with pytest.raises(InputError, match="did you mean 'bash'"):
        one({"bsh": "ls"})
