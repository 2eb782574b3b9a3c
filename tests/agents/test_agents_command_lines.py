"""Command-line agents: what each takes, and how their requests are counted, seeded and bounded."""

import json
from dataclasses import replace
from types import SimpleNamespace

import anyio
import pytest
from inspect_ai.agent import AgentState
from inspect_ai.model import (
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageUser,
    GenerateConfig,
    ModelOutput,
    ModelUsage,
    get_model,
)
from inspect_ai.tool import ToolCall, ToolInfo

from stagelens.agents import command_lines
from stagelens.agents.command_lines import COMMAND_LINES, DOCKERFILE, traffic
from stagelens.agents.command_lines.traffic import PAUSE_SECONDS, START_SECONDS, Traffic
from stagelens.agents.rules import LoopRules
from stagelens.benchmarks.seeds import turn_seed

SHELL = ToolInfo(name="run_shell_command", description="a shell")
USER = ChatMessageUser(content="Make it fast.")


@pytest.fixture
def anyio_backend():
    return "asyncio"


def test_an_image_is_built_from_what_is_pinned():
    for name, agent in COMMAND_LINES.items():
        container = command_lines.container(name)
        assert container.build is not None
        assert container.build["args"] == {"PACKAGE": agent.package, "VERSION": agent.version, "FOLDER": agent.folder}
        assert agent.version in container.image
    assert COMMAND_LINES["gemini_cli"].label == "@google/gemini-cli@0.61.0"
    assert len({command_lines.image(name) for name in COMMAND_LINES}) == len(COMMAND_LINES)


def test_the_images_name_changes_with_the_dockerfile(monkeypatch, tmp_path):
    before = command_lines.image("gemini_cli")
    other = tmp_path / "Dockerfile"
    other.write_bytes(DOCKERFILE.read_bytes() + b"RUN true\n")
    monkeypatch.setattr(command_lines, "DOCKERFILE", other)
    assert command_lines.image("gemini_cli") != before


def test_what_is_missing_is_named_with_the_command_that_adds_it(monkeypatch):
    agent = replace(COMMAND_LINES["gemini_cli"], client="no_such_package.inside")
    monkeypatch.setitem(COMMAND_LINES, "gemini_cli", agent)
    sentence = command_lines.lacking("gemini_cli")
    assert sentence == "Gemini CLI needs the Python package no_such_package.inside: pip install 'stagelens[agents]'"
    monkeypatch.setitem(COMMAND_LINES, "gemini_cli", replace(agent, client="json"))
    assert command_lines.lacking("gemini_cli") is None


@pytest.mark.anyio
async def test_every_turn_has_a_seed_of_its_own_and_a_request_without_tools_is_no_turn():
    seen = []
    start = Episode(["a", "b", "c"], seen)
    await start.ask([SHELL])
    await start.ask([])
    await start.ask([SHELL])
    assert [config.seed for config in seen] == [turn_seed(7, 1), turn_seed(7, 1), turn_seed(7, 2)]
    assert start.traffic.end["turns"] == 2


@pytest.mark.anyio
async def test_calls_that_cannot_be_made_are_not_commands():
    calls = [
        ToolCall("1", "run_shell_command", {"command": "ls"}),
        ToolCall("2", "run_shell_command", {}, parse_error="not JSON"),
        ToolCall("3", "no_such_tool", {}),
    ]
    start = Episode([calling(calls), calling(calls[1:])])
    await start.ask([SHELL])
    assert (start.traffic.end["commands"], start.traffic.end["invalid_calls"]) == (1, 2)
    assert not start.traffic.speechless
    await start.ask([SHELL])
    assert (start.traffic.end["commands"], start.traffic.end["invalid_calls"]) == (1, 4)
    assert start.traffic.speechless


