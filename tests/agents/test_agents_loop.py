from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from agents_play import RULES, answers, end_of, needs_bubblewrap, play, scripted
from inspect_ai.model import (
    ChatMessage,
    ChatMessageTool,
    GenerateConfig,
    ModelOutput,
    ModelUsage,
    get_model,
)
from inspect_ai.tool import ToolCall, ToolChoice, ToolInfo

from stagelens.agents.rules import LoopRules
from stagelens.benchmarks.seeds import attempt_seed, turn_seed

pytestmark = needs_bubblewrap


def test_a_turn_is_played_by_the_protocol(tmp_path: Path) -> None:
    script: list[Any] = [
        {"bash": "pwd; echo oops >&2; exit 3"},
        {"say": "Let me think."},
        {
            "together": [
                {"bash": "echo one > a.txt; x=1; cd /tmp"},
                {"bash": 'cat a.txt; pwd; echo "<$x>"'},
                {"call": {"name": "fly", "arguments": {}}},
                {"complete": "all done"},
                {"bash": "echo two > a.txt"},
            ]
        },
        {"bash": "never asked"},
    ]
    sample = play(scripted({"a": script}), ["a"], tmp_path)["a"]
    assert [message.role for message in sample.messages] == [
        *("system", "user"),
        *("assistant", "tool"),
        *("assistant", "user"),
        *("assistant", "tool", "tool", "tool", "tool"),
    ]
    assert sample.messages[0].text == "You work. Act."
    assert sample.messages[5].text == RULES.nudge
    assert answers(sample) == [
        {"stdout": "/app\n", "stderr": "oops\n", "role": "tool", "returncode": 3},
        {"stdout": "", "stderr": "", "role": "tool", "returncode": 0},
        {"stdout": "one\n/app\n<>\n", "stderr": "", "role": "tool", "returncode": 0},
        {"error": "[UNKNOWN TOOL] fly"},
        {"action": "task_complete", "reason": "all done", "status": "success"},
    ]
    assert end_of(sample) == {
        "end": "completed",
        "reason": "all done",
        "turns": 3,
        "commands": 3,
        "invalid_calls": 1,
    }


def test_the_answer_is_json_in_the_order_of_the_original(tmp_path: Path) -> None:
    sample = play(scripted({"a": [{"bash": "printf 'ä\\n'"}]}), ["a"], tmp_path)["a"]
    assert sample.messages[3].text == '{"stdout": "\\u00e4\\n", "stderr": "", "role": "tool", "returncode": 0}'


def counted(output: ModelOutput) -> ModelOutput:
    """With a size: where there is none Inspect's mock counts tokens with a vocabulary that it has to download."""
    output.usage = ModelUsage()
    return output


class Recorder:
    """A model that notes how it is asked."""

    def __init__(self, *calls: list[ToolCall]) -> None:
        self.asked: list[tuple[list[ToolInfo], ToolChoice, GenerateConfig]] = []
        self._calls = list(calls)

    def __call__(
        self, input: list[ChatMessage], tools: list[ToolInfo], tool_choice: ToolChoice, config: GenerateConfig
    ) -> ModelOutput:
        self.asked.append((tools, tool_choice, config))
        calls = self._calls.pop(0) if self._calls else [ToolCall("x", "task_complete", {})]
        output = ModelOutput.from_content("mockllm/model", "")
        output.choices[0].message.tool_calls = calls
        return counted(output)


def test_tools_and_seeds_are_those_of_the_protocol(tmp_path: Path) -> None:
    model = Recorder([ToolCall("1", "bash", {"command": "true"})])
    rules = LoopRules(bash_description="Runs.", complete_description="Ends.")
    play(get_model("mockllm/model", custom_outputs=model), ["a"], tmp_path, rules=rules)
    tools, choice, _ = model.asked[0]
    assert choice == "auto"
    assert [(tool.name, tool.description) for tool in tools] == [("bash", "Runs."), ("task_complete", "Ends.")]
    schemas = [tool.parameters.model_dump(exclude_none=True) for tool in tools]
    assert [(list(schema["properties"]), schema["required"]) for schema in schemas] == [
        (["command"], ["command"]),
        (["reason"], ["reason"]),
    ]
    attempt = attempt_seed(0, "test", "a", 1)
    assert [config.seed for _, _, config in model.asked] == [turn_seed(attempt, 1), turn_seed(attempt, 2)]


