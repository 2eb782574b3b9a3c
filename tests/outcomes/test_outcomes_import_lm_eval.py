"""Samples of lm-evaluation-harness: every document under every metric."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from stagelens.errors import InputError
from stagelens.outcomes.importers.lm_eval import import_lm_eval

DATE = "2026-01-02T03-04-05.678901"


def line(doc: int, filter_: str = "none", **metrics: Any) -> dict[str, Any]:
    own = {"doc_id": doc, "doc": {"question": f"Q{doc}"}, "target": "4", "resps": [["4"]], "filtered_resps": ["4"]}
    return own | {"filter": filter_, "metrics": list(metrics), "doc_hash": f"hash{doc}", **metrics}


def write(folder: Path, task: str, lines: list[dict[str, Any]], date: str = DATE) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"samples_{task}_{date}.jsonl"
    path.write_text("".join(json.dumps(each) + "\n" for each in lines))
    return path


def test_every_document_has_a_row_for_every_metric(tmp_path: Path) -> None:
    for model, right in (("base", 0.0), ("tuned", 1.0)):
        lines = [line(doc, acc=right, bits=2.5, word_perplexity=[1.0, 2]) for doc in range(3)]
        write(tmp_path / model, "quiz", lines)
        directions = {"quiz": {"acc": True, "bits": False}}
        (tmp_path / model / f"results_{DATE}.json").write_text(json.dumps({"higher_is_better": directions}))
    found = import_lm_eval([str(tmp_path / "base"), f"sft={tmp_path / 'tuned'}"])
    table = found.table
    assert table.height == 2 * 3 * 2
    assert table.select("stage", "stage_index").unique().sort("stage_index").rows() == [("base", 0), ("sft", 1)]
    assert table.filter(stage="sft", measure="acc")["value"].to_list() == [1.0] * 3
    worse = dict(table.select("measure", "higher_is_worse").unique().iter_rows())
    assert worse == {"acc": False, "bits": True}
    assert set(table["benchmark"]) == {"quiz"}
    assert len(found.notes) == 2
    assert "word_perplexity has no single value in 3 document(s)" in found.notes[0]


def test_filters_are_measures_of_their_own_and_the_newest_file_counts(tmp_path: Path) -> None:
    older = [line(0, name, exact_match=0.0) for name in ("strict", "flexible")]
    newer = [line(0, "strict", exact_match=0.0), line(0, "flexible", exact_match=float("nan"))]
    write(tmp_path / "m", "math", older, "2025-01-01T00-00-00.0")
    write(tmp_path / "m", "math", newer)
    found = import_lm_eval([str(tmp_path)], worse=["exact_match"])
    rows = found.table.select("measure", "value", "status", "cause").rows()
    assert rows == [
        ("exact_match_strict", 0.0, "scored", None),
        ("exact_match_flexible", None, "ungraded", "the value is nan"),
    ]
    assert found.table["higher_is_worse"].all()
    assert found.notes == (f"math by m: 1 older file(s) were left out; samples_math_{DATE}.jsonl was read.",)


def test_an_older_release_says_no_metrics(tmp_path: Path) -> None:
    old = {"doc_id": 0, "doc": {}, "target": 1, "resps": [], "acc": 1.0, "acc_norm": 0.0}
    write(tmp_path / "m", "quiz", [old])
    measures = set(import_lm_eval([str(tmp_path)]).table["measure"])
    assert measures == {"acc", "acc_norm"}


def test_a_value_of_another_form_is_ungraded_and_not_dropped(tmp_path: Path) -> None:
    write(tmp_path / "m", "quiz", [line(0, acc=1.0), line(1, acc=[1.0, 2]), line(2, acc=10**400), line(3)])
    found = import_lm_eval([str(tmp_path)])
    assert found.table.select("item", "value", "cause").rows() == [
        ("0", 1.0, None),
        ("1", None, "the value is a list"),
        ("2", None, "the value is a number too large"),
        ("3", None, "no value"),
    ]


def test_an_empty_answer_is_none_and_other_words_are_said(tmp_path: Path) -> None:
    """As releases of 2026 write it: two attempts, both empty, graded 0; a likelihood's pairs are no answers."""
    silent = line(0, exact_match=0.0) | {"resps": [["", " \n"]], "filtered_resps": [""], "prompt_hash": "a"}
    half = line(1, exact_match=0.0) | {"resps": [["", "5"]], "prompt_hash": "b"}
    chosen = line(2, exact_match=1.0) | {"resps": [[["-9.4", "False"]], [["-6.5", "True"]]], "prompt_hash": "c"}
    write(tmp_path / "a", "quiz", [silent, half, chosen])
    write(tmp_path / "b", "quiz", [each | {"prompt_hash": "z", "resps": [["4"]]} for each in (silent, half, chosen)])
    found = import_lm_eval([str(tmp_path / "a"), str(tmp_path / "b")])
    assert found.table.filter(stage="a").select("item", "value", "status", "cause").rows() == [
        ("0", None, "incapable", "the answer is empty"),
        ("1", 0.0, "scored", None),
        ("2", 1.0, "scored", None),
    ]
    assert found.table.filter(stage="b")["value"].to_list() == [0.0, 0.0, 1.0]
    assert len(found.notes) == 2
    assert "the answer to 1 document(s) is empty: incapable, whatever its grade." in found.notes[0]
    assert "3 document(s) were asked in other words than by the first stage" in found.notes[1]


def test_what_cannot_be_taken_gets_one_sentence(tmp_path: Path) -> None:
    one = write(tmp_path / "a", "quiz", [line(0, acc=1.0)])
    other = write(tmp_path / "b", "quiz", [line(0, acc=1.0) | {"doc_hash": "else"}])
    torn = write(tmp_path / "c", "quiz", [line(0, acc=1.0)])
    torn.write_text(torn.read_text()[:-20])
    named = tmp_path / "mine.jsonl"
    named.write_text(one.read_text())
    strange = write(tmp_path / "d", "quiz", [{"item": 1}])
    for given, said in {
        (str(tmp_path / "nowhere"),): "There is nothing at",
        (str(one), str(other)): "line 1: document 0 of quiz is another one than in",
        (str(torn),): "cannot be read as samples",
        (str(named),): "is not named samples_<task>_<date>",
        (str(strange),): "line 1 is no object with a `doc_id`",
    }.items():
        with pytest.raises(InputError, match=said):
            import_lm_eval(given)
