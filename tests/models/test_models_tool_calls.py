from __future__ import annotations

import json
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from stagelens.models.answers import read_answer
from stagelens.models.generation import Completion
from stagelens.models.tool_calls import NAMELESS, Tool, ToolUse, call_id, read_calls, written

LS = ToolUse("bash", {"command": "ls"})
CAT = ToolUse("bash", {"command": 'cat "ä.txt" | head\n'})
NAMES = {"bash", "task_complete"}


def test_a_call_is_written_in_tags() -> None:
    assert written(LS) == '<tool_call>{"name": "bash", "arguments": {"command": "ls"}}</tool_call>'


@pytest.mark.parametrize(
    ("text", "around", "calls"),
    [
        (written(LS), "", [LS]),
        (written(CAT), "", [CAT]),
        (f"I look.\n{written(LS)}\n{written(CAT)}\nThen on.", "I look.\nThen on.", [LS, CAT]),
        ('<tool_call>\n{"name": "bash", "arguments": "{\\"command\\": \\"ls\\"}"}\n</tool_call>', "", [LS]),
        ('<tool_call>{"name": "bash", "parameters": {"command": "ls"}}</tool_call>', "", [LS]),
        ('<tool_call>{"name": "task_complete"}</tool_call>', "", [ToolUse("task_complete")]),
        (written(LS).removesuffix("</tool_call>"), "", [LS]),
        ('{"name": "bash", "parameters": {"command": "ls"}}', "", [LS]),
        ('<|python_tag|>{"name": "bash", "parameters": {"command": "ls"}}', "", [LS]),
        ('Look:<|python_tag|>{"name": "bash", "arguments": {"command": "ls"}}', "Look:", [LS]),
        ('{"name": "bash", "parameters": {"command": "ls"}}; {"name": "task_complete"}', "", [
            LS, ToolUse("task_complete")
        ]),
    ],
)  # fmt: skip
def test_calls_are_read_with_the_text_around_them(text: str, around: str, calls: Sequence[ToolUse]) -> None:
    assert read_calls(text, NAMES) == (around, tuple(calls))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  just text\n",
        '{"name": "flute", "parameters": {}}',
        '{"bash": "ls"}',
        '["bash", "ls"]',
        'Use {"name": "bash", "parameters": {"command": "ls"}} for that.',
        "</tool_call>",
    ],
)
def test_what_is_no_call_stays_text(text: str) -> None:
    assert read_calls(text, NAMES) == (text, ())


DEEP = '{"a":' * 200 + "1" + "}" * 200
BOTTOMLESS = "[" * 100_000


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ("", NAMELESS),
        ("ls -l", NAMELESS),
        ("[]", NAMELESS),
        ("null", NAMELESS),
        ('{"arguments": {}}', NAMELESS),
        ('{"name": 3, "arguments": {}}', NAMELESS),
        ('{"name": "bash", "arguments": {"command": "ls', "bash"),
        ('{"name": "bash", "arguments": "ls"}', "bash"),
        ('{"name": "bash", "arguments": ["ls"]}', "bash"),
        ('{"name": "bash", "arguments": {"command": "\\ud83d"}}', "bash"),
        ('{"name": "bash", "arguments": {"command": ' + DEEP + "}}", "bash"),
        ('{"name": "bash", "arguments": ' + BOTTOMLESS, "bash"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_call_whose_json_is_wrong_has_its_fault(body: str, name: str) -> None:
    around, (call,) = read_calls(f"So: <tool_call>{body}</tool_call>", NAMES)
    assert around == "So:"
    assert (call.name, call.arguments) == (name, {})
    assert call.fault is not None
    assert call.fault.startswith("Error parsing the following tool call:\n\n" + body[:40])
    call.fault.encode()


def test_python_code_after_its_tag_is_a_call_with_a_fault() -> None:
    around, (call,) = read_calls("<|python_tag|>print(1)", NAMES)
    assert (around, call.name, call.fault is None) == ("", NAMELESS, False)


def test_identifiers_have_nine_letters_and_digits() -> None:
    assert call_id(7) == "call00007"
    assert call_id(7).isalnum()


TOOLS = [Tool("bash", "Runs.", {"type": "object", "properties": {"command": {"type": "string"}}})]
DECLARED = {
    "defaults": {"role": "assistant"},
    "start_anchor": "<|assistant|>",
    "fields": {
        "reasoning_content": {"open": "<think>", "close": "</think>", "content": "text"},
        "content": {"close": "<|end|>", "content": "text"},
        "tool_calls": {
            "open": "<call>",
            "close": "</call>",
            "repeats": True,
            "content": "json",
            "transform": {"type": "function", "function": "{content}"},
        },
    },
}


def completed(text: str, thoughts: str | None = None) -> Completion:
    return Completion(text, thoughts, text, "stop", 5, 5, 0)


def tokenizer(**attributes: Any) -> Any:
    """One that has special tokens and nothing else."""
    return SimpleNamespace(all_special_tokens=["<|end|>", "<tool_call>"], added_tokens_decoder={}, **attributes)


def test_special_tokens_are_no_text_but_the_tags_are_read() -> None:
    answer = read_answer(completed(f"Well<|end|>{written(LS)}<|end|>"), "", TOOLS, tokenizer())
    assert (answer.text, answer.calls) == ("Well", (LS,))


def test_without_tools_nothing_is_a_call() -> None:
    answer = read_answer(completed(written(LS)), "", [], tokenizer())
    assert (answer.text, answer.calls) == (written(LS), ())


def test_a_base_models_text_is_read_as_it_stands() -> None:
    answer = read_answer(completed(f"<|end|>{written(LS)}"), "", TOOLS, None)
    assert (answer.text, answer.calls) == ("<|end|>", (LS,))


def test_thoughts_stay_apart() -> None:
    answer = read_answer(completed(written(LS), thoughts="hm"), "", TOOLS, tokenizer())
    assert (answer.thoughts, answer.text, answer.calls) == ("hm", "", (LS,))


def declaring(checkpoint: Any) -> Any:
    from models_tiny import tokenizer_of

    own = tokenizer_of(checkpoint)
    own.response_template = DECLARED
    return own


def test_a_tokenizer_that_declares_its_form_is_followed(checkpoint: Any) -> None:
    body = json.dumps({"name": "bash", "arguments": {"command": "ls"}})
    answer = read_answer(
        completed(f"<think>hm</think>I look.<call>{body}</call><call>{body}</call>"),
        "<|user|>x<|assistant|>",
        TOOLS,
        declaring(checkpoint),
    )
    assert (answer.thoughts, answer.text, answer.calls) == ("hm", "I look.", (LS, LS))


def test_what_a_declaration_cannot_read_is_read_by_our_rules(checkpoint: Any) -> None:
    own = declaring(checkpoint)
    other_form = read_answer(completed(f"<call>{{</call>{written(LS)}", "hm"), "<|assistant|>", TOOLS, own)
    assert (other_form.thoughts, other_form.calls) == ("hm", (LS,))
    wrong = read_answer(completed('<call>{"name": "bash", </call>'), "<|assistant|>", TOOLS, own)
    (call,) = wrong.calls
    assert call.name == "bash"
    assert call.fault is not None
    assert read_answer(completed("<call>{</call>"), "<|assistant|>", [], own).calls == ()