def test_without_a_system_message_the_suffix_is_one(tmp_path: Path) -> None:
    sample = play(scripted({"a": []}), ["a"], tmp_path, rules=LoopRules(system_suffix=""))["a"]
    assert sample.messages[0].text == "You work."
    assert end_of(sample)["reason"] == "done"


@pytest.mark.parametrize(
    "arguments",
    [{}, {"command": None}, {"command": ["ls"]}, {"command": {"a": 1}}],
    ids=["none", "null", "list", "map"],
)
def test_a_command_that_is_no_text_is_answered_by_an_error(tmp_path: Path, arguments: dict[str, Any]) -> None:
    model = Recorder([ToolCall("1", "bash", arguments)])
    sample = play(get_model("mockllm/model", custom_outputs=model), ["a"], tmp_path)["a"]
    first = sample.messages[3]
    assert isinstance(first, ChatMessageTool)
    assert first.error is not None
    assert first.error.type == "parsing"
    end = end_of(sample)
    assert (end["end"], end["reason"], end["commands"], end["invalid_calls"]) == ("completed", "None given", 0, 1)


def test_task_complete_whose_arguments_are_not_json_completes(tmp_path: Path) -> None:
    model = Recorder([ToolCall("1", "task_complete", {}, parse_error="bad")])
    end = end_of(play(get_model("mockllm/model", custom_outputs=model), ["a"], tmp_path)["a"])
    assert (end["end"], end["reason"], end["invalid_calls"]) == ("completed", "None given", 1)


def test_a_conversation_that_outgrows_the_model_ends(tmp_path: Path) -> None:
    outputs = [
        counted(ModelOutput.for_tool_call("mockllm/model", "bash", {"command": "true"})),
        counted(ModelOutput.from_content("mockllm/model", "", stop_reason="model_length")),
    ]
    sample = play(get_model("mockllm/model", custom_outputs=outputs), ["a"], tmp_path)["a"]
    end = end_of(sample)
    assert (end["end"], end["turns"], end["commands"]) == ("context", 2, 1)
    assert sample.messages[-1].role == "assistant"


def test_a_limit_of_inspects_ends_the_episode_and_is_recorded(tmp_path: Path) -> None:
    script = [{"repeat": {"times": 20, "call": {"bash": "true"}}}]
    limited = play(scripted({"a": script}), ["a"], tmp_path, message_limit=8)["a"]
    assert end_of(limited)["end"] == "limit"
    assert limited.limit is not None
    slow = play(scripted({"a": [{"bash": "sleep 20"}]}), ["a"], tmp_path, time_limit=2)["a"]
    assert end_of(slow)["end"] == "limit"


@pytest.mark.parametrize("command", ["printf '\\0'x", "echo a\0b"])
def test_what_cannot_be_run_or_read_as_text_is_answered(tmp_path: Path, command: str) -> None:
    sample = play(scripted({"a": [{"bash": command}]}), ["a"], tmp_path)["a"]
    assert end_of(sample)["end"] == "completed"
    assert set(answers(sample)[0]) == {"stdout", "stderr", "role", "returncode"}


def test_a_command_that_is_too_long_to_start_is_answered(tmp_path: Path) -> None:
    sample = play(scripted({"a": [{"bash": "true " + "x" * 300_000}]}), ["a"], tmp_path)["a"]
    assert end_of(sample)["end"] == "completed"
    assert answers(sample)[0]["returncode"] != 0
