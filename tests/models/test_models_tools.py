"""How checkpoints on this machine are offered tools: what they are shown, and what is made of their answers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from inspect_ai.model import (
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageSystem,
    ChatMessageTool,
    ChatMessageUser,
    ContentReasoning,
    ContentText,
    GenerateConfig,
    Model,
    ModelOutput,
)
from inspect_ai.tool import ToolCall, ToolChoice, ToolInfo, ToolParam, ToolParams

from models_tiny import TEMPLATE, make_checkpoint
from stagelens.errors import InputError
from stagelens.models import local_model
from stagelens.models.batches import Request
from stagelens.models.generation import Completion
from stagelens.models.rounds import Rounds

BASH = ToolInfo(
    name="bash",
    description="Runs a command.",
    parameters=ToolParams(properties={"command": ToolParam(type="string")}, required=["command"]),
)
CALLS = (
    "{% for c in m['tool_calls'] or [] %}<tool_call>{{ {'name': c['function']['name'], "
    "'arguments': c['function']['arguments']} | tojson }}</tool_call>{% endfor %}"
)
KNOWS_CALLS = TEMPLATE.replace("{{ m['content'] }}", "{{ m['content'] }}" + CALLS)
LISTS_TOOLS = "{% if tools %}TOOLS {{ tools | map(attribute='function') | list | tojson }}{% endif %}" + KNOWS_CALLS
ONE_CALL = "{% for m in messages %}{% if m['tool_calls'] and m['tool_calls'] | length > 1 %}" + (
    "{{ raise_exception('one call at once') }}{% endif %}{% endfor %}" + KNOWS_CALLS
)
THINKS = KNOWS_CALLS.replace("{{ m['content'] }}", "{{ m['reasoning_content'] or '' }}{{ m['content'] }}")
LS, PWD = (ToolCall(f"id-{command}", "bash", {"command": command}) for command in ("ls", "pwd"))


def result(call: ToolCall, content: str) -> ChatMessageTool:
    return ChatMessageTool(content=content, tool_call_id=call.id, function="bash")


CONVERSATION: list[ChatMessage] = [
    ChatMessageSystem(content="Be brief."),
    ChatMessageUser(content="Look around."),
    ChatMessageAssistant(content="I look.", tool_calls=[LS, PWD]),
    result(LS, '{"stdout": "a.txt"}'),
    result(PWD, '{"stdout": "/app"}'),
]


class Asked:
    """A model whose prompts are its checkpoint's own, and whose answers are given."""

    def __init__(self, model: Model, *texts: str, thoughts: str | None = None) -> None:
        self.requests: list[Request] = []
        self._model = model
        self._texts = list(texts)
        self._thoughts = thoughts
        model.api.rounds = Rounds(self._answer, gather=1)  # type: ignore[attr-defined]

    def _answer(self, requests: Sequence[Request]) -> list[Completion]:
        self.requests += requests
        text = self._texts.pop(0) if self._texts else ""
        return [Completion(text, self._thoughts, text, "stop", 7, 3, 0) for _ in requests]

    def ask(self, messages: list[ChatMessage] = CONVERSATION, tool_choice: ToolChoice = "auto") -> ModelOutput:
        config = GenerateConfig(max_tokens=20)
        return asyncio.run(self._model.generate(messages, tools=[BASH], tool_choice=tool_choice, config=config))

    @property
    def prompt(self) -> str:
        return self.requests[-1].prompt


def templated(checkpoint: Path, template: str, *texts: str, **answer: Any) -> Asked:
    model = local_model("t", checkpoint=str(checkpoint), prompting="template", chat_template=template)
    return Asked(model, *texts, **answer)


def test_a_template_that_knows_tools_gets_them_in_the_form_of_transformers(checkpoint: Path) -> None:
    asked = templated(checkpoint, LISTS_TOOLS)
    asked.ask()
    listed, begin, rest = asked.prompt.partition("<|begin|>")
    (tool,) = json.loads(listed.removeprefix("TOOLS "))
    assert (tool["name"], tool["description"]) == ("bash", "Runs a command.")
    assert tool["parameters"]["properties"] == {"command": {"type": "string"}}
    assert begin + rest == (
        "<|begin|><|system|>Be brief.<|user|>Look around.<|assistant|>I look."
        '<tool_call>{"name": "bash", "arguments": {"command": "ls"}}</tool_call>'
        '<tool_call>{"name": "bash", "arguments": {"command": "pwd"}}</tool_call><|end|>'
        '<|tool|>{"stdout": "a.txt"}<|tool|>{"stdout": "/app"}<|assistant|>'
    )


