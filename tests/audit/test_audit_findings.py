"""What an audit says: which source carries a measure, by how much, and what RL-trained teachers have to do with it."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from stagelens.audit.design import design
from stagelens.audit.effects import Effect
from stagelens.audit.findings import Audit, Audited
from stagelens.audit.regression import Addition
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
