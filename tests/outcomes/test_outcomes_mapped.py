"""Tables of any shape by a mapping file: what was left out is said, and nothing missing becomes a zero."""

from __future__ import annotations

import json
import re
from pathlib import Path

import polars as pl
import pytest

from stagelens.errors import InputError
from stagelens.outcomes.importers import their_rows
from stagelens.outcomes.importers.imported import Imported
from stagelens.outcomes.importers.mapped import import_mapped
from stagelens.outcomes.importers.mapping import read_mapping

WIDE = """\
id,set,run,kind,verdict,sev,split,model_said
1,a,run/1,harmful,refused,0,test,"I cannot,
really"
2,a,run/1,harmful,answered,3.0,test,x
3,a,run/1,benign,refused,1,test,x
4,a,run/1,harmful,timeout,,test,x
5,a,run/1,harmful,answered,2,train,x
1,a,rel,harmful,refused,0,test,x
2,a,rel,harmful,eh,4,test,x
3,a,rel,benign,answered,1,test,x
4,a,rel,harmful,,2,test,x
,a,rel,harmful,,2,test,x
9,a,other,harmful,,2,test,x
"""
WIDE_MAPPING = """\
stages: {sft: run/1, production: rel}
columns: {stage: run, item: [set, id], stratum: kind}
constants: {family: mine, benchmark: quiz}
only: {split: test}
measures:
  refused:
    column: verdict
    values: {refused: 1, answered: 0, timeout: unattempted}
    only: {kind: harmful}
    higher_is_worse: false
  severity: {column: sev}
"""
LONG_MAPPING = """\
columns: {measure: metric, item: meta.id, value: score, status: state, epoch: try}
constants: {benchmark: quiz}
measures:
  acc: {higher_is_worse: false, values: {1: 0, 2: 1}}
  graded: {}
statuses: {ok: scored, failed: unattempted}
"""
LONG = [
    {"metric": "acc", "meta": {"id": 1}, "score": 2, "state": "ok", "try": 1},
    {"metric": "acc", "meta": {"id": 2}, "score": 1.0, "state": "ok", "try": 1, "note": "x"},
    {"metric": "acc", "meta": {"id": 3}, "score": 1, "state": "failed", "try": 1},
    {"metric": "graded", "meta": {"id": 3}, "score": True, "state": "ok", "try": 1},
    {"metric": "graded", "meta": {"id": 4}, "score": float("nan"), "state": "ok", "try": 2},
    {"metric": "other", "meta": {"id": 4}, "score": 0, "state": "ok", "try": 2},
]


def imported(folder: Path, mapping: str, *files: str) -> Imported:
    file = folder / "mapping.yaml"
    file.write_text(mapping)
    return import_mapped(files, read_mapping(file))


@pytest.fixture
def wide(tmp_path: Path) -> str:
    file = tmp_path / "wide.csv"
    file.write_text(WIDE)
    return str(file)


@pytest.fixture
def long(tmp_path: Path) -> str:
    file = tmp_path / "long.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in LONG))
    return str(file)


def test_a_wide_table_gives_a_row_for_every_measure_that_is_asked(wide: str, tmp_path: Path) -> None:
    found = imported(tmp_path, WIDE_MAPPING, wide)
    refused = found.table.filter(measure="refused").select("stage", "stage_index", "item", "value", "status", "cause")
    assert refused.rows() == [
        ("sft", 0, "a/1", 1.0, "scored", None),
        ("sft", 0, "a/2", 0.0, "scored", None),
        ("sft", 0, "a/4", None, "unattempted", "the value is 'timeout'"),
        ("production", 1, "a/1", 1.0, "scored", None),
        ("production", 1, "a/2", None, "ungraded", "the value is 'eh', which is no number"),
        ("production", 1, "a/4", None, "ungraded", "no value"),
    ]
    severity = found.table.filter(measure="severity", stage="sft")
    assert severity["value"].to_list() == [0.0, 3.0, 1.0, None]
    assert severity["status"].to_list() == ["scored"] * 3 + ["ungraded"]
    assert dict(found.table.select("measure", "higher_is_worse").unique().iter_rows()) == {
        "refused": False, "severity": True
    }  # fmt: skip
    assert set(found.table["family"]) == {"mine"}
    assert set(found.table["stratum"]) == {"harmful", "benign"}
    assert found.notes == (
        "1 row(s) were left out: not split test.",
        "1 row(s) were left out: no item.",
        "2 row(s) were left out: refused is asked of kind harmful only.",
        "1 row(s) of other stages were left out: other (1).",
        "refused: 'eh' is no number and stands 1 time(s): ungraded, until `values` says more.",
        "Columns that the mapping does not name: model_said.",
    )


