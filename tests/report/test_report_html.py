"""The page: sound, self-contained, and safe against what models answer."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from report_samples import CONTEXT, FULL, ONE_FAMILY, PAIRED, SIDE_BY_SIDE, TWO_FAMILIES, UNSAFE, contrast, level

from stagelens.report.context import Example, ParityRow, ReportContext
from stagelens.report.html import render_report, write_report
from stagelens.report.parity import parity_differences, parity_table
from stagelens.report.tables import contrast_table, level_table
from stagelens.report.units import MISSING
from stagelens.statistics.results import (
    ClaimResult,
    Counterfactual,
    Effect,
    Judging,
    LeftOut,
    StratumResult,
    Verdicts,
)

VOID = {"meta", "link", "br", "img", "hr", "input"}
HOSTILE = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>{{ 7*7 }}\x1b[31m\u202e\x00\ud800&lt;"


class Page(HTMLParser):
    """Tags with their attributes, the text, and whether every tag that opens also closes."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.headings: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data
        if self.open and self.open[-1] == "h2":
            self.headings.append(data)


@pytest.fixture(scope="module")
def text():
    return render_report(ONE_FAMILY, CONTEXT)


@pytest.fixture(scope="module")
def page(text):
    return Page(text)


def hostile_page():
    evil = replace(
        UNSAFE,
        family=HOSTILE,
        benchmark=HOSTILE,
        measure=HOSTILE,
        stages=(level(HOSTILE, 0.5), level("production", 0.4)),
        contrasts=(contrast(HOSTILE, "production", -0.1, 0.05, "changed_down", headline=True, method=HOSTILE),),
        established_by=HOSTILE,
        cause=HOSTILE,
        sensitivity=HOSTILE,
        why=HOSTILE,
        warnings=(HOSTILE,),
        scope=HOSTILE,
        looks=2,
        strata=(StratumResult(HOSTILE, 1, 1, 0.0, 0.0, 0.0, 1.0, 1.0, "inconclusive"),),
        judging=Judging(
            (HOSTILE,), HOSTILE, 0.5, 0.4, 0.6, (LeftOut(HOSTILE, 0.0, 0.0, 0.0, "inconclusive"),), 1, HOSTILE
        ),
        counterfactual=Counterfactual(
            (level(HOSTILE, 0.5),), (Effect(HOSTILE, 0.0, 0.0, 0.0, 1.0, 1.0, "inconclusive"),)
        ),
    )
    paired = replace(
        PAIRED,
        family=HOSTILE,
        stages=(replace(PAIRED.stages[0], stage=HOSTILE), *PAIRED.stages[1:]),
        contrasts=tuple(
            replace(one, from_stage=HOSTILE) if one.from_stage == PAIRED.stages[0].stage else one
            for one in PAIRED.contrasts
        ),
        warnings=(HOSTILE,),
    )
    claim = ClaimResult(HOSTILE, True, 0.01, (HOSTILE,), (HOSTILE,))
    context = ReportContext(
        parity=(ParityRow(HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE),),
        examples=(Example(HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE),),
        notes=(HOSTILE,),
    )
    return render_report(Verdicts(HOSTILE, 0.05, (claim,), (evil, paired)), context)


def test_parts_come_in_order(page, text):
    assert text.startswith("<!doctype html>")
    assert page.open == []
    assert page.headings == [
        "At a glance",
        "How to read this",
        "Measure by measure",
        "What these items can and cannot certify",
        "Warnings",
        "Every contrast",
        "Every level, and what it rests on",
        "The levels as grouped bars",
        "How each stage was asked",
        "Claims fixed beforehand",
        "What the stages answered",
        "Methods",
    ]


@pytest.mark.parametrize("verdicts", [FULL, SIDE_BY_SIDE])
def test_every_part_is_well_formed(verdicts):
    whole = Page(render_report(verdicts, CONTEXT))
    assert whole.open == []
    ids = [attributes["id"] for _, attributes in whole.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = {attributes["href"].removeprefix("#") for tag, attributes in whole.tags if tag == "a"}
    assert targets <= set(ids)


def test_it_loads_nothing_and_runs_nothing(page, text):
    tags = {tag for tag, _ in page.tags}
    assert not tags & {"script", "link", "iframe", "object", "embed", "form", "img", "base", "video", "audio"}
    for _, attributes in page.tags:
        assert not [name for name in attributes if name.startswith("on") or name in {"src", "srcset", "style"}]
        assert (attributes.get("href") or "#").startswith("#")
    assert not re.search(r"url\(|@import", text)
    assert set(re.findall(r"https?://[^\"\s<]+", text)) == {"http://www.w3.org/2000/svg"}
    policy = next(a["content"] for tag, a in page.tags if tag == "meta" and "http-equiv" in a)
    for part in ("default-src 'none'", "style-src 'unsafe-inline'", "img-src data:"):
        assert part in policy


def test_ids_are_unique(page):
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_hostile_strings_stay_text():
    text = hostile_page()
    page = Page(text)
    assert page.open == []
    assert not {tag for tag, _ in page.tags} & {"script", "img"}
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]
    assert "{{ 7*7 }}" in text
    assert "<script>alert(1)</script>" in page.text
    for char in "\x1b\u202e\x00\ud800":
        assert char not in text
        assert f"⟨U+{ord(char):04X}⟩" in text
    text.encode("utf-8")


