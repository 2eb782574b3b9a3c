"""Which attempts a cascade draws: known chances, the same draw again, nested shares, all stages together."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from stagelens.benchmarks.records import AWAITS_JUDGE
from stagelens.benchmarks.safety.rubric import refusal_rubric
from stagelens.engine.drawing import LEAST_DRAWN, Draw, draw, lot
from stagelens.outcomes.schema import COLUMNS
from stagelens.study.spec import CascadeSpec

RUBRIC = replace(refusal_rubric(), measures=None)


def table(values: np.ndarray, *, measure: str = "m", family: str = "f", **fields: Any) -> pl.DataFrame:
    """The screen's values of shape (stages, items); NaN where it gave none."""
    stages, items = values.shape
    rows = [
        {
            "family": family,
            "stage": f"s{stage}",
            "benchmark": "b",
            "item": f"i{item}",
            "measure": measure,
            "value": None if np.isnan(values[stage, item]) else float(values[stage, item]),
            "stage_index": stage,
            "cluster": f"i{item}",
            "epoch": 1,
            "seed": 0,
            "judge": "rule:x",
            "higher_is_worse": True,
            "status": "ungraded" if np.isnan(values[stage, item]) else "scored",
            "cause": AWAITS_JUDGE if np.isnan(values[stage, item]) else None,
            **fields,
        }
        for stage in range(stages)
        for item in range(items)
    ]
    return pl.DataFrame(rows, schema=COLUMNS)


def drawn(rows: pl.DataFrame, *, flagged: float = 1.0, rest: float = 0.1, seed: int = 0, **more: Any) -> Draw:
    answers = rows.select("family", "stage", "item", "epoch").unique().iter_rows()
    groups = more.pop("groups", {})
    return draw(
        rows,
        ((*answer, groups.get(answer[2], "any")) for answer in answers),
        more.pop("rubric", RUBRIC),
        CascadeSpec(flagged=flagged, rest=rest),
        benchmark="b",
        screen=more.pop("screen", None),
        seed=seed,
    )


def names(found: Draw) -> set[tuple[str, str, int]]:
    return set(found.chosen.select("family", "item", "epoch").iter_rows())


def screened(seed: int, items: int, stages: int = 3, rate: float = 0.03) -> np.ndarray:
    return (np.random.default_rng(seed).random((stages, items)) < rate).astype(float)


def test_what_any_stage_shows_is_flagged_and_asked_for_certain() -> None:
    values = screened(1, 2000)
    found = drawn(table(values), rest=0.1)
    flagged = {("f", f"i{item}", 1) for item in np.flatnonzero(values.any(axis=0))}
    assert flagged <= names(found)
    counts = found.counts()
    assert counts["flagged"] == (len(flagged), len(flagged))
    there, taken = counts["rest"]
    assert there == 2000 - len(flagged)
    assert abs(taken / there - 0.1) < 4 * (0.1 * 0.9 / there) ** 0.5
    chances = set(found.chosen["probability"].to_list())
    assert chances == {1.0, taken / there}
    assert found.chosen.columns == ["family", "item", "epoch", "probability"]


@settings(deadline=None, max_examples=20)
@given(
    seed=st.integers(0, 50),
    shares=st.tuples(st.floats(0.001, 1), st.floats(0.001, 1)).map(sorted),
    items=st.integers(1, 300),
)
def test_the_same_again_and_more_with_a_larger_share(seed: int, shares: list[float], items: int) -> None:
    rows = table(screened(seed, items))
    small, large = (drawn(rows, flagged=share, rest=share, seed=seed) for share in shares)
    assert names(small) <= names(large)
    again = drawn(rows.sample(fraction=1, shuffle=True, seed=seed), flagged=shares[0], rest=shares[0], seed=seed)
    assert again.attempts.equals(small.attempts)
    for kind, (there, taken) in small.counts().items():
        assert taken >= min(there, LEAST_DRAWN), kind
    # By what each stands for, the drawn ones are everything.
    assert np.isclose((1 / small.chosen["probability"]).sum(), items)


def test_families_draw_alike_where_their_classes_agree_and_another_seed_draws_others() -> None:
    values = np.zeros((2, 1000))
    both = pl.concat([table(values), table(values, family="g")])
    found = drawn(both)
    assert {item for family, item, _ in names(found) if family == "f"} == {
        item for family, item, _ in names(found) if family == "g"
    }
    assert names(drawn(both, seed=1)) != names(found)
    assert lot(0, "b", "i1", 1) != lot(0, "c", "i1", 1)
    lots = np.array([lot(3, "b", f"i{k}", 2) for k in range(2000)])
    assert 0 <= lots.min() <= lots.max() < 1
    assert abs(lots.mean() - 0.5) < 0.03


def test_what_the_screen_could_not_grade_is_always_asked_about() -> None:
    values = np.zeros((2, 400))
    values[1, :50] = np.nan
    found = drawn(table(values), flagged=0.01, rest=0.01)
    assert found.counts()["unknown"] == (50, 50)
    assert {("f", f"i{item}", 1) for item in range(50)} <= names(found)


def test_measures_that_are_not_judged_flag_nothing_and_unjudged_answers_are_not_there() -> None:
    control = table(np.ones((2, 100)), measure="competence")
    own = table(np.zeros((2, 100)))
    rubric = replace(RUBRIC, measures=lambda group: ("m",) if group == "any" else ())
    found = drawn(pl.concat([control, own]), rubric=rubric, groups={"i3": "plain"})
    assert found.counts() == {"rest": (99, LEAST_DRAWN)}
    broken = own.with_columns(
        status=pl.when(item="i4").then(pl.lit("incapable")).otherwise("status"),
        value=pl.when(item="i4").then(None).otherwise("value"),
    )
    assert drawn(broken).counts() == {"rest": (99, LEAST_DRAWN)}


def test_severities_are_flagged_from_their_middle_up() -> None:
    values = np.tile(np.arange(6.0), (1, 40))
    found = drawn(table(np.vstack([values, values]), measure="severity"), rest=0.5)
    assert found.counts()["flagged"] == (120, 120)


def test_a_model_that_screens_decides_by_its_panel_rows() -> None:
    rule = table(np.ones((2, 100)))
    panel = table(np.zeros((2, 100)), judge="panel")
    model = table(np.zeros((2, 100)), judge="cheap")
    assert drawn(pl.concat([rule, model, panel]), screen="cheap").counts() == {"rest": (100, LEAST_DRAWN)}
    failed = model.with_columns(status=pl.lit("ungraded"), value=pl.lit(None, pl.Float64), cause=pl.lit("refused"))
    assert drawn(failed, screen="cheap").counts() == {"unknown": (100, 100)}


def test_items_of_other_measures_are_drawn_apart() -> None:
    one = table(np.zeros((2, 500)))
    few = table(np.zeros((2, 30)), measure="other").with_columns(item=pl.lit("o") + pl.col("item"))
    found = drawn(pl.concat([one, few]), rest=0.1).chosen
    others = found.filter(pl.col("item").str.starts_with("o"))
    assert others.height == LEAST_DRAWN
    assert set(others["probability"]) == {LEAST_DRAWN / 30}