def test_a_template_that_lists_no_tools_is_fine(checkpoint: Path) -> None:
    asked = templated(checkpoint, KNOWS_CALLS)
    asked.ask()
    assert "Runs a command" not in asked.prompt
    assert asked.prompt.count("<tool_call>") == 2


def test_a_template_that_knows_no_tools_gets_them_in_text(checkpoint: Path) -> None:
    asked = templated(checkpoint, TEMPLATE)
    asked.ask()
    system, _, rest = asked.prompt.partition("<|user|>")
    assert system.startswith("<|begin|><|system|>Be brief.\n\nThese tools can be used:\n{")
    assert '"name": "bash"' in system
    assert "<tool_call>" in system
    assert rest == (
        "Look around.<|assistant|>I look.\n"
        '<tool_call>{"name": "bash", "arguments": {"command": "ls"}}</tool_call>\n'
        '<tool_call>{"name": "bash", "arguments": {"command": "pwd"}}</tool_call><|end|>'
        '<|user|><tool_response>\n{"stdout": "a.txt"}\n</tool_response>\n'
        '<tool_response>\n{"stdout": "/app"}\n</tool_response><|assistant|>'
    )


def test_a_template_that_takes_one_call_a_message_gets_one(checkpoint: Path) -> None:
    asked = templated(checkpoint, ONE_CALL)
    asked.ask()
    assert asked.prompt.partition("Look around.")[2] == (
        '<|assistant|>I look.<tool_call>{"name": "bash", "arguments": {"command": "ls"}}</tool_call><|end|>'
        '<|tool|>{"stdout": "a.txt"}'
        '<|assistant|><tool_call>{"name": "bash", "arguments": {"command": "pwd"}}</tool_call><|end|>'
        '<|tool|>{"stdout": "/app"}<|assistant|>'
    )


def test_identifiers_are_renamed_alike_for_calls_and_results(checkpoint: Path) -> None:
    template = KNOWS_CALLS.replace("{{ c", "{{ c['id'] }}{{ c").replace(
        "{{ m['content'] }}", "{{ m['tool_call_id'] or '' }}{{ m['content'] }}"
    )
    template = template.replace("<tool_call>{{ {", "<tool_call>{{ c['id'] }}{{ {")
    asked = templated(checkpoint, template)
    asked.ask()
    for name in ("call00000", "call00001"):
        assert asked.prompt.count(name) == 2


def test_earlier_thoughts_are_the_templates_to_show(checkpoint: Path) -> None:
    thinking = ChatMessageAssistant(content=[ContentReasoning(reasoning="hm"), ContentText(text="I look.")])
    messages: list[ChatMessage] = [ChatMessageUser(content="Go."), thinking, ChatMessageUser(content="On.")]
    shows, hides = templated(checkpoint, THINKS), templated(checkpoint, KNOWS_CALLS)
    shows.ask(messages)
    hides.ask(messages)
    assert "hmI look." in shows.prompt
    assert "hm" not in hides.prompt


def test_calls_in_an_answer_are_inspects(checkpoint: Path) -> None:
    text = 'So.<tool_call>{"name": "bash", "arguments": {"command": "ls"}}</tool_call><tool_call>{"name": "bash"'
    asked = templated(checkpoint, KNOWS_CALLS, text, thoughts="hm")
    output = asked.ask()
    assert output.stop_reason == "tool_calls"
    assert output.completion == "So."
    thoughts, said = output.message.content
    assert isinstance(thoughts, ContentReasoning)
    assert isinstance(said, ContentText)
    assert (thoughts.reasoning, said.text) == ("hm", "So.")
    right, wrong = output.message.tool_calls or []
    assert (right.id, right.function, right.arguments, right.parse_error) == (
        *("call00002", "bash"),
        *({"command": "ls"}, None),
    )
    assert (wrong.id, wrong.function, wrong.arguments) == ("call00003", "bash", {})
    assert "Error parsing" in (wrong.parse_error or "")


