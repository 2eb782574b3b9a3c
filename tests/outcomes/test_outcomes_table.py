"""The same table, whatever it came in; what is optional is filled."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from stagelens.outcomes.schema import COLUMNS, STATUSES
from stagelens.outcomes.table import count_statuses, ordered, read_table, write_table

ROWS = [
    {"family": "f", "stage": "sft", "benchmark": "b", "measure": "misaligned", "item": "007", "value": 1.0},
    {"family": "f", "stage": "rl", "benchmark": "b", "measure": "misaligned", "item": "007", "value": None},
    {"family": "f", "stage": "sft", "benchmark": "b", "measure": "misaligned", "item": "8", "value": 0.0},
    {"family": "f", "stage": "rl", "benchmark": "b", "measure": "misaligned", "item": "8", "value": 0.0},
]
FRAME = pl.DataFrame(ROWS)


def test_fills_what_is_optional() -> None:
    table = read_table(FRAME)
    assert dict(table.schema) == COLUMNS
    assert table["status"].to_list() == ["scored", "ungraded", "scored", "scored"]
    assert table["stage_index"].to_list() == [0, 1, 0, 1]
    assert table["cluster"].to_list() == table["item"].to_list()
    assert table["epoch"].to_list() == [1] * 4
    assert table["seed"].to_list() == [0] * 4
    assert table["higher_is_worse"].to_list() == [True] * 4
    for name in ("cause", "judge", "stratum"):
        assert table[name].null_count() == 4


def test_fills_fields_that_are_empty_in_some_rows() -> None:
    table = read_table(
        FRAME.with_columns(cluster=pl.Series([None, None, "c", "c"]), epoch=pl.Series([2, 2, None, None]))
    )
    assert table["cluster"].to_list() == ["007", "007", "c", "c"]
    assert table["epoch"].to_list() == [2, 2, 1, 1]


def test_stages_are_numbered_within_their_family() -> None:
    other = FRAME.with_columns(family=pl.lit("g"), stage=pl.col("stage").replace({"sft": "rl", "rl": "sft"}))
    table = read_table(pl.concat([FRAME, other]))
    numbers = set(table.select("family", "stage", "stage_index").iter_rows())
    assert numbers == {("f", "sft", 0), ("f", "rl", 1), ("g", "rl", 0), ("g", "sft", 1)}


def test_every_source_gives_the_same_table(tmp_path: Path) -> None:
    expected = read_table(FRAME)
    columns = {name: [row[name] for row in ROWS] for name in ROWS[0]}
    FRAME.write_parquet(tmp_path / "t.parquet")
    FRAME.write_csv(tmp_path / "t.csv")
    FRAME.write_ndjson(tmp_path / "t.jsonl")
    FRAME.write_ndjson(tmp_path / "t.ndjson")
    sources = [
        *(tmp_path / name for name in ("t.parquet", "t.csv", "t.jsonl", "t.ndjson")),
        str(tmp_path / "t.csv"),
        FRAME.lazy(),
        FRAME.with_columns(pl.col("stage").cast(pl.Categorical)),
        pa.table(columns),
        pd.DataFrame(columns),
        pd.DataFrame(columns).astype({"value": "Int64"}),
        pd.DataFrame(columns).astype({"value": object, "stage": "category"}),
        pd.DataFrame(columns).convert_dtypes(),
    ]
    for source in sources:
        assert_frame_equal(read_table(source), expected)


def test_pandas_without_pyarrow() -> None:
    code = """
import sys
sys.modules["pyarrow"] = None
import pandas as pd
from stagelens.outcomes.table import read_table
frame = pd.DataFrame({"family": ["f", "f"], "stage": ["a", "b"], "benchmark": "b", "measure": "misaligned",
                      "item": [1, 1], "value": [True, False], "judge": ["x", None], "epoch": [1.0, float("nan")]})
