"""Positive controls in the terminal and on the page: a sentence, a fact, a table; loud where one was missed."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

import pytest
from report_samples import ONE_FAMILY
from rich.console import Console

from stagelens.report.controls import control_fact, control_sentences, controls_table, missed_sentence
from stagelens.report.headline import headline
from stagelens.report.html import render_report
from stagelens.report.terminal import print_verdicts
from stagelens.report.words import headline_contrast
from stagelens.statistics.conclusions.controls import with_controls
from stagelens.statistics.results import Control, Verdicts

SAME = next(
    result
    for result in ONE_FAMILY.results
    if (contrast := headline_contrast(result)) and contrast.verdict in ("equivalent", "below_margin")
)
CHANGED = next(
    result
    for result in ONE_FAMILY.results
    if (contrast := headline_contrast(result)) and contrast.verdict.startswith("changed")
)
FOUND = Control(
    SAME.benchmark, SAME.measure, True, -0.921, -0.944, -0.885, 0.05, 1106, 60, ("openai/a",), "found: <it> was seen"
)
MISSED = replace(FOUND, found=False, difference=None, low=-1.0, high=0.02, judges=(), text="the control was missed")
UNKNOWN = replace(FOUND, found=None, difference=None, low=None, high=None, margin=None, items=None, clusters=None)
NONE = Control("mine", None, None, *[None] * 6, (), "there is no positive control: nothing can be planted in mine")


def told(*controls: Control) -> Verdicts:
    judges = {(SAME.family, SAME.benchmark, SAME.measure): ("openai/a",)}
    return with_controls(ONE_FAMILY, controls, judges)


def printed(verdicts: Verdicts) -> str:
    console = Console(file=StringIO(), width=400)
    print_verdicts(verdicts, console)
    return console.file.getvalue()


def test_a_found_control_stands_beside_what_is_equivalent():
    verdicts = told(FOUND)
    assert control_fact(SAME, verdicts) == "found: −92.1 pp on the world's own items, with a small model"
    name = f"{SAME.benchmark}/{SAME.measure}"
    assert control_sentences(verdicts) == ((name, FOUND.text),)
    assert f"{name}: {FOUND.text}" in printed(verdicts)
    page = render_report(verdicts)
    assert "found: &lt;it&gt; was seen" in page
    assert "<dt>Positive control</dt>" in page
    assert missed_sentence(verdicts) is None
    assert headline(verdicts) == headline(ONE_FAMILY)


def test_what_was_planted_in_another_measure_is_not_taken_for_this_one():
    other = told(replace(FOUND, measure="some_measure"))
    assert control_fact(SAME, other) == "none of this measure: some measure was planted"


def test_a_found_control_has_nothing_to_say_of_a_change():
    assert control_fact(CHANGED, told(replace(FOUND, benchmark=CHANGED.benchmark, measure=CHANGED.measure))) == ""


def test_a_missed_control_is_at_the_top_and_in_the_warnings():
    verdicts = told(MISSED)
    assert control_fact(SAME, verdicts) == "missed: see the warnings"
    said = f"The positive control of {SAME.benchmark} was missed"
    assert any(sentence.startswith(said) for sentence in headline(verdicts))
    page, text = render_report(verdicts), printed(verdicts)
    assert said in page
    assert said in text
    assert MISSED.text in page.partition('id="warnings"')[2]
    assert MISSED.text in text.partition("Warnings")[2]


@pytest.mark.parametrize(("control", "fact"), [(UNKNOWN, "missing, see below"), (NONE, "none: nothing can be planted")])
def test_what_is_not_known_is_said_and_is_no_number(control: Control, fact: str):
    verdicts = told(control)
    own = SAME if control is UNKNOWN else replace(SAME, benchmark="mine")
    assert control_fact(own, verdicts).startswith(fact)
    (row,) = controls_table(verdicts).rows
    assert row.cells[2:] == ("–",) * 6
    assert control.text.replace("<", "&lt;").replace(">", "&gt;") in render_report(verdicts)


def test_the_table_has_a_row_a_benchmark():
    table = controls_table(told(FOUND, NONE, replace(MISSED, benchmark="other")))
    assert table.heads[:4] == ("measure", "planted change", "size", "95% interval")
    assert [row.cells for row in table.rows] == [
        (
            f"{SAME.benchmark}/{SAME.measure}",
            "found",
            "−92.1 pp",
            "−94.4 to −88.5",
            "±5.0 pp",
            "1,106",
            "60",
            "openai/a",
        ),
        ("mine", "none can be planted", *["–"] * 6),
        (f"other/{SAME.measure}", "missed", "–", "−100.0 to 2.0", "±5.0 pp", "1,106", "60", "rules"),
    ]


def test_a_run_without_controls_looks_as_it_did():
    assert 'id="controls"' not in render_report(ONE_FAMILY)
    assert "Positive control" not in printed(ONE_FAMILY)