def test_a_long_table_and_its_statuses(long: str, tmp_path: Path) -> None:
    found = imported(tmp_path, LONG_MAPPING, f"sft={long}")
    assert found.table.select("measure", "item", "epoch", "value", "status", "cause").rows() == [
        ("acc", "1", 1, 1.0, "scored", None),
        ("acc", "2", 1, 0.0, "scored", None),
        ("acc", "3", 1, None, "unattempted", "the status is 'failed'"),
        ("graded", "3", 1, 1.0, "scored", None),
        ("graded", "4", 2, None, "ungraded", "the value is nan"),
    ]
    assert "1 row(s) of other measures were left out: other (1)." in found.notes
    assert "1 value(s) of rows whose status is unattempted were not taken over." in found.notes
    assert "Columns that the mapping does not name: note." in found.notes


def test_every_kind_of_file_gives_the_same_and_batches_do_not_matter(
    long: str, wide: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = imported(tmp_path, LONG_MAPPING, f"sft={long}")
    columns = {"metric": "metric", "score": "score", "state": "state", "try": "try", "note": "note"}
    frame = pl.DataFrame(
        [{**{ours: line.get(name) for ours, name in columns.items()}, "meta": line["meta"]} for line in LONG],
        schema_overrides={"score": pl.Float64, "try": pl.UInt8, "state": pl.Categorical},
        strict=False,
    )
    frame.write_parquet(tmp_path / "long.parquet")
    parquet = imported(tmp_path, LONG_MAPPING, f"sft={tmp_path / 'long.parquet'}")
    assert parquet.table.equals(whole.table)
    wide_whole = imported(tmp_path, WIDE_MAPPING, wide)
    monkeypatch.setattr(their_rows, "BATCH", 2)
    for name in ("long.jsonl", "long.parquet"):
        found = imported(tmp_path, LONG_MAPPING, f"sft={tmp_path / name}")
        assert found.table.sort("measure", "item").equals(whole.table.sort("measure", "item"))
        assert found.notes == whole.notes or name == "long.parquet"
    batched = imported(tmp_path, WIDE_MAPPING, wide)
    order = ["measure", "stage_index", "item"]
    assert batched.table.sort(order).equals(wide_whole.table.sort(order))
    assert set(batched.notes) == set(wide_whole.notes)


def test_files_may_be_the_stages(long: str, tmp_path: Path) -> None:
    again = tmp_path / "again.jsonl"
    again.write_text(Path(long).read_text())
    found = imported(tmp_path, LONG_MAPPING, f"production={again}", f"sft={long}")
    stages = found.table.select("stage", "stage_index").unique().sort("stage_index")
    assert stages.rows() == [("production", 0), ("sft", 1)]


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ("columns: {itm: id}", ":1: columns.itm: the key 'itm' is not known here; did you mean 'item'?"),
        (
            WIDE_MAPPING.replace("timeout: unattempted", "timeout: maybe"),
            ":8: measures.refused.values.timeout: must be a number, or incapable, ungraded or unattempted",
        ),
        (
            WIDE_MAPPING.replace("severity: {column: sev}", "severity: {}"),
            ":11: measures.severity: the key 'column' is missing, which other measures have",
        ),
        (WIDE_MAPPING.replace("stratum: kind", "value: sev"), ":2: columns.value: every measure has a column"),
        (WIDE_MAPPING.replace("benchmark: quiz", "stage: x"), "(and 2 more problems)"),
        (WIDE_MAPPING.replace(", benchmark: quiz", ""), "nothing says the benchmark"),
        (WIDE_MAPPING.replace("production: rel", "production: run/1"), "'run/1' stands for two stages"),
        ("columns: {item: id}\nconstants: {benchmark: q}", "no column has the values"),
        ("columns: {item: id, value: v}\nconstants: {benchmark: q}", "nothing says the measure"),
        (WIDE_MAPPING + "statuses: {ok: scored}", ":12: statuses: there is no status column"),
        (WIDE_MAPPING + "places: {}", "the key 'places' is not known here"),
        (
            WIDE_MAPPING.replace("production: rel", "production: rell"),
            "no row has the stage 'rell': did you mean 'rel'?",
        ),
        (WIDE_MAPPING.replace("column: sev", "column: sevr"), "has no column 'sevr': did you mean 'sev'?"),
        (WIDE_MAPPING.replace("split: test", "split: dev"), "Nothing could be taken over. 11 row(s) were left out"),
    ],
)
def test_a_mapping_that_cannot_be_is_one_sentence(mapping: str, message: str, wide: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=re.escape(message)):
        imported(tmp_path, mapping, wide)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (
            {"meta.id": "meta"},
            "line 1: meta is an object, not a single value: name what is meant in it, as meta.FIELD.",
        ),
        ({"meta.id": "meta.idd"}, "has no column 'meta.idd'"),
        ({"epoch: try": "epoch: metric"}, "line 1: epoch is 'acc', which is not a whole number."),
        ({", epoch: try": "", "meta.id": "metric"}, "line 2: the same answer as"),
        ({"graded:": "grade:"}, "no row has the measure 'grade': did you mean 'graded'?"),
    ],
)
def test_a_table_that_does_not_fit_is_named_with_its_line(
    changed: dict[str, str], message: str, long: str, tmp_path: Path
) -> None:
    mapping = LONG_MAPPING
    for old, new in changed.items():
        mapping = mapping.replace(old, new)
    with pytest.raises(InputError, match=re.escape(message)):
        imported(tmp_path, mapping, f"sft={long}")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("t.csv", WIDE + "1,a\n", "line 14: 2 fields where the header has 8"),
        ("t.csv", "", "is empty"),
        ("t.csv", "id,id\n", "line 1: the column 'id' stands there twice"),
        ("t.csv", "id\n\udcff\n", "is not UTF-8 text"),
        ("t.jsonl", "{}\n\n", "line 2: the line is empty"),
        ("t.jsonl", "[1]\n", "line 1: not a JSON object"),
        ("t.jsonl", "{", "line 1: not JSON"),
        ("t.parquet", "PAR", "cannot be read"),
    ],
)
def test_a_damaged_file_is_one_sentence(name: str, content: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / name
    file.write_bytes(content.encode(errors="surrogateescape"))
    mapping = (
        WIDE_MAPPING
        if content.startswith(WIDE)
        else "columns: {item: id, value: id}\nconstants: {benchmark: q, measure: m}"
    )
    given = str(file) if content.startswith(WIDE) else f"sft={file}"
    with pytest.raises(InputError, match=re.escape(message)):
        imported(tmp_path, mapping, given)


def test_who_says_the_stage(wide: str, long: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Nothing says which stage"):
        imported(tmp_path, LONG_MAPPING, long)
    with pytest.raises(InputError, match="leave one of the two out"):
        imported(tmp_path, WIDE_MAPPING, f"sft={wide}")
