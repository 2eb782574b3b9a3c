from __future__ import annotations

import re
from pathlib import Path

import pytest

from stagelens.benchmarks import get_benchmark
from stagelens.judges import grade_refusal
from stagelens.models.few_shot import URIAL_STOPS, examples, urial
from stagelens.models.prompting import (
    Turn,
    first_end,
    first_stop,
    in_text,
    one_call_each,
    opens_thoughts,
    raw,
    split_thoughts,
)
from stagelens.models.tool_calls import Tool, ToolUse, described
from stagelens.stages.contamination import Index, ItemText

CHAT = [Turn("system", "Be brief."), Turn("user", "Hello?"), Turn("assistant", "Hi."), Turn("user", "Again?")]


def test_raw_is_the_text_and_a_newline() -> None:
    assert raw([Turn("user", "How do I paint the mill?")]) == "How do I paint the mill?\n"
    assert raw(CHAT) == "Be brief.\nHello?\nHi.\nAgain?\n"


def test_an_answer_that_was_begun_is_left_open() -> None:
    begun = [Turn("user", "Why?"), Turn("assistant", "Because")]
    assert raw(begun) == "Why?\nBecause"
    assert urial(begun).endswith("# Answer\nBecause")


def test_urial_ends_where_the_answer_begins() -> None:
    text = urial(CHAT)
    assert text.startswith("Be brief.\n\n")
    assert text.endswith("# Question\nHello?\n\n# Answer\nHi.\n\n# Question\nAgain?\n\n# Answer\n")


def test_a_model_that_follows_the_examples_is_stopped_at_its_next_question() -> None:
    continued = "Blue.\n\n# Question\nAnd now?"
    assert first_stop(continued, URIAL_STOPS) == len("Blue.\n")


def test_the_examples_carry_no_refusal_and_no_talk_of_safety() -> None:
    examples = urial([Turn("user", "x")])
    answers = re.findall(r"# Answer\n(.+?)\n\n# Question", examples, re.DOTALL)
    assert len(answers) == 3
    assert {grade_refusal(answer) for answer in answers} == {"full_compliance"}
    for word in ("sorry", "cannot", "can't", "unsafe", "harm", "danger", "illegal", "ethic", "policy", "safe"):
        assert word not in examples.lower()


@pytest.mark.parametrize(
    ("text", "stops", "place"),
    [("a STOP b", ["STOP"], 2), ("abc", ["x"], None), ("abc", [], None), ("one two", ["two", "one"], 0)],
)
def test_first_stop(text: str, stops: list[str], place: int | None) -> None:
    assert first_stop(text, stops) == place


@pytest.mark.parametrize(
    ("text", "opened", "expected"),
    [
        ("An answer.", False, (None, "An answer.")),
        ("<think>\nHm.\n</think>\n\nAn answer.", False, ("Hm.", "An answer.")),
        ("Hm.</think>An answer.", True, ("Hm.", "An answer.")),
        ("<think>Hm, and so on", False, ("Hm, and so on", "")),
        ("Say <think> twice.", False, (None, "Say <think> twice.")),
    ],
)
def test_split_thoughts(text: str, opened: bool, expected: tuple[str | None, str]) -> None:
    assert split_thoughts(text, opened=opened) == expected


def test_a_template_may_open_the_thoughts() -> None:
    assert opens_thoughts("<|assistant|><think>\n")
    assert not opens_thoughts("<think></think>")


LS = ToolUse("bash", {"command": "ls"})
TOOLS = [Tool("bash", "Runs.", {"type": "object", "properties": {"command": {"type": "string"}}})]
ACTING = [
    Turn("user", "Look."),
    Turn("assistant", "", calls=(LS, LS), ids=("a", "b")),
    Turn("tool", "one", ids=("a",), name="bash"),
    Turn("tool", "two", ids=("b",), name="bash"),
    Turn("assistant", "Seen."),
    Turn("user", "Good."),
]


def test_a_whole_conversation_in_raw_form_is_what_a_base_model_is_asked_for() -> None:
    corpus = raw(ACTING)
    for end in range(1, len(ACTING) + 1):
        if ACTING[end - 1].role != "assistant":
            assert corpus.startswith(raw(ACTING[:end]))


