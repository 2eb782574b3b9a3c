"""Keys: rows that agree have one code, in the values' order, whatever the sizes."""

from __future__ import annotations

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from stagelens.outcomes.codes import coded, combined, key_of, number_key
from stagelens.outcomes.table import read_coded, read_table

numbers = st.integers(-(2**63), 2**63 - 1) | st.integers(-3, 3)


@given(st.lists(st.tuples(numbers, numbers, numbers), min_size=1, max_size=12))
def test_a_combined_key_orders_and_tells_apart_like_tuples(rows: list[tuple[int, int, int]]) -> None:
    key = combined([number_key(np.array(column, dtype=np.int64)) for column in zip(*rows, strict=True)])
    ranks = {row: rank for rank, row in enumerate(sorted(set(rows)))}
    dense = key.dense()
    np.testing.assert_array_equal(dense.codes, [ranks[row] for row in rows])
    assert dense.size == key.distinct() == len(ranks)
    np.testing.assert_array_equal(key.firsts(), sorted({rows.index(row) for row in rows}))


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), min_size=1, max_size=12))
def test_a_key_is_undecided_where_rows_differ(rows: list[tuple[int, int]]) -> None:
    codes, other = (np.array(column) for column in zip(*rows, strict=True))
    key = number_key(codes)
    undecided = key.undecided(other)[key.codes]
    expected = [len({b for a, b in rows if a == code}) > 1 for code, _ in rows]
    np.testing.assert_array_equal(undecided, expected)


def test_empty_fields_agree_with_each_other_only() -> None:
    table = read_coded(
        pl.DataFrame(
            {"family": "f", "stage": ["a", "a", "a", "b"], "benchmark": "b", "measure": "m", "value": 1.0}
            | {"item": ["i", "j", "k", "i"], "judge": [None, None, "x", "x"]}
        )
    )
    np.testing.assert_array_equal(key_of(table, "judge").dense().codes, [0, 0, 1, 1])
    np.testing.assert_array_equal(key_of(table, "stage", "judge").dense().codes, [0, 0, 1, 2])


def test_a_coded_table_says_the_same() -> None:
    frame = pl.DataFrame(
        {"family": "f", "stage": ["z", "a"], "benchmark": "b", "measure": "m", "item": "i", "value": [1.0, None]}
    )
    plain = read_table(frame)
    table = read_coded(frame)
    assert table.select(pl.col(name).cast(dtype) for name, dtype in plain.schema.items()).equals(plain)
    assert coded(plain).equals(table)
    assert coded(table) is table
