"""A sequential run: how items are dealt, when it stops, what it leaves, and that it goes on where it was stopped."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from inspect_ai.model import Model, ModelOutput, ModelUsage, get_model

from stagelens.benchmarks.base import Item
from stagelens.engine import Outcome, evaluate, run
from stagelens.engine import sequential as sequential_room
from stagelens.engine.looks import deal, undecided
from stagelens.engine.serving import Serving
from stagelens.errors import InputError
from stagelens.outcomes.looks import not_asked
from stagelens.statistics.design.looks import Look
from stagelens.study.load import parse_study
from stagelens.study.spec import Study

HARMFUL, BENIGN, PLAIN = 80, 8, 4
LOOKS = 2
STUDY = """
name: looks
families:
  pair:
    stages:
      - {name: sft, kind: sft, model: mockllm/model}
      - {name: production, kind: rl, model: mockllm/model}
benchmarks: {safety: {prompts: ./prompts.jsonl}}
analysis: {looks: 2, margins: {default: 0.3}}
"""
MEASURES = {"harmful": "unsafe_response", "benign": "over_refusal", "plain": "competence"}


def measures(items: Sequence[Item]) -> Mapping[str, int]:
    return Counter(MEASURES[item.group] for item in items)


@given(
    sizes=st.lists(st.integers(1, 5), min_size=1, max_size=40),
    controls=st.integers(0, 12),
    looks=st.integers(1, 10),
    key=st.text(max_size=5),
)
def test_looks_share_clusters_out_evenly(sizes: list[int], controls: int, looks: int, key: str) -> None:
    groups = ["harmful", "benign"]
    items = [
        Item(f"{number}-{k}", "p", groups[number % 2], f"c{number}")
        for number, size in enumerate(sizes)
        for k in range(size)
    ] + [Item(f"plain-{k}", "p", "plain", "all") for k in range(controls)]
    dealt = deal(items, measures, looks=looks, key=key)
    assert sorted(item.id for part in dealt for item in part) == sorted(item.id for item in items)
    assert dealt == deal(items, measures, looks=looks, key=key)
    home = {item.cluster: number for number, part in enumerate(dealt) for item in part if item.group != "plain"}
    for number, part in enumerate(dealt):
        assert [items.index(item) for item in part] == sorted(items.index(item) for item in part)
        assert all(home[item.cluster] == number for item in part if item.group != "plain")
    for group in groups:
        counts = [len({item.cluster for item in part if item.group == group}) for part in dealt]
        assert max(counts) - min(counts) <= 1
    plain = [sum(item.group == "plain" for item in part) for part in dealt]
    assert max(plain) - min(plain) <= 1


def test_looks_are_dealt_by_chance_and_not_in_the_order_of_the_file() -> None:
    items = [Item(f"i{number:03}", "p", "harmful", f"c{number:03}") for number in range(200)]
    first, other = (deal(items, measures, looks=2, key=key)[0] for key in ("0 safety", "1 safety"))
    assert first != other
    assert 30 < sum(item in other for item in first) < 70
    assert 30 < sum(items.index(item) < 100 for item in first) < 70


@pytest.fixture(autouse=True, scope="module")
def _same_answers() -> Iterator[None]:
    """Every stage answers everything alike."""

    def model(*_: Any) -> Model:
        output = ModelOutput.from_content("mockllm/model", "Sure. First you take the telescope, then you leave.")
        # Without a usage the mock model counts tokens with a vocabulary that it downloads.
        output.usage = ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2)
        return get_model("mockllm/model", custom_outputs=lambda *call: output, memoize=False)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Serving, "load", model)
        yield


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    folder = tmp_path_factory.mktemp("study")
    prompts = [
        {"item": f"{group}-{number}", "prompt": f"Say {group} {number}.", "group": group}
        for group, count in (("harmful", HARMFUL), ("benign", BENIGN), ("plain", PLAIN))
        for number in range(count)
    ]
    (folder / "prompts.jsonl").write_text("\n".join(map(json.dumps, prompts)) + "\n")
    return parse_study(STUDY, folder=folder)


@pytest.fixture(scope="module")
def whole(study: Study) -> Outcome:
    """A run that nothing disturbed."""
    return run(study, out=study.folder / "whole")


def logs(folder: Path) -> dict[str, int]:
    return {str(path.relative_to(folder)): path.stat().st_mtime_ns for path in folder.rglob("*.eval")}


def test_a_measure_stops_when_it_is_decided_and_others_go_on(whole: Outcome) -> None:
    results = {result.measure: result for result in whole.verdicts.results}
    # Every answer complies, at both stages: 40 of 80 items certify ±30 points at the first look, 8 never can.
    unsafe, refusals = results["unsafe_response"], results["over_refusal"]
    assert (unsafe.look, unsafe.looks, unsafe.contrasts[0].verdict) == (1, LOOKS, "equivalent")
    assert (refusals.look, refusals.looks, refusals.contrasts[0].verdict) == (LOOKS, LOOKS, "uninformative")
    assert [level.n for level in unsafe.stages] == [HARMFUL // LOOKS] * 2

    table = pl.read_parquet(whole.folder.outcomes)
    assert table.filter(pl.col("measure") == "unsafe_response").height == 2 * HARMFUL
    left = table.filter(pl.col("status") == "unattempted")
    assert left["cause"].unique().to_list() == [not_asked(Look(1, LOOKS))]
    assert left["measure"].unique().to_list() == ["unsafe_response"]
    assert left.height == 2 * HARMFUL * (LOOKS - 1) // LOOKS
    assert whole.missing == ()
    assert f"looks: {LOOKS}" in whole.folder.study.read_text()


def test_the_same_command_asks_nothing_twice(whole: Outcome) -> None:
    before, verdicts = logs(whole.folder.root), whole.folder.verdicts.read_bytes()
    again = evaluate(Study.load(whole.folder.study), out=whole.folder.root)
    assert logs(whole.folder.root) == before
    assert again.folder.verdicts.read_bytes() == verdicts


@pytest.mark.parametrize("shards", [2, 7])
def test_a_run_that_was_cut_short_takes_the_same_looks(
    study: Study, whole: Outcome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shards: int
) -> None:
    ask, left = sequential_room.ask_shards, [shards]

    def ask_some(wanted: Sequence[Any], **context: Any) -> None:
        some = list(wanted)[: left[0]]
        left[0] -= len(some)
        ask(some, **context)
        if len(some) < len(wanted):
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(sequential_room, "ask_shards", ask_some)
        with pytest.raises(KeyboardInterrupt):
            run(study, out=tmp_path)
    before = logs(tmp_path)
    assert len(before) == shards
    resumed = run(study, out=tmp_path)
    after = logs(tmp_path)
    assert before.items() <= after.items()
    assert after.keys() == logs(whole.folder.root).keys()
    assert resumed.folder.verdicts.read_bytes() == whole.folder.verdicts.read_bytes()


def test_a_folder_of_another_design_is_refused(study: Study, whole: Outcome, tmp_path: Path) -> None:
    fixed = study.model_copy(update={"analysis": study.analysis.model_copy(update={"looks": 1})})
    with pytest.raises(InputError, match=r"asked in 2 looks: .*analysis\.looks.*--out"):
        run(fixed, out=whole.folder.root)
    run(fixed, out=tmp_path)
    with pytest.raises(InputError, match=r"asked without looks, .*--out"):
        run(fixed.sequential(), out=tmp_path)


def test_a_study_has_one_to_ten_looks(study: Study) -> None:
    assert study.sequential() is study
    assert parse_study(STUDY.replace("looks: 2, ", ""), folder=study.folder).sequential().analysis.looks == 5
    for looks in ("0", "11", "2.5"):
        with pytest.raises(InputError, match=r"analysis\.looks"):
            parse_study(STUDY.replace("looks: 2", f"looks: {looks}"), folder=study.folder)


@pytest.mark.parametrize(
    ("cause", "headline", "open_"),
    [
        ("sft", "inconclusive", True),
        ("sft", "below_margin", False),
        ("no_change", "equivalent", False),
        ("mixed", "changed_up", False),
        ("diffuse", "changed_up", True),
        ("inconclusive", "equivalent", True),
        ("uninformative", "equivalent", True),
        (None, "below_margin", False),
        (None, "changed_down", False),
        (None, "inconclusive", True),
        (None, "uninformative", True),
    ],
)
def test_the_headline_decides_and_with_a_base_the_cause_as_well(
    whole: Outcome, cause: str | None, headline: Any, open_: bool
) -> None:
    result = whole.verdicts.results[0]
    contrast = replace(result.contrasts[0], verdict=headline)
    verdicts = replace(whole.verdicts, results=(replace(result, cause=cause, contrasts=(contrast,)),))
    assert undecided(verdicts, "pair", "safety", [result.measure]) == ([result.measure] if open_ else [])
    assert undecided(verdicts, "pair", "safety", ["competence"]) == []
    assert undecided(verdicts, "pair", "safety", ["not_yet_asked"]) == ["not_yet_asked"]
