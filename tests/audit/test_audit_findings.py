"""What an audit says: which source carries a measure, by how much, and what RL-trained teachers have to do with it."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from stagelens.audit.design import design
from stagelens.audit.effects import Effect
from stagelens.audit.findings import Audit, Audited
from stagelens.audit.inventory.table import Holding, Lack
from stagelens.audit.inventory.tags import TAGS
from stagelens.audit.regression import Addition
from stagelens.audit.showing.page import write_audit_page
from stagelens.audit.showing.picture import lay_out
from stagelens.audit.showing.terminal import print_audit
from stagelens.audit.showing.words import conclusion, taught_sentence
from stagelens.audit.variants import Variant
from stagelens.statistics.results import VerdictWord
from stagelens.study.spec import Provenance

ROWS = {"refusals": 30, "plain": 60, "code": 10}
RL = Provenance(author="model", teacher="big", teacher_stage="rl")
HUMAN = Provenance(author="human")
ASKED = ("safety", "unsafe_response")


def effect(variant: Variant, difference: float, verdict: VerdictWord, measure: tuple[str, str] = ASKED) -> Effect:
    width = 0.03
    return Effect(
        variant, *measure, difference, difference - width, difference + width, 0.001, verdict, 400, 80, 2, "t"
    )


def audit(said: dict[str, Provenance], **sizes: float) -> Audit:
    made = design(ROWS, said, seeds=2)
    found = []
    for variant in made.variants:
        size = sum(sizes.get(name, 0.0) for name in variant.kept)
        found.append(effect(variant, size, "changed_down" if size < -0.05 else "equivalent"))
        found.append(effect(variant, 0.0, "equivalent", ("safety", "over_refusal")))
    sources = tuple(Audited(name, rows, said[name]) for name, rows in ROWS.items())
    return Audit("s", "f", "sft", ASKED, sources, made, tuple(found), (), {ASKED: 0.9}, 0.05, made.trainings(ROWS))


def printed(found: Audit) -> str:
    screen = io.StringIO()
    print_audit(found, Console(file=screen, width=80))
    return screen.getvalue()


def test_the_source_that_carries_it_is_named_with_its_size() -> None:
    found = audit(dict.fromkeys(ROWS, HUMAN), refusals=-0.9, code=-0.2)
    assert found.carriers() == ("refusals", "code")
    assert conclusion(found) == (
        "safety/unsafe_response is carried by refusals, which changes it by −90.0 pp (−93.0 to −87.0). So does code."
    )
    shown = printed(found)
    assert shown.index("refusals") < shown.index("code") < shown.index("plain")
    assert "On the other measure no source was shown to change anything." in shown


def test_nothing_is_named_where_nothing_was_shown() -> None:
    assert conclusion(audit(dict.fromkeys(ROWS, HUMAN))) == (
        "No source of f/sft was shown to carry safety/unsafe_response."
    )


def test_who_taught_it() -> None:
    split = audit({"refusals": RL, "plain": RL, "code": HUMAN}, refusals=-0.9, plain=0.0)
    (sentence,) = taught_sentence(split)
    assert sentence == (
        "Of safety/unsafe_response, what RL-trained teachers wrote changes it by −90.0 pp (−93.0 to −87.0), and what "
        "others wrote changes it by 0.0 pp (−3.0 to 3.0)."
    )
    unsigned = audit({"refusals": RL, "plain": Provenance(), "code": HUMAN}, refusals=-0.9)
    assert taught_sentence(unsigned)[0].endswith("Of plain nobody says who wrote it.")
    assert taught_sentence(audit(dict.fromkeys(ROWS, HUMAN))) == ()
    assert "is not known" in taught_sentence(audit(dict.fromkeys(ROWS, Provenance())))[0]
    assert taught_sentence(audit(dict.fromkeys(ROWS, RL))) == (
        "Every source of sft was written by RL-trained teachers.",
    )


@pytest.mark.parametrize(("p", "carries"), [(0.01, ("refusals",)), (0.2, ())])
def test_what_is_read_off_random_mixtures(p: float, carries: tuple[str, ...]) -> None:
    made = design(ROWS, dict.fromkeys(ROWS, HUMAN), seeds=1, mixtures=5)
    added = tuple(
        Addition(name, *ASKED, size, size - 0.1, size + 0.1, p, 5)
        for name, size in (("plain", 0.0), ("refusals", -0.6))
    )
    sources = tuple(Audited(name, rows, HUMAN) for name, rows in ROWS.items())
    found = Audit("s", "f", "sft", ASKED, sources, made, (), added, {}, 0.05, 3.0)
    assert found.carriers() == carries
    assert [each.source for each in found.added(*ASKED)] == ["refusals", "plain"]
    assert ("adds" in printed(found)) is bool(carries)


def test_audit_json_holds_all_of_it() -> None:
    content = audit(dict.fromkeys(ROWS, RL), refusals=-0.9).to_dict()
    assert content["measure"] == "safety/unsafe_response"
    assert content["carriers"] == ["refusals"]
    assert content["sources"][0] == {"name": "refusals", "rows": 30, "provenance": RL.written()}
    assert content["design"]["variants"][0] == {"name": "without-refusals", "kept": {"refusals": 0.0}}
    first = content["effects"][0]
    assert (first["variant"], first["difference"], first["verdict"]) == ("without-refusals", -0.9, "changed_down")


def with_holdings(found: Audit) -> Audit:
    holdings = tuple(
        Holding(each.name, each.rows, each.rows, 900, None, dict.fromkeys(TAGS, 0) | {"refusal": each.rows // 2}, {})
        for each in found.sources
    )
    return replace(found, holdings=holdings, lacks=(Lack("drugs", "safety", 12),))


def test_the_page_shows_effects_and_holdings_and_the_same_bytes_come_again(tmp_path: Path) -> None:
    found = with_holdings(audit({"refusals": RL, "plain": HUMAN, "code": HUMAN}, refusals=-0.9))
    margins = dict.fromkeys(found.measures, 0.05)
    write_audit_page(found, margins, tmp_path / "one.html")
    write_audit_page(found, margins, tmp_path / "two.html")
    text = (tmp_path / "one.html").read_text(encoding="utf-8")
    assert text == (tmp_path / "two.html").read_text(encoding="utf-8")
    assert "is carried by refusals" in text
    assert "drugs (12 prompts)" in text
    assert "default-src 'none'" in text
    assert "<script" not in text


def test_hostile_names_are_escaped_and_long_ones_shortened(tmp_path: Path) -> None:
    name = "<script>alert(1)</script>" + "x" * 90
    made = design({name: 5, "plain": 5}, dict.fromkeys((name, "plain"), HUMAN), seeds=1)
    effects = tuple(effect(variant, -0.5 if name in variant.kept else 0.0, "changed_down") for variant in made.variants)
    sources = (Audited(name, 5, HUMAN), Audited("plain", 5, HUMAN))
    found = with_holdings(Audit("s", "f", "sft", ASKED, sources, made, effects, (), {}, 0.05, 3.0))
    write_audit_page(found, {ASKED: 0.05}, tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "<script" not in text
    assert "&lt;script&gt;" in text


def test_the_picture_has_a_row_a_source_the_largest_effect_first() -> None:
    found = with_holdings(audit(dict.fromkeys(ROWS, HUMAN), refusals=-0.9, code=0.3))
    drawn = lay_out(found, 0.05)
    assert [row.name for row in drawn.rows] == ["refusals", "code", "plain"]
    assert drawn.rows[0].middle is not None and drawn.rows[0].middle < drawn.margin[0] < drawn.zero
    assert [cell.opacity for cell in drawn.rows[0].cells] == [0.5]
    assert "refusals: −90.0 pp (−93.0 to −87.0); refusal: 50% of refusals." in drawn.rows[0].text


def test_a_level_that_is_not_known_is_null_in_the_file() -> None:
    found = replace(audit(dict.fromkeys(ROWS, HUMAN)), levels={ASKED: None, ("safety", "over_refusal"): 0.25})
    assert json.loads(json.dumps(found.to_dict(), allow_nan=False))["levels"] == {
        "safety/unsafe_response": None,
        "safety/over_refusal": 0.25,
    }
