"""Who judged, in the report; and agents' episodes in it, which are hostile text as much as any answer."""

from __future__ import annotations

from dataclasses import replace

import pytest
from report_samples import JUDGED, ONE_FAMILY
from test_report_html import Page

from stagelens.judges.turns import Part
from stagelens.report.context import Example, JudgeRow, ReportContext
from stagelens.report.html import render_report
from stagelens.report.judging import LEAST_ALPHA, agreement_lines, judges_table, low_agreement
from stagelens.report.units import MISSING

JUDGES = (
    JudgeRow("odcv", "openai/a", False, 320, 300, {"the judge refused": 2, "filtered": 1}, 12, 9, {"severity": -0.25}),
    JudgeRow("safety", "<b>x</b>", True, 5, 5, {}, 0, 0, {}),
)


def test_who_judged_is_a_table() -> None:
    table = judges_table(JUDGES)
    first, second = (dict(zip(table.heads, row.cells, strict=True)) for row in table.rows)
    assert first["thoughts"] == "hidden"
    assert (first["answers"], first["distinct"], first["judged again"]) == ("320", "300", "9 of 12 the same")
    assert first["ungraded"] == "2: the judge refused; 1: filtered"
    assert first["drift"].endswith("-0.25")
    assert (second["thoughts"], second["ungraded"]) == ("shown", "none")
    assert second["judged again"] == second["drift"] == MISSING


def test_a_cascade_s_judge_says_what_it_was_asked_about() -> None:
    drawn = {"flagged": [313, 313], "rest": [49_687, 1000]}
    table = judges_table((*JUDGES, replace(JUDGES[0], drawn=drawn)))
    asked = [row.cells[table.heads.index("asked about")] for row in table.rows]
    assert asked == ["all", "all", "313 of 313 flagged attempts; 1,000 of 49,687 of the rest"]


def test_the_page_shows_it_escaped() -> None:
    page = Page(render_report(ONE_FAMILY, ReportContext(judges=JUDGES)))
    assert "<b>x</b>" in page.text
    assert "without knowing which stage gave them" in page.text
    assert page.open == []
    assert "without knowing which stage gave them" not in Page(render_report(ONE_FAMILY)).text


@pytest.mark.parametrize(("alpha", "warned"), [(0.5, True), (0.6669, True), (LEAST_ALPHA, False), (None, False)])
def test_low_agreement_is_a_warning(alpha: float | None, warned: bool) -> None:
    assert JUDGED.judging is not None
    lowered = replace(JUDGED, judging=replace(JUDGED.judging, krippendorff_alpha=alpha))
    verdicts = replace(ONE_FAMILY, results=(lowered,))
    assert bool(low_agreement(verdicts)) is warned
    assert ("agree too little" in Page(render_report(verdicts)).text) is warned
    assert bool(agreement_lines(verdicts)) is (alpha is not None)


def test_an_episode_is_shown_part_by_part_with_thoughts_apart() -> None:
    parts = (
        Part("thoughts", "<script>alert('thought')</script>"),
        Part("call", "rm -rf / \x1b[31m", "<i>bash</i>"),
        Part("result", "\u202egone" + "x" * 5000, "bash"),
        Part("said", "</div><script>alert(1)</script>"),
    )
    example = Example("f", "sft", "odcv", "i", "Do it.", "whole", system="<u>system</u>", parts=parts)
    text = render_report(ONE_FAMILY, ReportContext(examples=(example,)))
    page = Page(text)
    assert page.open == []
    assert not {tag for tag, _ in page.tags} & {"script", "u"}
    for shown in ("The model thinks", "The model calls <i>bash</i>", "bash returns", "The model says", "<u>system</u>"):
        assert shown in page.text
    assert "⟨U+001B⟩" in page.text
    assert "⟨U+202E⟩" in page.text
    assert "Cut here: 4," in page.text
    assert "whole" not in text.split('id="examples"')[1].split("<footer>")[0]
    thought = text.index("alert(&#39;thought&#39;)")
    assert text.rindex("<details>", 0, thought) > text.rindex("</details>", 0, thought)
