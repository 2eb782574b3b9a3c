"""Effects of what a variant lacks: the contrasts of the verdicts, and nulls that are called changed no more often."""

from __future__ import annotations

import numpy as np
import pytest

from stagelens.audit.effects import effects, ranked
from stagelens.audit.variants import leave_one_out
from stagelens.errors import InputError
from stagelens.statistics.data import SCORED, FamilyRules, MeasureData, Rules
from stagelens.statistics.decide import decide

WITHOUT = leave_one_out(("refusals", "plain", "code"))


def answered(levels: dict[str, float], seed: int, items: int = 200, runs: int = 1) -> MeasureData:
    """Independent answers at these levels, every item a cluster of its own, asked in each run."""
    rng = np.random.default_rng(seed)
    shape = len(levels), items * runs
    values = (rng.random(shape) < np.array(list(levels.values()))[:, None]).astype(float)
    item = np.tile(np.arange(items), runs)
    return MeasureData(
        family="f",
        benchmark="safety",
        measure="unsafe_response",
        higher_is_worse=True,
        kind="rate",
        low=0.0,
        high=1.0,
        stages=tuple(levels),
        values=values,
        status=np.full(shape, SCORED, dtype=np.int8),
        item=item,
        cluster=item,
        run=np.repeat(np.arange(runs), items) if runs > 1 else None,
    )


def levels(**changes: float) -> dict[str, float]:
    return {"sft": 0.1, "without-refusals": 0.1, "without-plain": 0.1, "without-code": 0.1} | changes


@pytest.mark.parametrize("runs", [1, 3])
def test_the_source_that_does_it_comes_first(runs: int) -> None:
    data = answered(levels(**{"without-refusals": 0.9}), seed=1, runs=runs)
    first, *others = ranked(effects([data], "sft", WITHOUT, Rules()))
    assert first.variant.name == "without-refusals"
    assert first.verdict == "changed_down"
    assert first.high < 0
    assert first.runs == runs
    assert all(each.low <= 0 <= each.high for each in others)


def test_they_are_the_verdicts_own_contrasts_after_holm_over_the_variants() -> None:
    data = answered(levels(**{"without-refusals": 0.3}), seed=2)
    # Roles and claims of the study are about steps, and do not matter here.
    rules = Rules(families={"f": FamilyRules(headline_from="sft", base=None)}, margins={"safety": 0.1})
    found = effects([data], "sft", WITHOUT, rules)
    (alone,) = effects([data], "sft", WITHOUT[:1], rules)
    (result,) = decide([pair_of(data, "without-refusals")], Rules(margins={"safety": 0.1})).results
    assert (alone.low, alone.high, alone.p) == (
        result.contrasts[0].low,
        result.contrasts[0].high,
        result.contrasts[0].p_difference_raw,
    )
    assert found[0].difference == alone.difference
    assert found[0].p == pytest.approx(min(1.0, 3 * alone.p))


def pair_of(data: MeasureData, earlier: str) -> MeasureData:
    from stagelens.statistics.contrasts.parts import of_stages

    return of_stages(data, [data.stages.index(earlier), data.stages.index("sft")])


def test_intervals_hold_nothing_as_often_as_they_say() -> None:
    found = [each for seed in range(150) for each in effects([answered(levels(), seed)], "sft", WITHOUT, Rules())]
    held = sum(each.low <= 0 <= each.high for each in found) / len(found)
    assert held == pytest.approx(0.95, abs=0.035)
    false = sum(
        any(each.verdict.startswith("changed") for each in effects([answered(levels(), seed)], "sft", WITHOUT, Rules()))
        for seed in range(150)
    )
    assert false / 150 <= 0.1


def test_a_stage_that_was_not_asked_is_named() -> None:
    with pytest.raises(InputError, match="has no answers of 'without-code'"):
        effects([answered({"sft": 0.1, "without-plain": 0.2}, 1)], "sft", WITHOUT[2:], Rules())
