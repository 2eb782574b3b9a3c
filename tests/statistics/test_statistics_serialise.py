"""``verdicts.json``: its keys, its rounding, and the way back."""

from __future__ import annotations

import json

import numpy as np
import pytest
from statistics_worlds import measure, nested

from stagelens.errors import InputError
from stagelens.statistics.data import Claim, Rules
from stagelens.statistics.decide import decide
from stagelens.statistics.serialise import verdicts_from_dict

VERDICTS = decide(
    [
        measure(nested((0.9, 0.31, 0.3), n=333), name="m0"),
        measure(np.zeros((3, 70)), name="m1", competence=(0.123456789, None, 1.0)),
    ],
    Rules(study="pocket", claims=(Claim(("safety/m0",), "sft", 1),)),
)


def test_keys_are_those_of_the_contract():
    content = VERDICTS.to_dict()
    assert set(content) == {"schema", "study", "alpha", "claims", "results"}
    result = content["results"][0]
    assert set(result) == {
        "family", "benchmark", "measure", "higher_is_worse", "margin", "stages", "contrasts", "established_by", "cause",
        "pattern", "sensitivity", "shares", "why", "warnings", "scope", "runs", "look", "looks", "strata", "ordinal",
        "judging", "counterfactual", "appearances", "elicitations",
    }  # fmt: skip
    assert set(result["stages"][0]) == {
        "stage", "n", "items", "clusters", "scored", "incapable", "ungraded", "unattempted", "estimate", "low", "high",
        "competence",
    }  # fmt: skip
    assert set(result["contrasts"][0]) == {
        "from", "to", "headline", "pairs", "clusters", "method", "difference", "low", "high", "equivalence_low",
        "equivalence_high", "ratio_low", "ratio_high", "p_difference", "p_equivalence", "p_difference_raw",
        "p_equivalence_raw", "verdict", "clusters_needed", "minimum_detectable_difference",
        "smallest_certifiable_margin", "p_noninferiority_raw", "tipping_point",
    }  # fmt: skip
    assert set(result["shares"][0]) == {"stage", "share", "low", "high", "set"}
    assert set(content["claims"][0]) == {"text", "certified", "p", "holds_for", "fails_for"}
    assert content["schema"] == 1


def test_text_is_sorted_rounded_and_plain():
    text = VERDICTS.to_json()
    assert text.endswith("}\n")
    assert json.dumps(json.loads(text), indent=2, sort_keys=True, ensure_ascii=False) + "\n" == text
    assert "NaN" not in text
    assert "Infinity" not in text
    assert "-0.0," not in text
    assert json.loads(text)["results"][1]["stages"][0]["competence"] == 0.123457
    assert (
        text
        == decide(
            [
                measure(nested((0.9, 0.31, 0.3), n=333), name="m0"),
                measure(np.zeros((3, 70)), name="m1", competence=(0.123456789, None, 1.0)),
            ],
            Rules(study="pocket", claims=(Claim(("safety/m0",), "sft", 1),)),
        ).to_json()
    )


def test_there_and_back():
    back = verdicts_from_dict(json.loads(VERDICTS.to_json()))
    assert back.to_json() == VERDICTS.to_json()
    assert back.results[0].contrasts[0].from_stage == "base"


@pytest.mark.parametrize(
    ("spoil", "match"),
    [
        (lambda c: c.update(schema=2), "schema 1"),
        (lambda c: c.pop("alpha"), "lacks the field 'alpha'"),
        (lambda c: c["results"][0]["contrasts"][0].update(low="wide"), r"results\[0\]: contrasts\[0\]: low"),
        (lambda c: c["results"][0].update(shares=None), "should be a list"),
        (lambda c: c["results"][0]["stages"][0].update(n=True), "of type int"),
        (lambda c: c["claims"].append(3), "an object"),
    ],
)
def test_what_is_not_a_verdicts_file(spoil, match):
    content = json.loads(VERDICTS.to_json())
    spoil(content)
    with pytest.raises(InputError, match=match):
        verdicts_from_dict(content)


def test_a_list_is_not_a_verdicts_file():
    with pytest.raises(InputError, match=r"verdicts\.json is not a verdicts file"):
        verdicts_from_dict([])
