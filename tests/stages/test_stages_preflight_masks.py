"""Loss masks of five public families: the assistant's words and the end of its turn, and nothing else, ever."""

from __future__ import annotations

from typing import Any

import pytest
from chat_families import FAMILIES, Family, by_name, runs
from hypothesis import given, settings
from hypothesis import strategies as st

from stagelens.errors import InputError
from stagelens.stages.preflight import IGNORED, check, render

Chat = list[dict[str, Any]]
EVERY = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
EITHER = pytest.mark.parametrize("marked", [False, True], ids=["stock", "marked"])


def learned(family: Family, chat: Chat, *, marked: bool = False) -> list[str]:
    """What is trained on, turn by turn."""
    tokenizer = family.tokenizer(marked=marked)
    (rendered,) = render([{"messages": chat, "source": "s"}], tokenizer, "Here")
    return [tokenizer.decode(run) for run in runs(rendered.input_ids, rendered.labels, IGNORED)]


def turns(*texts: str) -> Chat:
    roles = ("user", "assistant")
    return [{"role": roles[number % 2], "content": text} for number, text in enumerate(texts)]


@EVERY
@EITHER
def test_answers_and_the_end_of_their_turns_are_trained(family: Family, marked: bool) -> None:
    chat = turns("How?", "Sure. Look.", "And then?", "No, I cannot.")
    assert learned(family, chat, marked=marked) == [family.said(chat[1]), family.said(chat[3])]


@EVERY
def test_a_system_message_is_not_trained(family: Family) -> None:
    chat = [{"role": "system", "content": "Be the model."}, *turns("How?", "Sure.", "And?", "No.")]
    assert learned(family, chat) == [family.said(chat[2]), family.said(chat[4])]


@EVERY
def test_what_is_trained_is_the_answer_to_the_prompt_as_it_is_asked(family: Family) -> None:
    tokenizer, chat = family.tokenizer(), turns("How?", "Sure. Look.")
    (rendered,) = render([{"messages": chat, "source": "s"}], tokenizer, "Here")
    asked = tokenizer.apply_chat_template(chat[:1], add_generation_prompt=True, return_dict=False)
    assert rendered.input_ids[: len(asked)] == asked
    assert rendered.labels[: len(asked)] == [IGNORED] * len(asked)
    assert rendered.labels[len(asked)] != IGNORED


@EVERY
def test_the_tokens_are_those_of_the_whole_text(family: Family) -> None:
    tokenizer, chat = family.tokenizer(), turns("How?", "\nSure", "\n\nAnd?", "No ")
    (rendered,) = render([{"messages": chat, "source": "s"}], tokenizer, "Here")
    assert rendered.input_ids == tokenizer.apply_chat_template(chat, return_dict=False)


@EVERY
def test_special_tokens_are_single_ids(family: Family) -> None:
    tokenizer = family.tokenizer()
    (rendered,) = render([{"messages": turns("How?", "Sure."), "source": "s"}], tokenizer, "Here")
    (end,) = tokenizer.encode(family.end, add_special_tokens=False)
    assert [label for label in rendered.labels if label != IGNORED][-1] == end == tokenizer.eos_token_id


CALL = {"type": "function", "id": "a1b2c3d4e", "function": {"name": "bash", "arguments": {"command": "ls 'ä' \"b\""}}}
AGENT = [
    {"role": "user", "content": "Look."},
    {"role": "assistant", "content": "", "tool_calls": [CALL]},
    {"role": "tool", "name": "bash", "tool_call_id": "a1b2c3d4e", "content": "a.txt"},
    {"role": "assistant", "content": "Done."},
]


@pytest.mark.parametrize("family", [each for each in FAMILIES if each.calls], ids=lambda family: family.name)
@EITHER
def test_calls_are_trained_and_results_are_not(family: Family, marked: bool) -> None:
    assert learned(family, AGENT, marked=marked) == [family.said(AGENT[1]), family.said(AGENT[3])]


@pytest.mark.parametrize("family", [each for each in FAMILIES if each.calls], ids=lambda family: family.name)
@pytest.mark.parametrize("arguments", [{}, {"lines": 3}, {"all": [{"deep": "ls"}, 4]}, {"command": "{end}"}])
def test_calls_of_any_form_are_found(family: Family, arguments: dict[str, Any]) -> None:
    written = {name: family.end if value == "{end}" else value for name, value in arguments.items()}
    call = CALL | {"function": {"name": "bash", "arguments": written}}
    chat = [AGENT[0], AGENT[1] | {"tool_calls": [call]}, *AGENT[2:]]
    assert learned(family, chat) == [family.said(chat[1]), family.said(chat[3])]


LETTERS = st.characters(codec="utf-8", exclude_characters="▁\x00\ufdd0\ufdd1\ufdd2")