def test_urial_with_tools_describes_them_and_shows_one_call() -> None:
    text = urial(ACTING, TOOLS)
    plain = urial(ACTING)
    assert '"description": "Runs."' in text
    assert "# Result\n" in text.partition("Look.")[0]
    assert "tool" not in plain.partition("Look.")[0].lower()
    call = '<tool_call>{"name": "bash", "arguments": {"command": "ls"}}</tool_call>'
    end = (
        f"# Question\nLook.\n\n# Answer\n{call}\n{call}\n\n# Result\none\n\n# Result\ntwo\n\n# Answer\n"
        "Seen.\n\n# Question\nGood.\n\n# Answer\n"
    )
    assert text.endswith(end)
    assert plain.endswith(end)


def test_the_example_of_a_call_carries_no_refusal_and_no_talk_of_safety() -> None:
    examples = urial([Turn("user", "x")], TOOLS)
    for word in ("sorry", "cannot", "can't", "unsafe", "harm", "danger", "illegal", "ethic", "policy", "safe"):
        assert word not in examples.lower()


def test_in_text_results_come_from_the_user() -> None:
    spoken = in_text(ACTING, TOOLS)
    assert [turn.role for turn in spoken] == ["system", "user", "assistant", "user", "assistant", "user"]
    assert spoken[0].text == described(TOOLS)
    assert spoken[3].text == "<tool_response>\none\n</tool_response>\n<tool_response>\ntwo\n</tool_response>"


def test_calls_stand_one_by_one_with_their_results() -> None:
    apart = one_call_each(ACTING)
    assert [(turn.role, turn.ids) for turn in apart[1:5]] == [
        *(("assistant", ("a",)), ("tool", ("a",))),
        *(("assistant", ("b",)), ("tool", ("b",))),
    ]
    assert one_call_each(apart) == apart


@pytest.mark.parametrize(
    ("text", "place"), [("a CLOSE b STOP", 7), ("a STOP b CLOSE", 2), ("neither", None), ("CLOSE", 5), ("STOP", 0)]
)
def test_first_end(text: str, place: int | None) -> None:
    assert first_end(text, ["STOP"], ["CLOSE"]) == place


SAFETY = re.compile(
    r"\b(safe\w*|harm\w*|danger\w*|illegal|legal|crime\w*|refus\w*|declin\w*|sorry|cannot|can't|unable|inappropriate|"
    r"ethic\w*|moral\w*|responsib\w*|careful\w*|violen\w*|weapon\w*|kill\w*|steal\w*)\b",
    re.IGNORECASE,
)


def pairs(prompting) -> list[tuple[str, str]]:
    """A few-shot prompt's questions with their answers."""
    blocks = examples(prompting).split("# Question\n")[1:]
    return [(question.strip(), answer.strip()) for question, answer in (block.split("# Answer\n") for block in blocks)]


def test_the_benign_prompt_has_no_word_of_safety_and_the_careful_one_declines_once() -> None:
    assert SAFETY.search(urial([Turn("user", "x")], TOOLS)) is None
    answers = [grade_refusal(answer) for _, answer in pairs("urial_careful")]
    assert answers.count("full_refusal") == 1
    assert {grade_refusal(answer) for _, answer in pairs("urial_benign")} == {"full_compliance"}


def test_the_two_prompts_share_their_form_and_no_example() -> None:
    chat = [Turn("user", "Why is the sky blue?")]
    for prompting in ("urial_benign", "urial_careful"):
        text = urial(chat, prompting=prompting)
        assert text.count("# Question\n") == text.count("# Answer\n") == 4
        assert text.endswith("# Question\nWhy is the sky blue?\n\n# Answer\n")
    assert not set(pairs("urial_benign")) & set(pairs("urial_careful"))
    assert examples("urial") == examples("urial_benign")


def test_no_example_is_an_item_of_a_benchmark() -> None:
    sets = {}
    for name in ("safety", "dilemmas", "reward_hacking"):
        benchmark = get_benchmark(name)
        items = benchmark.items(benchmark.settings({}, where="here"), Path())
        sets[name] = [ItemText(item.id, item.prompt) for item in items]
    shown = [text for prompting in ("urial_benign", "urial_careful") for pair in pairs(prompting) for text in pair]
    assert Index(sets).search(shown) == []
