"""Other people's tables, by a map of columns."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl
import pytest

from stagelens.errors import InputError
from stagelens.outcomes.importers.csv import import_csv

TEXT = "id,checkpoint,score,note,value\n1,sft,0.5,x,9\n1,rl,1,y,9\n"
MAP = ["item=id", "stage=checkpoint", "value=score", "family:=f", "benchmark:=safety", "measure:=misaligned"]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    file = tmp_path / "theirs.csv"
    file.write_text(TEXT)
    return file


def test_maps_renames_and_constants(table: Path) -> None:
    frame = import_csv(table, MAP)
    assert frame["item"].to_list() == ["1", "1"]
    assert frame["stage"].to_list() == ["sft", "rl"]
    assert frame["value"].to_list() == [0.5, 1.0]
    assert frame["benchmark"].to_list() == ["safety"] * 2


def test_every_format_gives_the_same(table: Path, tmp_path: Path) -> None:
    theirs = pl.read_csv(table)
    theirs.write_parquet(tmp_path / "t.parquet")
    theirs.write_ndjson(tmp_path / "t.jsonl")
    for source in (tmp_path / "t.parquet", tmp_path / "t.jsonl", theirs.to_pandas()):
        assert import_csv(source, MAP).equals(import_csv(table, MAP))


def test_a_column_may_be_used_twice(table: Path) -> None:
    frame = import_csv(table, [*MAP, "cluster=id", "judge:=a=b"])
    assert frame["cluster"].to_list() == ["1", "1"]
    assert frame["judge"].to_list() == ["a=b"] * 2


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        (["item"], "'item' is not COLUMN=THEIRS or COLUMN:=WORD"),
        (["item="], "'item=' is not COLUMN=THEIRS"),
        (["itm=id"], "an outcome table has no column 'itm': did you mean 'item'?"),
        (["item=idd"], "has no column 'idd': did you mean 'id'?"),
        (["item=id", "item=note"], "The column 'item' is mapped twice"),
        (MAP[1:], "theirs.csv: the column 'item' is missing"),
    ],
)
def test_bad_maps(entries: list[str], message: str, table: Path) -> None:
    with pytest.raises(InputError, match=re.escape(message)):
        import_csv(table, entries)


def test_a_column_that_nearly_has_our_name_is_not_dropped_in_silence(tmp_path: Path) -> None:
    file = tmp_path / "theirs.csv"
    file.write_text(TEXT.replace("note", "clusters"))
    with pytest.raises(InputError, match=re.escape("the column 'clusters' is not known: map it with cluster=clusters")):
        import_csv(file, MAP)
    assert import_csv(file, [*MAP, "cluster=id"]).height == 2


def test_errors_name_the_row(tmp_path: Path) -> None:
    file = tmp_path / "theirs.csv"
    file.write_text(TEXT.replace("rl,1,", "rl,2,"))
    with pytest.raises(InputError, match=r"theirs\.csv, row 2: value is 2, and misaligned goes from 0 to 1"):
        import_csv(file, MAP)