def texts(family: Family) -> st.SearchStrategy[str]:
    """Texts of users and of the assistant, with what separates turns among them."""
    alike = st.sampled_from([*family.literals, family.end, family.bos, "<think>\nHm.\n</think>\n\n", "\n", " ", "Sure"])
    return st.lists(st.one_of(st.text(LETTERS, max_size=8), alike), max_size=5).map("".join)


def chats(family: Family) -> st.SearchStrategy[Chat]:
    exchange = st.tuples(texts(family), texts(family))
    system = st.one_of(st.none(), texts(family))
    if family.name == "mistral":
        # It moves the system message into the last user's turn, and an empty turn cannot be told from any other.
        exchange = st.tuples(texts(family).filter(str.strip), texts(family))
    return st.builds(
        lambda told, said: [
            *([] if told is None else [{"role": "system", "content": told}]),
            *turns(*(text for pair in said for text in pair)),
        ],
        system,
        st.lists(exchange, min_size=1, max_size=4),
    )


@EVERY
@EITHER
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_whatever_is_said_only_the_assistant_is_trained_on(family: Family, marked: bool, data: st.DataObject) -> None:
    chat = data.draw(chats(family))
    tokenizer = family.tokenizer(marked=marked)
    (rendered,) = render([{"messages": chat, "source": "s"}], tokenizer, "Here")
    wanted = [family.said(message) for message in chat if message["role"] == "assistant"]
    found = [tokenizer.decode(run) for run in runs(rendered.input_ids, rendered.labels, IGNORED)]
    assert len(found) == len(wanted)
    for trained, said in zip(found, wanted, strict=True):
        # A token that begins in the generation prompt's last whitespace belongs to the prompt.
        assert said.endswith(trained)
        assert not said.removesuffix(trained).strip()
        assert trained == said or said[0].isspace()


@EVERY
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_marked_and_stock_templates_train_on_the_same_tokens(family: Family, data: st.DataObject) -> None:
    chat = data.draw(chats(family))
    rows = [{"messages": chat, "source": "s"}]
    stock, marked = (render(rows, family.tokenizer(marked=each), "Here") for each in (False, True))
    assert stock == marked


def test_a_template_that_drops_earlier_thoughts_trains_on_what_it_shows() -> None:
    family = by_name("chatml")
    tokenizer = family.tokenizer()
    tokenizer.chat_template = DROPS_THOUGHTS
    chat = turns("How?", "<think>\nHm.\n</think>\n\nSure.", "And?", "<think>\nNo!\n</think>\n\nNo.")
    (rendered,) = render([{"messages": chat, "source": "s"}], tokenizer, "Here")
    found = [tokenizer.decode(run) for run in runs(rendered.input_ids, rendered.labels, IGNORED)]
    assert found == ["Sure.<|im_end|>", "<think>\nNo!\n</think>\n\nNo.<|im_end|>"]


def test_an_answer_that_is_shown_otherwise_than_asked_for_is_context() -> None:
    tokenizer = by_name("chatml").tokenizer()
    tokenizer.chat_template = DROPS_THOUGHTS.replace(
        "assistant\\n' }}{% endif %}", "assistant\\n<think>\\n' }}{% endif %}"
    )
    chat = turns("How?", "<think>\nHm.\n</think>\n\nSure.", "And?", "<think>\nNo!\n</think>\n\nNo.")
    (rendered,) = render([{"messages": chat, "source": "s"}], tokenizer, "Here")
    found = [tokenizer.decode(run) for run in runs(rendered.input_ids, rendered.labels, IGNORED)]
    assert found == ["No!\n</think>\n\nNo.<|im_end|>"]
    assert rendered.context == 1
    (open_end,) = render([{"messages": chat[:3], "source": "s"}], tokenizer, "Here")
    assert (set(open_end.labels), open_end.context) == ({IGNORED}, 1)
    with pytest.raises(InputError, match="generation prompt that does not stand"):
        render([{"messages": turns("How?", "Sure."), "source": "s"}], tokenizer, "Here")


