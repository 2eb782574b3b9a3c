"""Confounds: named where the answers' form changes between the headline's stages, silent where it does not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from report_samples import contrast, level
from rich.console import Console

from stagelens.outcomes.answers import AnswerSummary
from stagelens.report.confounds import confounds
from stagelens.report.context import FormRow, ReportContext
from stagelens.report.html import render_report
from stagelens.report.terminal import print_verdicts
from stagelens.statistics.results import Judging, MeasureResult, Verdicts

ANSWERS = 480


def verdicts(difference: float = 0.4, verdict: str = "changed_up", **changes: object) -> Verdicts:
    result = MeasureResult(
        family="f",
        benchmark="safety",
        measure="unsafe_response",
        higher_is_worse=True,
        margin=0.05,
        stages=(level("sft", 0.3), level("production", 0.3 + difference)),
        contrasts=(contrast("sft", "production", difference, 0.05, verdict, headline=True),),  # type: ignore[arg-type]
        established_by=None,
        cause=None,
        pattern=None,
        sensitivity="not shown",
        shares=(),
        why="It rose.",
        warnings=(),
    )
    return Verdicts("study", 0.05, (), (replace(result, **changes),))  # type: ignore[arg-type]


def forms(**production: object) -> tuple[FormRow, FormRow]:
    row = FormRow("f", "sft", "sft", "safety", AnswerSummary(ANSWERS, 0, 0, 20 * ANSWERS), "11112222", unsigned(10))
    return row, replace(row, stage="production", asked="production", **production)  # type: ignore[arg-type]


def unsigned(count: int) -> dict[str, tuple[int, int]]:
    return {"unsafe_response": (count, ANSWERS)}


def said(rows: tuple[FormRow, ...], asked: Verdicts | None = None) -> list[str]:
    return [sentence for _, sentence in confounds(asked or verdicts(), rows)]


def test_the_same_form_is_not_spoken_of() -> None:
    assert said(forms()) == []
    assert said(()) == []
    assert said(forms()[:1]) == []


def test_another_chat_template_is_named_with_what_to_do() -> None:
    (sentence,) = said(forms(template="33334444"))
    assert sentence.startswith("sft → production: the stages' chat templates differ")
    assert "generation: {chat_template: both}" in sentence
    assert "inconclusive" in sentence
    assert said(forms(template=None)) == []
    # Asked under production's as well, there is nothing left to do.
    rows = forms(template="33334444")
    (sentence,) = said((*rows, replace(rows[0], stage="sft@production_template", template=None)))
    assert "were asked under production's as well" in sentence


@pytest.mark.parametrize(("tokens", "spoken"), [(39, False), (41, True), (9, True), (0, False)])
def test_answers_twice_as_long_or_half_are_named(tokens: int, spoken: bool) -> None:
    found = said(forms(summary=AnswerSummary(ANSWERS, 0, 0, tokens * ANSWERS)))
    assert [("times as long" in sentence) for sentence in found] == [True] * spoken


def test_answers_judged_by_the_absence_of_a_sign_are_named_where_they_could_make_the_change() -> None:
    (sentence,) = said(forms(unsigned=unsigned(240)))
    assert "judged by the absence of a sign: 50 % of production's answers and 2 % of sft's" in sentence
    assert "stagelens label" in sentence
    assert said(forms(unsigned=unsigned(60))) == []  # ten points of a change of forty
    assert len(said(forms(unsigned=unsigned(60)), verdicts(0.15))) == 1
    # A stage that refuses in its own words may also hide a change beyond the margin.
    assert len(said(forms(unsigned=unsigned(60)), verdicts(0.0, "equivalent"))) == 1
    assert said(forms(unsigned=unsigned(20)), verdicts(0.0, "equivalent")) == []
    assert said(forms(unsigned=unsigned(18)), verdicts(0.02)) == []  # within chance
    assert said(forms(unsigned={}), verdicts()) == []


def test_labels_that_correct_the_rule_make_it_needless() -> None:
    judging = Judging((), "nominal", None, None, None, (), 200, "differences corrected by human labels (PPI++)")
    assert said(forms(unsigned=unsigned(240)), verdicts(judging=judging)) == []


def test_runs_of_one_stage_are_taken_together() -> None:
    sft, production = forms(unsigned=unsigned(400))
    again = replace(production, asked="production@seed-1", unsigned=unsigned(0))
    (sentence,) = said((sft, production, again))
    assert "42 % of production's" in sentence


def test_report_and_terminal_name_them() -> None:
    asked, rows = verdicts(), forms(template="33334444")
    page = render_report(asked, ReportContext(forms=rows))
    assert "chat templates differ" in page
    console = Console(record=True, width=100)
    print_verdicts(asked, console, confounds(asked, rows))
    text = console.export_text()
    assert "Confounds" in text
    assert "chat templates differ" in text.replace("\n", " ")
    print_verdicts(asked, console)
    assert "Confounds" not in console.export_text()
