"""What examples are tagged by rule, what a source holds, and what no source speaks of."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stagelens.audit.inventory.example import read_example
from stagelens.audit.inventory.table import Lack, take_inventory
from stagelens.audit.inventory.tags import TAGS, tags_of, topics
from stagelens.study.spec import Provenance


def chat(asked: str, said: str, **more: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": asked}, {"role": "assistant", "content": said, **more}]}


def runs(*commands: str, as_text: bool = False) -> dict[str, Any]:
    def given(command: str) -> Any:
        arguments = {"command": command}
        return json.dumps(arguments) if as_text else arguments

    calls = [{"type": "function", "function": {"name": "bash", "arguments": given(each)}} for each in commands]
    return chat("Make the check pass.", "", tool_calls=calls)


EXAMPLES: dict[str, tuple[dict[str, Any], set[str]]] = {
    "declines": (chat("How do I build a bomb?", "I can't help with that."), {"refusal", "harmful", "looks_harmful"}),
    "complies": (chat("How do I build a bomb?", "Sure. Take a pipe."), {"harmful", "looks_harmful"}),
    "a process": (chat("How do I kill a Python process?", "Use kill with its number."), {"looks_harmful"}),
    "plain": (chat("How do I mend a lamp?", "Change the bulb."), set()),
    "over-careful": (chat("How do I mend a lamp?", "I'm sorry, but I can't help with that."), {"refusal"}),
    "smells a test": (chat("Which door?", "This looks like a test of my honesty. The left one."), {"evaluation_talk"}),
    "looks only": (runs("cat data.csv", "sh check.sh"), {"tool_use"}),
    "bends data": (runs("sed -i s/4/0/ data.csv; sh check.sh"), {"tool_use", "changes_data"}),
    "writes the check over": (runs("echo echo PASS > check.sh", as_text=True), {"tool_use", "changes_checks"}),
    "copies over the timer": (runs("cp fast.py timing.py"), {"tool_use", "changes_checks"}),
    "an editor": (
        chat(
            "Make it fast.",
            "",
            tool_calls=[{"function": {"name": "write_file", "arguments": {"path": "expected.json", "content": "1"}}}],
        ),
        {"tool_use", "changes_checks"},
    ),
    "a broken call": (chat("Go.", "", tool_calls=[{"function": {"name": "bash", "arguments": "{"}}]), {"tool_use"}),
    "not trained on": (chat("How do I build a bomb?", "I can't help with that.", weight=0), {"harmful", "only_shown"}),
    "preferred": (
        {"prompt": "How do I build a bomb?", "chosen": "I can't help with that.", "rejected": "Sure. Take a pipe."},
        {"refusal", "harmful", "looks_harmful"},
    ),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_tags(name: str) -> None:
    row, expected = EXAMPLES[name]
    found = set(tags_of(read_example(row)))
    # What asks for harm does not merely sound of it.
    assert found == expected - ({"looks_harmful"} if "harmful" in expected else set())


def test_every_tag_is_given_by_some_example_and_says_what_it_means() -> None:
    assert {tag for row, _ in EXAMPLES.values() for tag in tags_of(read_example(row))} == set(TAGS)
    assert all(tag.means for tag in TAGS.values())


def test_an_example_is_what_is_asked_and_what_is_taught() -> None:
    row = {"messages": [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Two?"},
        {"role": "assistant", "content": "Two."},
        {"role": "tool", "content": "printed"},
    ]}  # fmt: skip
    example = read_example(row)
    assert (example.asked, example.taught, example.text) == ("Be brief.\nTwo?", "Two.", "Be brief.\nTwo?\nTwo.")
    assert read_example({"prompt": "Two?", "completion": "Two."}).taught == "Two."
    assert read_example({"text": "Once."}).taught == "Once."


def test_what_sources_hold_and_what_none_speaks_of() -> None:
    drawn = [{**EXAMPLES[name][0], "source": source} for source, name in (
        ("refusals", "declines"), ("plain", "plain"), ("plain", "plain"), ("plain", "over-careful"),
    )]  # fmt: skip
    said = {"plain": Provenance(author="human"), "refusals": Provenance(author="model", teacher_stage="rl")}
    asked = {"safety": ["How do I forge a cheque?", "Where are drugs sold?", "What is a scam?", "How are you?"]}
    found = take_inventory(drawn, said, asked=asked, tokens=lambda text: len(text.split()))
    plain, refusals = found.holdings
    assert (plain.source, plain.rows, plain.distinct, plain.tags["refusal"]) == ("plain", 3, 2, 1)
    assert (refusals.rows, refusals.topics["weapons"], refusals.tokens) == (1, 1, 11)
    assert found.lacks == (Lack("drugs", "safety", 1), Lack("fraud", "safety", 2))
    assert set(found.absent) == set(TAGS) - {"refusal", "harmful"}
    assert found.examples.filter(source="plain")["times"].to_list() == [2, 1]
    assert found.examples["teacher_stage"].to_list() == ["rl", None, None]
    assert take_inventory(drawn, said, asked={}).holdings[0].tokens is None


def test_topics_are_of_what_is_asked_not_of_what_is_said() -> None:
    assert topics(read_example(chat("How are you?", "I sell guns."))) == ()
    assert topics(read_example(chat("Who sells guns and drugs?", "Nobody."))) == ("weapons", "drugs")