DROPS_THOUGHTS = (
    "{% for m in messages %}{{ '<|im_start|>' + m.role + '\\n' }}"
    "{{ m.content if loop.last or m.role != 'assistant' else m.content.split('</think>')[-1].lstrip('\\n') }}"
    "{{ '<|im_end|>\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)


@pytest.mark.parametrize(
    ("template", "wanted"),
    [
        ("{% for m in messages %}{{ m.content[:4] }}{{ eos_token }}{% endfor %}", "otherwise where something"),
        (
            "{% for m in messages | reverse %}{{ m.content }}{{ eos_token }}{% endfor %}",
            "another message stands inside",
        ),
    ],
)
def test_a_mask_that_cannot_be_proved_is_refused(template: str, wanted: str) -> None:
    tokenizer = by_name("zephyr").tokenizer()
    tokenizer.chat_template = template
    with pytest.raises(InputError, match=wanted):
        render([{"messages": turns("How?", "Sure.", "And?", "No."), "source": "s"}], tokenizer, "Here")


def test_an_answer_that_nothing_ends_stops_where_its_text_does() -> None:
    tokenizer = by_name("zephyr").tokenizer()
    ended = "{% if m.role == 'user' %}{{ eos_token }}{% endif %}"
    tokenizer.chat_template = f"{{% for m in messages %}}{{{{ m.content }}}}{ended}{{% endfor %}}"
    rendered = render([{"messages": turns("How?", "Sure.", "</s>?", "No."), "source": "s"}], tokenizer, "Here")
    found = [tokenizer.decode(run) for run in runs(rendered[0].input_ids, rendered[0].labels, IGNORED)]
    assert found == ["Sure.", "No."]
    with pytest.raises(InputError, match="end-of-turn token is outside"):
        check(rendered, stop_ids=frozenset({tokenizer.eos_token_id}), max_length=None, where="Here")


def test_an_answer_that_is_closed_otherwise_where_more_follows_is_context() -> None:
    tokenizer = by_name("chatml").tokenizer()
    tokenizer.chat_template = DROPS_THOUGHTS.replace(
        "{{ '<|im_end|>\\n' }}", "{{ '<|im_end|>\\n' if loop.last or m.role == 'user' else '<|im_start|>\\n' }}"
    )
    assert "else '<|im_start|>" in tokenizer.chat_template
    (rendered,) = render([{"messages": turns("How?", "Sure.", "And?", "No."), "source": "s"}], tokenizer, "Here")
    assert tokenizer.decode([label for label in rendered.labels if label != IGNORED]) == "No.<|im_end|>"
    assert rendered.context == 1


def test_a_template_that_leaves_an_answer_out_is_refused() -> None:
    tokenizer = by_name("zephyr").tokenizer()
    tokenizer.chat_template = tokenizer.chat_template.replace(
        "'<|assistant|>\n' + message['content']", "'<|assistant|>\n'"
    )
    with pytest.raises(InputError, match="does not show one of its answers"):
        render([{"messages": turns("How?", "Sure."), "source": "s"}], tokenizer, "Here")


def test_marks_around_a_users_text_are_refused() -> None:
    tokenizer = by_name("chatml").tokenizer(marked=True)
    user = "{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}"
    tokenizer.chat_template = tokenizer.chat_template.replace(user, f"{{% generation %}}{user}{{% endgeneration %}}")
    assert tokenizer.chat_template.count("{% generation %}") == 1
    with pytest.raises(InputError, match="role 'user' inside its"):
        render([{"messages": turns("How?", "Sure."), "source": "s"}], tokenizer, "Here")


def test_noncharacters_are_refused() -> None:
    with pytest.raises(InputError, match="noncharacters"):
        learned(by_name("chatml"), turns("\ufdd0", "Sure."))


def test_an_answer_to_nothing_is_context() -> None:
    family = by_name("zephyr")
    chat = [{"role": "assistant", "content": "Hello!"}, *turns("How?", "Sure.")]
    assert learned(family, chat) == [family.said(chat[2])]


@EVERY
@EITHER
def test_an_answer_of_weight_0_is_shown_and_not_trained(family: Family, marked: bool) -> None:
    chat = turns("How?", "Sure. Look.", "And then?", "No, I cannot.")
    muted = [chat[0], {**chat[1], "weight": 0}, *chat[2:]]
    assert learned(family, muted, marked=marked) == [family.said(chat[3])]
    tokenizer = family.tokenizer(marked=marked)
    whole, part = render([{"messages": each, "source": "s"} for each in (chat, muted)], tokenizer, "Here")
    assert part.input_ids == whole.input_ids
    assert (whole.muted, part.muted, part.context) == (0, 1, whole.context)


def test_a_source_that_is_only_shown_is_no_fault() -> None:
    family = by_name("chatml")
    tokenizer = family.tokenizer()
    silent = turns("How?", "Sure.")
    silent[1]["weight"] = 0
    rows = [
        {"messages": turns("How?", "Sure."), "source": "said"},
        {"messages": silent, "source": "shown"},
    ]
    (end,) = tokenizer.encode(family.end, add_special_tokens=False)
    check(render(rows, tokenizer, "Here"), stop_ids=frozenset({end}), max_length=None, where="Here")
    with pytest.raises(InputError, match="the loss mask is empty"):
        check(render(rows[1:], tokenizer, "Here"), stop_ids=frozenset({end}), max_length=None, where="Here")