@pytest.mark.parametrize(
    "word", ["equivalent", "below margin", "changed up", "changed down", "inconclusive", "uninformative"]
)
def test_every_verdict_word_is_explained_and_shown(word):
    page = Page(render_report(TWO_FAMILIES))
    assert page.text.count(word) >= 3


def test_sentences_shares_warnings_and_claims_are_there(page):
    for result in ONE_FAMILY.results:
        assert result.why in page.text
        for warning in result.warnings:
            assert warning in page.text
    assert "95% set unbounded: every share is possible" in page.text
    assert CONTEXT.notes[0] in page.text
    assert "not certified" in page.text


def test_unknown_is_a_dash_never_a_zero():
    table = level_table(ONE_FAMILY)
    base = next(row.cells for row in table.rows if row.cells[:2] == ("odcv/severity", "base"))
    assert base[table.heads.index("level")] == MISSING
    assert base[table.heads.index("competence")] == MISSING
    contrasts = contrast_table(ONE_FAMILY)
    row = next(row.cells for row in contrasts.rows if row.cells[:2] == ("odcv/severity", "sft − base"))
    for head in ("difference", "90% ratio interval", "more clusters", "detectable", "certifiable"):
        assert row[contrasts.heads.index(head)] == MISSING


def test_contrast_table_tells_adjusted_from_raw_and_marks_the_headline():
    table = contrast_table(ONE_FAMILY)
    row = next(row for row in table.rows if row.strong)
    first = table.heads.index("p, equivalence")
    assert row.cells[first : first + 2] == ("0.0312", "<0.001")
    assert table.heads[first + 1] == "raw"
    assert [row.strong for row in table.rows].count(True) == len(ONE_FAMILY.results)
    wide = replace(UNSAFE, contrasts=(replace(UNSAFE.contrasts[1], ratio_low=0.4, ratio_high=None),))
    (only,) = contrast_table(replace(ONE_FAMILY, results=(wide,))).rows
    assert "0.40 to unbounded" in only.cells


def test_parity_marks_what_stages_do_not_share(page):
    assert parity_differences(CONTEXT.parity) == ("prompting",)
    assert "prompting ≠" in parity_table(CONTEXT.parity).heads
    assert "Stages were not asked alike" in page.text
    apart = (ParityRow("a", "sft", prompting="chat"), ParityRow("b", "sft", prompting="raw"))
    assert parity_differences(apart) == ()
    cells = parity_table((ParityRow("a", "x", system_prompt=""), ParityRow("a", "y"))).rows
    column = parity_table(()).heads.index("system prompt")
    assert [row.cells[column] for row in cells] == ["none", MISSING]


def test_examples_stand_side_by_side_and_long_ones_are_cut(page, text):
    assert text.count('class="item"') == 2
    assert page.text.count("Tell me something harmful.") == 1
    assert "Cut here: 2,400 more characters." in page.text
    assert "The answer is empty." in page.text


def test_a_bare_table_gives_a_page_too():
    assert "Not known: the verdicts were computed" in render_report(ONE_FAMILY)
    empty = Page(render_report(Verdicts("nothing", 0.05, (), ())))
    assert "No measure was analysed." in empty.text


def test_other_alphas_name_their_intervals():
    text = render_report(replace(ONE_FAMILY, alpha=0.1))
    assert "80% interval" in text
    assert "95%" not in Page(text).text.replace("95% set", "")


def test_the_same_input_gives_the_same_page(text):
    assert type(text) is str
    assert render_report(ONE_FAMILY, CONTEXT) == text


def test_writing_is_whole_or_nothing(tmp_path, text):
    path = tmp_path / "report.html"
    write_report(ONE_FAMILY, CONTEXT, path)
    assert path.read_text(encoding="utf-8") == text
    with pytest.raises(AttributeError):
        write_report(None, None, path)  # type: ignore[arg-type]
    assert path.read_text(encoding="utf-8") == text
    assert [entry.name for entry in tmp_path.iterdir()] == ["report.html"]