table = read_table(frame)
assert table["item"].to_list() == ["1", "1"], table
assert table["value"].to_list() == [1.0, 0.0], table
assert table["judge"].to_list() == ["x", None], table
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_light_imports() -> None:
    code = """
import sys
import stagelens.analysis, stagelens.outcomes.inspect_logs
from stagelens.outcomes.importers import csv, inspect, lm_eval, odcv
heavy = {"torch", "inspect_ai", "transformers", "pandas", "pyarrow", "scipy.stats"} & set(sys.modules)
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_csv_as_people_write_it(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_bytes(
        "\ufefffamily,stage,benchmark,measure,item,value,epoch,higher_is_worse,cause\r\n"
        'f,a,b,misaligned,"one, two",1,1.0,True,\r\n'
        'f,b,b,misaligned,"one, two",,1,TRUE,"judge said ""no""\nand left"\r\n'.encode()
    )
    table = read_table(file)
    assert table["item"].to_list() == ["one, two"] * 2
    assert table["value"].to_list() == [1.0, None]
    assert table["cause"].to_list() == [None, 'judge said "no"\nand left']
    assert table["higher_is_worse"].to_list() == [True, True]


def test_a_large_seed_keeps_its_digits(tmp_path: Path) -> None:
    seed = 2**53 + 1
    for suffix in ("csv", "jsonl", "parquet"):
        file = tmp_path / f"t.{suffix}"
        write_table(read_table(FRAME.with_columns(seed=pl.lit(seed))), file)
        assert read_table(file)["seed"].to_list() == [seed] * 4


def test_counts_statuses_in_order() -> None:
    assert count_statuses(read_table(FRAME)) == {"scored": 3, "ungraded": 1}


def test_written_rows_are_primary_measure_first_and_sorted() -> None:
    second = FRAME.with_columns(measure=pl.lit("a_later_one"))
    table = ordered(read_table(pl.concat([FRAME, second])))
    assert table["measure"].to_list() == ["misaligned"] * 4 + ["a_later_one"] * 4
    assert list(zip(table["stage"], table["item"], strict=True))[:4] == [
        ("sft", "007"),
        ("sft", "8"),
        ("rl", "007"),
        ("rl", "8"),
    ]


@pytest.mark.parametrize("suffix", ["parquet", "csv", "jsonl"])
def test_the_same_rows_give_the_same_bytes(suffix: str, tmp_path: Path) -> None:
    table = read_table(FRAME)
    write_table(table, tmp_path / f"one.{suffix}")
    write_table(table[[0, 3, 2, 1]], tmp_path / f"two.{suffix}")
    assert (tmp_path / f"one.{suffix}").read_bytes() == (tmp_path / f"two.{suffix}").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"one.{suffix}", f"two.{suffix}"]


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "t.csv"
    file.write_text("old")

    def fail(*args: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(KeyboardInterrupt):
        write_table(read_table(FRAME), file)
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_a_probability_is_kept_and_written_only_where_there_is_one(tmp_path: Path) -> None:
    labelled = read_table(FRAME.with_columns(judge=pl.lit("human"), probability=pl.Series([0.5, None, 1, 0.01])))
    assert labelled.columns == [*COLUMNS, "probability"]
    assert labelled["probability"].to_list() == [0.5, None, 1.0, 0.01]
    empty = read_table(FRAME.with_columns(probability=pl.lit(None, pl.Float64)))
    assert empty["probability"].null_count() == 4
    for suffix in ("parquet", "csv", "jsonl"):
        file = tmp_path / f"t.{suffix}"
        write_table(labelled, file)
        assert_frame_equal(read_table(file), ordered(labelled))
        write_table(empty, file)
        assert read_table(file).columns == list(COLUMNS)


words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=6)


@st.composite
def tables(draw: st.DrawFn) -> pl.DataFrame:
    stages = draw(st.lists(words, min_size=1, max_size=3, unique=True))
    items = draw(st.lists(words, min_size=1, max_size=4, unique=True))
    rows = []
    for index, stage in enumerate(stages):
        for item in items:
            status = draw(st.sampled_from(STATUSES))
            rows.append(
                {
                    "family": "f",
                    "stage": stage,
                    "benchmark": "b",
                    "measure": "other",
                    "item": item,
                    "value": draw(st.floats(allow_nan=False, allow_infinity=False)) if status == "scored" else None,
                    "status": status,
                    "cause": draw(st.none() | words),
                    "stage_index": index,
                    "cluster": f"cluster of {item}",
                    "epoch": draw(st.integers(0, 2**40)),
                    "seed": draw(st.integers(-(2**63), 2**63 - 1)),
                    "judge": draw(st.none() | words),
                    "stratum": draw(st.none() | words),
                    "higher_is_worse": False,
                }
            )
    return pl.DataFrame(rows, schema=COLUMNS)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(table=tables(), suffix=st.sampled_from(["parquet", "csv", "jsonl"]))
def test_what_is_written_is_read(table: pl.DataFrame, suffix: str, tmp_path: Path) -> None:
    file = tmp_path / f"t.{suffix}"
    write_table(read_table(table), file)
    assert_frame_equal(read_table(file), ordered(table), check_exact=True)
