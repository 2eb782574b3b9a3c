"""The plan: what is asked of whom, in which order, at what cost, and what it can be expected to show."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stagelens.outcomes.measures import KNOWN
from stagelens.study.cells import BenchmarkInventory, plan, take_inventory
from stagelens.study.load import parse_study
from stagelens.study.power import Assumptions, prospect
from stagelens.study.prospects import Extent, simulate
from stagelens.study.spec import Study

STUDY = """
name: planned
families:
  one:
    stages: [{name: sft, kind: sft, model: ./a}, {name: rl, kind: rl, model: ./b}]
  other:
    stages: [{name: first, kind: sft, model: ./c}, {name: rl, kind: rl, model: ./d}]
generation: {max_answer_tokens: 100, max_thinking_tokens: 20, system_prompt: "abcdefgh"}
benchmarks: {safety: {}, odcv: {}}
analysis: {margins: {safety/over_refusal: 0.1, odcv: 0.2}}
"""


@dataclass(frozen=True)
class Question:
    prompt: str
    cluster: str
    group: str


def measures(items: Sequence[Question]) -> dict[str, int]:
    counts = {
        "unsafe_response": "harmful",
        "over_refusal": "benign",
        "partial_refusal": "benign",
        "competence": "plain",
    }
    return {name: sum(item.group == group for item in items) for name, group in counts.items()}


QUESTIONS = [
    *(Question("x" * 10, f"h{n // 4}", "harmful") for n in range(40)),
    *(Question("x" * 20, f"b{n}", "benign") for n in range(30)),
    *(Question("x" * 5, "plain", "plain") for _ in range(6)),
]


@pytest.fixture
def study() -> Study:
    return parse_study(STUDY, folder=Path())


@pytest.fixture
def inventory() -> dict[str, BenchmarkInventory]:
    odcv = {"misaligned": Extent(80, 40), "severity": Extent(80, 40)}
    return {
        "safety": take_inventory(QUESTIONS, measures, epochs=2),
        "odcv": BenchmarkInventory(Extent(80, 40), epochs=5, prompt_characters=8000, measures=odcv),
    }


def test_an_inventory_counts_items_and_clusters_by_measure(inventory: dict[str, BenchmarkInventory]) -> None:
    assert inventory["safety"] == BenchmarkInventory(
        extent=Extent(76, 41, (4,) * 10 + (1,) * 30 + (6,)),
        epochs=2,
        prompt_characters=400 + 600 + 30,
        measures={
            "unsafe_response": Extent(40, 10, (4,) * 10),
            "over_refusal": Extent(30, 30, (1,) * 30),
            "partial_refusal": Extent(30, 30, (1,) * 30),
            "competence": Extent(6, 1, (6,)),
        },
    )


def test_cells_stand_in_the_order_of_the_study(study: Study, inventory: dict[str, BenchmarkInventory]) -> None:
    planned = plan(study, inventory)
    assert [(cell.family, cell.stage, cell.benchmark) for cell in planned.cells] == [
        (family, stage, benchmark)
        for family, stage in (("one", "sft"), ("one", "rl"), ("other", "first"), ("other", "rl"))
        for benchmark in ("safety", "odcv")
    ]
    assert planned == plan(study, dict(reversed(inventory.items())))


def test_tokens_and_hours(study: Study, inventory: dict[str, BenchmarkInventory]) -> None:
    planned = plan(study, inventory, tokens_per_second=100)
    safety, odcv = planned.cells[:2]
    assert (safety.items, safety.clusters, safety.epochs) == (76, 41, 2)
    assert safety.answer_tokens == 76 * 2 * 120
    assert safety.prompt_tokens == 2 * ((1030 + 76 * 8 + 3) // 4)
    assert odcv.prompt_tokens == 5 * (8000 + 80 * 8) // 4
    total = 4 * (safety.answer_tokens + safety.prompt_tokens + odcv.answer_tokens + odcv.prompt_tokens)
    assert planned.tokens == total
    assert planned.hours == pytest.approx(total / 360_000)


def test_every_turn_reads_the_conversation_again(study: Study, inventory: dict[str, BenchmarkInventory]) -> None:
    once = plan(study, inventory).cells[1]
    thrice = plan(study, inventory | {"odcv": replace(inventory["odcv"], turns=3)}).cells[1]
    assert thrice.answer_tokens == 3 * once.answer_tokens
    # The second turn reads one answer again, the third two.
    assert thrice.prompt_tokens == 3 * once.prompt_tokens + 3 * once.answer_tokens


def test_measures_have_the_margins_of_the_study(study: Study, inventory: dict[str, BenchmarkInventory]) -> None:
    margins = {(m.benchmark, m.measure): m.margin for m in plan(study, inventory).measures}
    assert margins == {
        ("safety", "unsafe_response"): 0.05,
        ("safety", "over_refusal"): 0.1,
        ("safety", "partial_refusal"): 0.05,
        ("odcv", "misaligned"): 0.2,
        ("odcv", "severity"): 0.5,
    }


def test_the_plan_is_json(study: Study, inventory: dict[str, BenchmarkInventory]) -> None:
    content = json.loads(json.dumps(plan(study, inventory).to_dict(), allow_nan=False))
    assert content["cells"][0] == {
        "family": "one",
        "stage": "sft",
        "benchmark": "safety",
        "items": 76,
        "clusters": 41,
        "epochs": 2,
        "prompt_tokens": 820,
        "answer_tokens": 18240,
    }
    assert content["tokens"] == content["prompt_tokens"] + content["answer_tokens"]
    assert content["assumptions"]["power"] == 0.8
    severity = content["measures"][-1]
    assert severity["measure"] == "severity"
    assert severity["smallest_certifiable_margin"] > severity["expected_half_width"] > 0


def test_a_measure_without_clusters_to_compare_has_no_prospect(study: Study) -> None:
    lone = BenchmarkInventory(Extent(3, 1), 1, 30, {"unsafe_response": Extent(3, 1)})
    content = plan(study, {"safety": lone, "odcv": lone}).to_dict()
    assert content["measures"][0]["clusters_needed"] is None
    assert content["measures"][0]["expected_half_width"] is None


def test_a_simulated_plan_keeps_the_keys_and_adds_errors_and_designs(
    study: Study, inventory: dict[str, BenchmarkInventory]
) -> None:
    closed = plan(study, inventory).to_dict()
    content = json.loads(json.dumps(plan(study, inventory, simulated=True).to_dict(), allow_nan=False))
    assert closed["measures"][0]["basis"] == "closed forms"
    for before, after in zip(closed["measures"], content["measures"], strict=True):
        assert after["basis"] == "assumptions"
        assert set(before) <= set(after)
        # Where hardly ten clusters differ, the closed form is optimistic by half.
        assert 0.95 < after["expected_half_width"] / before["expected_half_width"] < 1.7
        assert 0 <= after["power_to_certify"] <= 1
        for name, error in after["monte_carlo_error"].items():
            assert (error is None) == (after[name] is None)
        answers = after["sequential"]["answers_per_stage"]
        assert answers["paired_looks_change"] < answers["paired_looks_no_change"] <= answers["paired_looks_at_most"]
        assert after["sequential"]["change"] == pytest.approx(3 * after["margin"])


def test_more_answers_than_are_simulated_are_left_to_the_closed_forms(study: Study) -> None:
    huge = BenchmarkInventory(Extent(50_000, 50_000), 1, 30, {"unsafe_response": Extent(50_000, 50_000)})
    content = plan(study, {"safety": huge, "odcv": huge}, simulated=True).to_dict()
    assert content["measures"][0]["basis"] == "closed forms"
    assert content["measures"][0]["clusters_needed"] > 59


def test_clusters_of_unequal_size_show_less() -> None:
    def half_width(sizes: tuple[int, ...]) -> float:
        extent = Extent(sum(sizes), len(sizes), sizes)
        assumed = Assumptions(cluster_correlation=0.5)
        found = simulate(KNOWN["misaligned"], extent, epochs=1, margin=0.05, alpha=0.05, assumed=assumed, guess=300)
        assert found is not None
        return found.shown.half_width.value

    assert half_width((1, 19) * 20) > 1.1 * half_width((10,) * 40)


def test_further_attempts_help_as_far_as_they_differ() -> None:
    def half_width(epochs: int, correlation: float) -> float:
        assumed = Assumptions(epoch_correlation=correlation)
        found = prospect(
            KNOWN["misaligned"], items=100, clusters=100, margin=0.05, alpha=0.05, assumed=assumed, epochs=epochs
        )
        assert found is not None
        return found.half_width

    assert half_width(5, 1.0) == pytest.approx(half_width(1, 1.0))
    assert half_width(5, 0.5) == pytest.approx(half_width(1, 0.5) * 0.6**0.5)


def outlook(items: int, clusters: int, margin: float = 0.05, measure: str = "unsafe_response", **assumed: float):
    found = prospect(
        KNOWN[measure], items=items, clusters=clusters, margin=margin, alpha=0.05, assumed=Assumptions(**assumed)
    )
    assert found is not None
    return found


def test_needed_items_agree_with_the_textbook() -> None:
    # n = 2p(1 - p)(1 - ρ) ((z_α + z_β/2) / m)², equivalence at no difference (Julious, Stat Med 23, 2004).
    z = 1.6449 + 1.2816
    for rate, correlation in ((0.1, 0.5), (0.1, 0.7), (0.3, 0.5)):
        expected = 2 * rate * (1 - rate) * (1 - correlation) * (z / 0.05) ** 2
        needed = outlook(50, 50, rate=rate, correlation=correlation).clusters_needed
        assert needed == pytest.approx(expected, rel=0.02)


def test_the_cluster_gate_bounds_what_can_be_certified() -> None:
    sure = {"rate": 1e-6}
    assert outlook(80_000, 40, **sure).certifiable >= 0.072
    assert outlook(59, 59, **sure).clusters_needed >= 59


@settings(max_examples=80, deadline=None)
@given(
    st.integers(2, 400),
    st.integers(1, 6),
    st.floats(0.01, 0.5),
    st.floats(0.01, 0.5),
    st.sampled_from(["misaligned", "severity"]),
)
def test_needed_clusters_are_the_fewest_that_certify(
    clusters: int, size: int, margin: float, rate: float, measure: str
) -> None:
    margin *= KNOWN[measure].high
    needed = outlook(clusters * size, clusters, margin, measure, rate=rate).clusters_needed
    assert outlook(needed * size, needed, margin, measure, rate=rate).certifiable <= margin
    if needed > 2:
        assert outlook((needed - 1) * size, needed - 1, margin, measure, rate=rate).certifiable > margin


@settings(max_examples=80, deadline=None)
@given(st.integers(2, 1000), st.integers(1, 5))
def test_more_clusters_show_more(clusters: int, size: int) -> None:
    few, many = outlook(clusters * size, clusters), outlook((clusters + 1) * size, clusters + 1)
    assert many.half_width < few.half_width
    assert many.detectable <= few.detectable
    assert many.certifiable <= few.certifiable
