"""Claims: partial conjunction over measures, over families, and what counts against them."""

from __future__ import annotations

import numpy as np
import pytest
from statistics_worlds import measure, nested

from stagelens.errors import InputError
from stagelens.statistics.conclusions.claims import claim_text
from stagelens.statistics.contrasts.multiplicity import partial_conjunction
from stagelens.statistics.data import Claim, Rules
from stagelens.statistics.decide import decide

NAMES = tuple(f"safety/m{k}" for k in range(5))


def family(name, rates):
    return [measure(nested(r, n=600), name=f"m{k}", family=name) for k, r in enumerate(rates)]


SAME, CHANGED = (0.9, 0.3, 0.3), (0.9, 0.3, 0.6)


def claim(at_least, scope="every_family", stage="sft"):
    return Claim(NAMES, stage, at_least, scope)


def judged(data, *claims):
    return decide(data, Rules(claims=claims)).claims


def test_partial_conjunction():
    p = [0.001, 0.2, 0.01, 0.004, 0.03]
    assert partial_conjunction(p, 5) == 0.2
    assert partial_conjunction(p, 4) == pytest.approx(2 * 0.03)
    assert partial_conjunction(p, 1) == pytest.approx(5 * 0.001)
    assert partial_conjunction([0.5, 0.9], 1) == 1.0


def test_four_of_five():
    data = family("f", [SAME, SAME, CHANGED, SAME, SAME])
    four, five = judged(data, claim(4), claim(5))
    assert four.certified
    assert not five.certified
    assert four.fails_for == ("f/safety/m2",)
    assert len(four.holds_for) == 4


def test_every_family_and_any_family():
    data = family("f", [SAME] * 5) + family("g", [CHANGED] * 5)
    every, some = judged(data, claim(4), claim(4, "any_family"))
    assert not every.certified
    assert some.certified


def test_any_family_pays_for_the_number_of_families():
    one, two = family("f", [SAME] * 5), family("f", [SAME] * 5) + family("g", [CHANGED] * 5)
    alone, beside = judged(one, claim(5, "any_family"))[0], judged(two, claim(5, "any_family"))[0]
    assert beside.p == pytest.approx(2 * alone.p)


def test_a_measure_or_stage_that_is_not_there_counts_against_the_claim():
    data = family("f", [SAME] * 4)
    missing, unknown = judged(data, claim(5), claim(4, stage="dpo"))
    assert missing.p == 1.0
    assert missing.fails_for == ("f/safety/m4",)
    assert unknown.p == 1.0


def test_gated_measures_and_incompetent_stages_count_against_the_claim():
    table = np.repeat(nested((0.4, 0.4, 0.4), n=40, flips=0), 50, axis=1)
    table[2, 0] = 1 - table[2, 0]
    gated = measure(table, cluster=np.repeat(np.arange(40), 50), name="m0")
    unfit = measure(nested(SAME), name="m0", competence=(0.9, 0.2, 0.9))
    one = Claim(("safety/m0",), "sft", 1)
    assert judged([gated], one)[0].p == 1.0
    assert judged([unfit], one)[0].p == 1.0


def test_every_later_stage_must_hold():
    data = [measure(nested((0.9, 0.3, 0.6, 0.3), n=600), name="m0")]
    sft, dpo = judged(data, Claim(("safety/m0",), "sft", 1), Claim(("safety/m0",), "dpo", 1))
    assert not sft.certified
    assert not dpo.certified
    data = [measure(nested((0.9, 0.6, 0.3, 0.3), n=600), name="m0")]
    sft, dpo = judged(data, Claim(("safety/m0",), "sft", 1), Claim(("safety/m0",), "dpo", 1))
    assert not sft.certified
    assert dpo.certified


@pytest.mark.parametrize(
    ("one", "text"),
    [
        (claim(4), "at least 4 of 5 measures are established by sft, in every family"),
        (claim(5, "any_family"), "all 5 measures are established by sft, in at least one family"),
        (claim(1), "at least 1 of 5 measures is established by sft, in every family"),
        (Claim(("safety/m0",), "sft", 1), "safety/m0 is established by sft, in every family"),
    ],
)
def test_texts(one, text):
    assert claim_text(one) == text


@pytest.mark.parametrize("at_least", [0, 6])
def test_a_claim_that_asks_for_more_than_it_names(at_least):
    with pytest.raises(InputError, match="of 5 measures"):
        judged(family("f", [SAME]), claim(at_least))