@pytest.mark.anyio
async def test_a_turn_beyond_the_last_ends_the_attempt_with_all_that_was_said():
    start = Episode(["a", "b"], steps=1)
    await start.ask([SHELL])
    assert not start.traffic.stopped
    await start.ask([SHELL], [USER, ChatMessageAssistant(content="a"), USER])
    assert start.traffic.stopped
    assert (start.traffic.end["end"], start.traffic.end["turns"]) == ("steps", 1)
    assert [message.role for message in start.conversation.messages] == ["user", "assistant", "user"]


@pytest.mark.anyio
async def test_a_conversation_that_outgrew_the_model_ends_the_attempt():
    start = Episode([ModelOutput.from_content("m", "half a", stop_reason="model_length")])
    await start.ask([SHELL])
    assert (start.traffic.stopped, start.traffic.end["end"]) == (True, "context")
    assert start.conversation.messages[-1].text == "half a"
    assert start.conversation.output.stop_reason == "model_length"


@pytest.mark.anyio
async def test_a_model_that_cannot_answer_is_kept_until_it_can():
    start = Episode([ValueError("no more money"), "back"])
    with pytest.raises(ValueError, match="no more money"):
        await start.ask([SHELL])
    assert str(start.traffic.fault) == "no more money"
    await start.ask([SHELL])
    assert start.traffic.fault is None


@pytest.mark.parametrize(("asked", "patience"), [(False, START_SECONDS), (True, PAUSE_SECONDS + 2 * 30)])
@pytest.mark.anyio
async def test_an_agent_that_does_not_ask_again_is_ended(monkeypatch, asked, patience):
    clock = SimpleNamespace(now=1000.0)
    monkeypatch.setattr(traffic, "time", SimpleNamespace(monotonic=lambda: clock.now))
    two = [ToolCall(str(each), "run_shell_command", {"command": "sleep 9"}) for each in range(2)]
    start = Episode([calling(two)])
    if asked:
        await start.ask([SHELL])
    clock.now += patience - 1

    async def watch_for_a_while() -> bool:
        with anyio.move_on_after(0.05) as over:
            await start.traffic.watch()
        return over.cancelled_caught

    assert await watch_for_a_while()
    assert not start.traffic.stopped
    clock.now += 1
    assert not await watch_for_a_while()
    assert start.traffic.stopped
    assert start.traffic.end["end"] == "limit"
    assert start.traffic.end["reason"] == f"no request for {patience:g} seconds"


def calling(calls: list[ToolCall]) -> ModelOutput:
    output = ModelOutput.from_content("m", "")
    output.choices[0].message.tool_calls = calls
    return output


class Episode:
    """Requests of one attempt, answered in turn by what it is given; configurations asked with go to ``seen``."""

    def __init__(self, answers: list[str | ModelOutput | Exception], seen=None, *, steps=50):
        self.conversation = AgentState(messages=[USER])
        self.traffic = Traffic(LoopRules(steps=steps), 7, self.conversation)
        remaining = iter(answers)

        def answer(messages, tools, tool_choice, config):
            if seen is not None:
                seen.append(config)
            now = next(remaining)
            if isinstance(now, Exception):
                raise now
            output = now if isinstance(now, ModelOutput) else ModelOutput.from_content("m", now)
            output.usage = ModelUsage()  # else mockllm counts with a vocabulary that it would have to fetch
            return output

        self.model = get_model("mockllm/m", custom_outputs=answer, memoize=False)

    async def ask(self, tools: list[ToolInfo], messages: list[ChatMessage] | None = None) -> None:
        """A request; what ends the attempt ends it, not the test."""
        self.traffic.scope = anyio.CancelScope()
        with self.traffic.scope:
            await self.traffic.ask(self.model, messages or [USER], tools, "auto", GenerateConfig())


def test_settings_of_the_gemini_cli_are_json_and_follow_the_rules():
    pytest.importorskip("inspect_swe")
    from stagelens.agents.command_lines.solver import gemini_settings

    settings = json.loads(json.dumps(gemini_settings(LoopRules(command_seconds=17))))
    assert settings["tools"]["shell"]["inactivityTimeout"] == 17
    assert {"google_web_search", "web_fetch"} <= set(settings["tools"]["exclude"])
