"""Chats in training data: agents' turns in the form of templates, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from stagelens.errors import InputError
from stagelens.stages.chats import ROLES, SHAREGPT, checked_chat, from_sharegpt


def calling(function: Any, **more: Any) -> list[dict[str, Any]]:
    return [{"role": "assistant", "tool_calls": [{"type": "function", "function": function}], **more}]


CALL = {"name": "bash", "arguments": {"command": "ls"}}


def test_calls_are_kept_and_empty_fields_are_dropped() -> None:
    chat = [
        {"role": "user", "content": "Look.", "tool_calls": None, "name": None},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {
                    "id": "call00000",
                    "type": "function",
                    "function": {"name": "bash", "arguments": {"command": "ls", "reason": None}},
                }
            ],
        },
        {"role": "tool", "content": "a", "name": "bash", "tool_call_id": "call00000"},
    ]
    user, assistant, tool = checked_chat(chat, "messages", "Here")
    assert user == {"role": "user", "content": "Look."}
    assert assistant["content"] == ""
    assert assistant["tool_calls"] == [{"id": "call00000", "type": "function", "function": CALL}]
    assert tool == chat[2]


@pytest.mark.parametrize(("weight", "kept"), [(0, {"weight": 0}), (0.0, {"weight": 0}), (1, {}), (None, {})])
def test_a_weight_is_kept_where_it_mutes_an_answer(weight: Any, kept: dict[str, int]) -> None:
    said = {"role": "assistant", "content": "Yes."}
    assert checked_chat([{**said, "weight": weight}], "messages", "Here") == [{**said, **kept}]
    asked = {"role": "user", "content": "Yes?"}
    assert checked_chat([{**asked, "weight": weight}], "messages", "Here") == [asked]


@pytest.mark.parametrize("weight", [0.5, 2, "0", True])
def test_other_weights_are_refused(weight: Any) -> None:
    chat = [{"role": "assistant", "content": "Yes.", "weight": weight}]
    with pytest.raises(InputError, match=r"Here: message 1 of `messages` has the weight"):
        checked_chat(chat, "messages", "Here")


def test_arguments_may_be_json_text() -> None:
    (message,) = checked_chat(calling({"name": "bash", "arguments": '{"command": "ls"}'}), "messages", "Here")
    assert message["tool_calls"][0]["function"] == CALL


@pytest.mark.parametrize(
    ("chat", "wanted"),
    [
        ("text", "`messages` must be a list of messages"),
        ([], "`messages` must be a list of messages"),
        (["text"], "needs `role` and `content`"),
        ([{"role": "assistant", "content": None}], "needs `role` and `content`"),
        ([{"role": "assistant", "tool_calls": []}], "needs `role` and `content`"),
        ([{"content": "", "tool_calls": [{"function": CALL}]}], "needs `role` and `content`"),
        (calling({"name": "bash"}), "needs a `function` with `name`"),
        (calling({"arguments": {}}), "needs a `function` with `name`"),
        (calling({"name": "bash", "arguments": "ls"}), "needs a `function` with `name`"),
        (calling({"name": "bash", "arguments": "[1]"}), "needs a `function` with `name`"),
        (calling("bash"), "needs a `function` with `name`"),
        ([{"role": "assistant", "tool_calls": ["ls"]}], "needs a `function` with `name`"),
    ],
)
def test_what_is_no_chat_is_refused(chat: Any, wanted: str) -> None:
    with pytest.raises(InputError) as caught:
        checked_chat(chat, "messages", "data.jsonl, line 3")
    assert str(caught.value).startswith("data.jsonl, line 3: ")
    assert wanted in str(caught.value)


@pytest.mark.parametrize("role", sorted(ROLES))
def test_every_role_that_templates_know_is_a_role(role: str) -> None:
    chat = [{"role": role, "content": "Hi"}]
    assert checked_chat(chat, "messages", "Here") == chat


def test_a_turn_may_be_empty_where_something_else_is_said() -> None:
    for message in (
        {"role": "tool", "content": ""},
        {"role": "system", "content": ""},
        {"role": "assistant", "content": "", "reasoning_content": "Hm."},
    ):
        assert checked_chat([message], "messages", "Here") == [message]
    for role in ("user", "assistant"):
        with pytest.raises(InputError, match=f"message 1 of `messages` is an empty text of the {role}'s"):
            checked_chat([{"role": role, "content": "\n"}], "messages", "Here")


def test_sharegpts_names_are_roles_of_ours() -> None:
    assert set(SHAREGPT.values()) <= ROLES
    turns = [{"from": name, "value": "Hi"} for name in SHAREGPT if name != "function_call"]
    chat = from_sharegpt(turns, "Be kind.", "conversations", "Here")
    assert [message["role"] for message in chat[1:]] == [SHAREGPT[turn["from"]] for turn in turns]
    assert chat[0] == {"role": "system", "content": "Be kind."}


def test_a_prompt_that_is_no_chat_may_be_a_text() -> None:
    with pytest.raises(InputError, match="`prompt` must be a text or messages"):
        checked_chat(3, "prompt", "Here")