def test_an_answer_without_calls_stops_as_ever(checkpoint: Path) -> None:
    output = templated(checkpoint, KNOWS_CALLS, "Done.").ask()
    assert (output.stop_reason, output.completion, output.message.tool_calls) == ("stop", "Done.", None)


def test_tools_that_may_not_be_used_are_not_shown(checkpoint: Path) -> None:
    asked = templated(checkpoint, LISTS_TOOLS, '{"name": "bash", "parameters": {}}')
    output = asked.ask(tool_choice="none")
    assert "TOOLS" not in asked.prompt
    assert output.message.tool_calls is None


def test_a_forced_tool_is_refused(checkpoint: Path) -> None:
    with pytest.raises(InputError, match="chooses its tools itself"):
        templated(checkpoint, KNOWS_CALLS).ask(tool_choice="any")


@pytest.mark.parametrize(
    ("prompting", "stops"),
    [("raw", ("\n\n",)), ("urial", ("\n# Question", "\n# Answer", "\n# Result"))],
)
def test_base_models_are_asked_in_text_and_stop_after_one_call(
    base_checkpoint: Path, prompting: Any, stops: tuple[str, ...]
) -> None:
    text = '<tool_call>{"name": "bash", "arguments": {"command": "ls"}}</tool_call>'
    asked = Asked(local_model("b", checkpoint=str(base_checkpoint), prompting=prompting), text)
    output = asked.ask()
    assert [call.arguments for call in output.message.tool_calls or []] == [{"command": "ls"}]
    sampling = asked.requests[0].sampling
    assert (sampling.stops, sampling.closes) == (stops, ("</tool_call>",))
    assert not asked.requests[0].markup


def test_raw_is_the_lines_alone(base_checkpoint: Path) -> None:
    asked = Asked(local_model("b", checkpoint=str(base_checkpoint), prompting="raw"))
    asked.ask()
    assert asked.prompt == (
        "Be brief.\nLook around.\nI look.\n"
        '<tool_call>{"name": "bash", "arguments": {"command": "ls"}}</tool_call>\n'
        '<tool_call>{"name": "bash", "arguments": {"command": "pwd"}}</tool_call>\n'
        '{"stdout": "a.txt"}\n{"stdout": "/app"}\n'
    )


def test_an_answer_ends_with_what_closes_it_and_its_tokens_are_counted(tmp_path: Path) -> None:
    """A real model: whatever it writes, the first of its own letters closes the answer and stays in it."""
    folder = make_checkpoint(tmp_path / "tiny", template=None)
    model = local_model("closes", checkpoint=str(folder), prompting="raw", gather=1)
    api: Any = model.api

    def answer(**sampling: Any) -> Completion:
        from stagelens.models.batches import Sampling

        (completion,) = api._answer([Request("the mill\n", 12, 0, Sampling(temperature=0.0, **sampling))])
        return completion

    whole = answer()
    mark = whole.text[len(whole.text) // 2]
    closed, stopped = answer(closes=(mark,)), answer(stops=(mark,))
    cut = whole.text.index(mark)
    assert (closed.text, closed.stop_reason) == (whole.text[: cut + 1], "stop")
    assert (stopped.text, stopped.stop_reason) == (whole.text[:cut], "stop")
    assert closed.tokens == stopped.tokens <= whole.tokens


def test_special_tokens_are_kept_where_they_are_needed_to_read_an_answer(checkpoint: Path) -> None:
    api: Any = local_model("markup", checkpoint=str(checkpoint), gather=1).api
    from stagelens.models.batches import Sampling

    kept, dropped = (
        api._answer([Request("the", 60, seed, Sampling(), markup=markup) for seed in range(40)])
        for markup in (True, False)
    )
    special = [completion.text for completion in kept if "<|" in completion.text]
    assert special
    assert not any("<|" in completion.text for completion in dropped)
    assert [completion.tokens for completion in kept] == [completion.tokens for completion in dropped]
