"""Every kind of bad table: one sentence with the place, the field and the mend."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import polars as pl
import pytest

from stagelens.errors import InputError
from stagelens.outcomes.table import read_table, write_table

FRAME = pl.DataFrame(
    {
        "family": "f",
        "stage": ["a", "b", "a", "b"],
        "benchmark": "bench",
        "measure": "misaligned",
        "item": ["i", "i", "j", "j"],
        "value": [1.0, 0.0, 0.0, 1.0],
        "status": "scored",
        "cluster": ["c", "c", "d", "d"],
        "stage_index": [0, 1, 0, 1],
        "higher_is_worse": True,
    }
)


def at(row: int, name: str, value: object) -> pl.DataFrame:
    column = FRAME[name].to_list()
    column[row] = value
    return FRAME.with_columns(pl.Series(name, column, strict=False))


BAD: dict[str, tuple[pl.DataFrame, str]] = {
    "missing column": (FRAME.rename({"value": "valeu"}), "the column 'value' is missing: rename 'valeu'"),
    "missing column, none like it": (FRAME.drop("item"), "the column 'item' is missing: the table has family, stage,"),
    "unknown column": (FRAME.with_columns(epochs=1), "the column 'epochs' is not known: did you mean 'epoch'?"),
    "unknown column, none like it": (
        FRAME.with_columns(zzz=1),
        "the column 'zzz' is not known: known are cause, epoch",
    ),
    "no rows": (FRAME.clear(), "has no rows"),
    "empty required": (at(2, "item", None), "row 3: item is empty"),
    "empty text": (at(2, "stage", ""), "row 3: stage is empty"),
    "not a number": (at(1, "value", "many"), "row 2: value is 'many', which is not a number"),
    "not a whole number": (at(1, "stage_index", 0.5), "row 2: stage_index is '0.5', which is not a whole number"),
    "not a truth value": (at(3, "higher_is_worse", "maybe"), "row 4: higher_is_worse is 'maybe', which is not true or"),
    "above a rate": (at(1, "value", 1.5), "row 2: value is 1.5, and misaligned goes from 0 to 1"),
    "below a rate": (at(3, "value", -0.1), "row 4: value is -0.1, and misaligned goes from 0 to 1"),
    "severity": (
        at(1, "value", 6.0).with_columns(measure=pl.lit("severity")),
        "row 2: value is 6, and severity goes from 0 to 5",
    ),
    "not finite": (at(1, "value", float("inf")), "row 2: value is inf: leave it empty"),
    "NaN": (at(2, "value", float("nan")), "row 3: value is nan: leave it empty"),
    "unknown status": (at(1, "status", "scord"), "row 2: status is 'scord': did you mean 'scored'?"),
    "scored without a value": (at(3, "value", None), "row 4: status is 'scored' but value is empty"),
    "value without scored": (at(0, "status", "ungraded"), "row 1: value is 1 though status is 'ungraded'"),
    "twice": (pl.concat([FRAME, FRAME[1:2]]), r"row 5: the same answer as row 2 (family f, stage b, benchmark bench"),
    "two positions": (at(2, "stage_index", 2), "row 3: stage_index of f/a is 2 here and 0 before"),
    "one position twice": (
        FRAME.with_columns(stage_index=pl.lit(0)),
        "row 2: stage_index 0 of f is b here and a before",
    ),
    "positions in part": (at(1, "stage_index", None), "row 2: stage_index is empty, and other rows of f have one"),
    "two clusters": (at(3, "cluster", "e"), "row 4: item 'j' of bench is in cluster 'e' here and in 'd' in row 3"),
    "two directions": (at(1, "higher_is_worse", False), "row 2: higher_is_worse of bench/misaligned is false here and"),
    "no chance": (
        FRAME.with_columns(probability=pl.Series([0.5, None, 0.0, 1.0])),
        "row 3: probability is 0, but the chance of being drawn for a label is above 0 and at most 1",
    ),
    "more than a chance": (
        FRAME.with_columns(probability=pl.Series([0.5, 1.5, 0.5, 1.0])),
        "row 2: probability is 1.5, but the chance",
    ),
    "nested": (FRAME.with_columns(pl.concat_list("item")), "item holds List(String), not single values"),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_tables(kind: str, tmp_path: Path) -> None:
    frame, message = BAD[kind]
    with pytest.raises(InputError, match=re.escape(message)):
        read_table(frame)
    file = tmp_path / "t.parquet"
    frame.write_parquet(file)
    with pytest.raises(InputError, match=re.escape(f"{file}")):
        read_table(file)


@pytest.mark.parametrize(
    "kind", [name for name, (frame, _) in BAD.items() if name not in ("nested", "no rows", "NaN", "not finite")]
)
def test_bad_json_lines_name_the_line(kind: str, tmp_path: Path) -> None:
    frame, message = BAD[kind]
    file = tmp_path / "t.jsonl"
    frame.write_ndjson(file)
    with pytest.raises(InputError, match=re.escape(message.replace("row ", "line "))):
        read_table(file)


HEADER = "family,stage,benchmark,measure,item,value"
GOOD = "f,a,b,misaligned,i,1"
LINE = '{"family": "f", "stage": "a", "benchmark": "b", "measure": "misaligned", "item": "i", "value": 1}'
FILES: dict[str, tuple[str, bytes, str]] = {
    "empty": ("t.csv", b"", "is empty"),
    "empty lines": ("t.jsonl", b"\n\n", "is empty"),
    "header only": ("t.csv", HEADER.encode(), "has no rows"),
    "cut off": ("t.csv", f"{HEADER}\n{GOOD}\nf,b,b,misali".encode(), "line 3: 4 fields where the header has 6"),
    "too long": ("t.csv", f"{HEADER}\n{GOOD},x\n".encode(), "line 2: 7 fields where the header has 6"),
    "open quote": ("t.csv", f'{HEADER}\n"f,a,b,misaligned,i,1\n'.encode(), "line 2: not CSV"),
    "column twice": ("t.csv", f"{HEADER},item\n{GOOD},i\n".encode(), "line 1: the column 'item' stands there twice"),
    "not UTF-8": ("t.csv", f"{HEADER}\n{GOOD}\n".encode() + b"\xff", "line 3: not UTF-8"),
    "not JSON": ("t.jsonl", f"{LINE}\n{{oops\n".encode(), "line 2: not JSON"),
    "cut JSON": ("t.jsonl", f'{LINE}\n{{"family": "f", "sta'.encode(), "line 2: not JSON"),
    "not an object": ("t.jsonl", f"{LINE}\n[1]\n".encode(), "line 2: not a JSON object"),
    "empty line": ("t.jsonl", f"{LINE}\n\n{LINE}\n".encode(), "line 2: the line is empty"),
    "NaN": ("t.jsonl", LINE.replace("1}", "NaN}").encode(), "line 1: not JSON (NaN is not a JSON number"),
    "not Parquet": ("t.parquet", b"PAR1 and then nothing", "is not a whole Parquet file"),
    "suffix": ("t.xlsx", b"x", "is not named like a table"),
}


@pytest.mark.parametrize("kind", FILES)
def test_bad_files(kind: str, tmp_path: Path) -> None:
    name, content, message = FILES[kind]
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises(InputError, match=re.escape(message)) as caught:
        read_table(file)
    assert str(file) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_cut_off_parquet(tmp_path: Path) -> None:
    file = tmp_path / "t.parquet"
    FRAME.write_parquet(file)
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(InputError, match="is not a whole Parquet file"):
        read_table(file)


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="There is no table at"):
        read_table(tmp_path / "absent.csv")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(InputError, match="cannot be read"):
        read_table(tmp_path / "folder.csv")


def test_not_a_table() -> None:
    with pytest.raises(InputError, match="A dict is not an outcome table"):
        read_table({"family": ["f"]})
    frame = pd.DataFrame([[1, 2]], columns=["item", "item"])
    with pytest.raises(InputError, match="two columns named 'item'"):
        read_table(frame)


def test_unwritable(tmp_path: Path) -> None:
    table = read_table(FRAME)
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        write_table(table, tmp_path / "file" / "t.parquet")
    with pytest.raises(InputError, match="not named like a table"):
        write_table(table, tmp_path / "t.txt")
