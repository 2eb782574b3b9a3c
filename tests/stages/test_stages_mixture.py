"""Mixtures: what is read, what is refused and where, and a draw that repeats."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stagelens.errors import InputError
from stagelens.stages.mixture import draw, fingerprint, read, read_source, shares
from stagelens.study.spec import Mixture, Source, StageKind


def source(path: Path | str, **more: Any) -> Source:
    return Source(**({"name": "s", "path": str(path)} | more))


def write(path: Path, rows: list[Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.mark.parametrize(
    ("kind", "content", "wanted"),
    [
        ("pretrain", "", "is empty; give it"),
        ("pretrain", '{"text": "a"}\n\n{"text": "b"}\n', "line 2 is empty"),
        ("pretrain", '{"text": "a"}\n{"text": \n', "line 2 is not JSON"),
        ("pretrain", '["a"]\n', "line 1 is not a JSON object"),
        (
            "pretrain",
            '{"text": "a"}\n{"txt": "b"}\n',
            "line 2: a row for pretrain needs `text`, and this one has `txt`",
        ),
        ("pretrain", '{"text": " "}\n', "line 1: `text` is an empty text"),
        ("pretrain", '{"text": ["a"]}\n', "line 1: `text` must be a text"),
        ("sft", '{"text": "a"}\n', "needs `messages` or `prompt` and `completion`"),
        ("sft", '{"prompt": "a"}\n', "needs `messages` or `prompt` and `completion`"),
        ("sft", '{"messages": "a"}\n', "`messages` must be a list of messages"),
        ("sft", '{"messages": []}\n', "`messages` must be a list of messages"),
        ("sft", '{"messages": [{"role": "user"}]}\n', "needs `role` and `content`"),
        ("rl", '{"text": "a"}\n', "a row for rl needs `prompt`"),
        ("rl", "{}\n", "this one has no field"),
    ],
)
def test_a_bad_row_is_named_by_file_and_line(tmp_path: Path, kind: StageKind, content: str, wanted: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(content)
    with pytest.raises(InputError) as caught:
        read_source(source("./rows.jsonl"), tmp_path, kind)
    assert wanted in str(caught.value)
    assert str(path) in str(caught.value)


def test_bytes_that_are_no_text_are_refused_by_line(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_bytes(b'{"text": "a"}\n{"text": "\xff"}\n')
    with pytest.raises(InputError, match="line 2 is not JSON"):
        read_source(source("./rows.jsonl"), tmp_path, "pretrain")


def test_a_missing_file_and_a_strange_one_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no file"):
        read_source(source("./none.jsonl"), tmp_path, "sft")
    (tmp_path / "rows.txt").write_text("a")
    with pytest.raises(InputError, match=r"must be a \.jsonl or a \.parquet"):
        read_source(source("./rows.txt"), tmp_path, "sft")
    (tmp_path / "rows.parquet").write_text("a")
    with pytest.raises(InputError, match="not a readable Parquet"):
        read_source(source("./rows.parquet"), tmp_path, "sft")


def test_only_the_trained_fields_are_kept_and_the_file_is_hashed(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", [{"prompt": "p", "completion": "c", "author": "x"}])
    content = read_source(source(path), tmp_path, "sft")
    assert list(content.rows) == [{"prompt": "p", "completion": "c"}]
    assert content.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_parquet_rows_equal_jsonl_rows(tmp_path: Path) -> None:
    rows = [{"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]}] * 2
    pl.DataFrame(rows).write_parquet(tmp_path / "a.parquet")
    write(tmp_path / "a.jsonl", rows)
    from_parquet = read_source(source("./a.parquet"), tmp_path, "sft")
    assert list(from_parquet.rows) == list(read_source(source("./a.jsonl"), tmp_path, "sft").rows) == rows


def test_a_filter_keeps_equal_rows_and_may_not_keep_none(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", [{"text": str(n), "lang": "en" if n % 2 else "de", "bad": None} for n in range(4)])
    content = read_source(source("./a.jsonl", filter={"lang": "en"}), tmp_path, "pretrain")
    assert [row["text"] for row in content.rows] == ["1", "3"]
    with pytest.raises(InputError, match="lang = 'fr'"):
        read_source(source("./a.jsonl", filter={"lang": "fr"}), tmp_path, "pretrain")


def test_a_filter_leaves_other_shapes_alone(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", [{"text": "t", "kind": "doc"}, {"prompt": "p", "kind": "ask"}])
    assert len(read_source(source("./a.jsonl", filter={"kind": "ask"}), tmp_path, "rl").rows) == 1


@pytest.fixture
def two(tmp_path: Path) -> tuple[Path, Mixture]:
    write(tmp_path / "a.jsonl", [{"text": f"a{n}"} for n in range(10)])
    write(tmp_path / "b.jsonl", [{"text": f"b{n}"} for n in range(4)])
    sources = (source("./a.jsonl", name="a", weight=3), source("./b.jsonl", name="b", weight=1))
    return tmp_path, Mixture(examples=24, sources=sources)


def test_a_draw_follows_the_weights_and_goes_round(two: tuple[Path, Mixture]) -> None:
    folder, mixture = two
    rows = draw(read(mixture, folder, "pretrain"), mixture, seed=0)
    assert Counter(row["source"] for row in rows) == {"a": 18, "b": 6}
    times = Counter(row["text"] for row in rows)
    assert {times[f"a{n}"] for n in range(10)} == {1, 2}
    assert {times[f"b{n}"] for n in range(4)} == {1, 2}


def test_a_draw_repeats_and_depends_on_the_seed(two: tuple[Path, Mixture]) -> None:
    folder, mixture = two
    contents = read(mixture, folder, "pretrain")
    assert draw(contents, mixture, seed=1) == draw(contents, mixture, seed=1)
    assert draw(contents, mixture, seed=1) != draw(contents, mixture, seed=2)


def test_without_examples_every_row_comes_once(two: tuple[Path, Mixture]) -> None:
    folder, mixture = two
    all_of_them = mixture.model_copy(update={"examples": None})
    rows = draw(read(all_of_them, folder, "pretrain"), all_of_them, seed=0)
    assert sorted(row["text"] for row in rows) == sorted([f"a{n}" for n in range(10)] + [f"b{n}" for n in range(4)])


def test_taking_a_source_away_leaves_the_others_draw(two: tuple[Path, Mixture]) -> None:
    folder, mixture = two
    without = Mixture(examples=18, sources=mixture.sources[:1])
    kept = {row["text"] for row in draw(read(without, folder, "pretrain"), without, seed=5)}
    both = [row for row in draw(read(mixture, folder, "pretrain"), mixture, seed=5) if row["source"] == "a"]
    assert {row["text"] for row in both} == kept
    assert Counter(row["text"] for row in both) == Counter(
        row["text"] for row in draw(read(without, folder, "pretrain"), without, seed=5)
    )


@given(st.lists(st.floats(min_value=0.01, max_value=100), min_size=1, max_size=6), st.integers(1, 10_000))
def test_shares_are_whole_sum_up_and_are_near(weights: list[float], total: int) -> None:
    counts = shares(weights, total)
    assert sum(counts) == total
    for weight, count in zip(weights, counts, strict=True):
        assert abs(count - weight / sum(weights) * total) < 1


def test_the_fingerprint_sees_content_weight_and_filter(two: tuple[Path, Mixture]) -> None:
    folder, mixture = two
    before = fingerprint(read(mixture, folder, "pretrain"), mixture)
    assert json.loads(json.dumps(before)) == before
    write(folder / "b.jsonl", [{"text": "b0"}])
    assert fingerprint(read(mixture, folder, "pretrain"), mixture) != before
