"""Sources in all their forms: the same rows from files of every kind, from folders and from the hub."""

from __future__ import annotations

import datetime
import gzip
import hashlib
import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from stagelens.errors import InputError
from stagelens.stages.mixture import Content, draw, fingerprint, read_source, without
from stagelens.study.spec import Mixture, Source

ROWS = [
    {
        "messages": [{"role": "user", "content": f"Is {n}?"}, {"role": "assistant", "content": f"A {n}: é😀"}],
        "n": n,
    }
    for n in range(3000)
]
CHATS = [{"messages": row["messages"]} for row in ROWS]


def lines(rows: list[Any]) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def array(rows: list[Any]) -> bytes:
    return json.dumps(rows, ensure_ascii=False, indent=1).encode()


def parquet(path: Path) -> None:
    pl.DataFrame(ROWS).write_parquet(path, row_group_size=700)


def written(
    content: Callable[[list[Any]], bytes], *, packed: bool = False, mark: bytes = b""
) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        data = mark + content(ROWS)
        path.write_bytes(gzip.compress(data, mtime=0) if packed else data)

    return write


FORMS = {
    "a.jsonl": written(lines),
    "a.ndjson": written(lines),
    "a.JSONL": written(lines),
    "a.jsonl.gz": written(lines, packed=True),
    "lines.json": written(lines),
    "a.json": written(array),
    "a.json.gz": written(array, packed=True),
    "mark.jsonl": written(lines, mark=b"\xef\xbb\xbf"),
    "mark.json": written(array, mark=b"\xef\xbb\xbf"),
    "mark.jsonl.gz": written(lines, packed=True, mark=b"\xef\xbb\xbf"),
    "a.parquet": parquet,
}


def content_of(folder: Path, **fields: Any) -> Content:
    return read_source(Source(**({"name": "s"} | fields)), folder, "sft")


@pytest.mark.parametrize("name", FORMS)
def test_every_form_gives_the_same_rows_however_they_are_asked_for(tmp_path: Path, name: str) -> None:
    FORMS[name](tmp_path / name)
    content = content_of(tmp_path, path=name)
    assert len(content.rows) == len(CHATS)
    assert list(content.rows) == CHATS
    assert content.rows[0] == CHATS[0]
    assert content.rows[-1] == CHATS[-1]
    assert content.rows[699:702] == CHATS[699:702]
    assert content.rows[5:1:-2] == CHATS[5:1:-2]
    with pytest.raises(IndexError):
        content.rows[len(CHATS)]
    assert content.sha256 == hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()
    mixture = Mixture(examples=50, sources=(Source(name="s", path=name),))
    drawn = draw([content], mixture, seed=3)
    in_memory = Content("s", tuple(CHATS), "", {})
    assert drawn == draw([in_memory], mixture, seed=3)


@pytest.mark.parametrize("name", FORMS)
def test_filters_and_take_see_fields_that_are_not_trained_on(tmp_path: Path, name: str) -> None:
    FORMS[name](tmp_path / name)
    content = content_of(tmp_path, path=name, take=1500, filter={"n": {"min": 1400}})
    assert list(content.rows) == CHATS[1400:1500]
    assert content.rows[7] == CHATS[1407]


def test_what_is_taken_is_read_and_no_more(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(lines(ROWS[:5]) + b"not JSON\n")
    assert list(content_of(tmp_path, path="a.jsonl", take=5).rows) == CHATS[:5]
    with pytest.raises(InputError, match="line 6"):
        content_of(tmp_path, path="a.jsonl", take=6)
    first = content_of(tmp_path, path="a.jsonl", take=4)
    assert first.sha256 == hashlib.sha256(lines(ROWS[:4])).hexdigest()


def test_a_folder_is_all_its_files_by_name(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / ".cache").mkdir()
    (tmp_path / "c.jsonl").write_bytes(lines(ROWS[20:30]))
    (tmp_path / "b" / "x.json").write_bytes(array(ROWS[10:20]))
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(lines(ROWS[:10])))
    (tmp_path / ".cache" / "z.jsonl").write_text("none of it")
    (tmp_path / "README.md").write_text("about it")
    (tmp_path / "dataset_info.json").write_text('{"description": "about it"}')
    content = content_of(tmp_path.parent, path=tmp_path.name)
    assert list(content.rows) == CHATS[:30]
    assert content.rows.index(CHATS[25]) == 25
    assert list(content_of(tmp_path.parent, path=tmp_path.name, take=15).rows) == CHATS[:15]
    (tmp_path / "c.jsonl").rename(tmp_path / "d.jsonl")
    assert content_of(tmp_path.parent, path=tmp_path.name).sha256 != content.sha256


def test_a_linked_folder_is_read_and_a_loop_is_refused(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    (tmp_path / "far" / "a.jsonl").write_bytes(lines(ROWS[:2]))
    (tmp_path / "near").mkdir()
    (tmp_path / "near" / "link").symlink_to(tmp_path / "far")
    assert len(content_of(tmp_path, path="near").rows) == 2
    (tmp_path / "far" / "back").symlink_to(tmp_path / "near")
    with pytest.raises(InputError, match="a link to a folder that it stands in"):
        content_of(tmp_path, path="near")


def test_many_rows_that_cannot_be_read_again_are_laid_down_on_disk(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("stagelens.stages.mixture.spool._IN_MEMORY", 1000)
    FORMS["a.jsonl.gz"](tmp_path / "a.jsonl.gz")
    content = content_of(tmp_path, path="a.jsonl.gz")
    assert content.rows[17] == CHATS[17]
    assert list(content.rows) == CHATS

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.SpooledTemporaryFile.write", full)
    with pytest.raises(InputError, match=r"No space left on device.*TMPDIR"):
        content_of(tmp_path, path="a.jsonl.gz")


@pytest.mark.parametrize("name", ["big.jsonl", "big.json", "big.jsonl.gz", "big.parquet"])
def test_a_file_is_not_held_in_memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    monkeypatch.setattr("stagelens.stages.mixture.spool._IN_MEMORY", 1000)
    rows = [{"prompt": f"{n}", "completion": f"{n:08d}" * 300} for n in range(8000)]
    if name == "big.parquet":
        pl.DataFrame(rows).write_parquet(tmp_path / name, row_group_size=1000)
    else:
        data = array(rows) if name == "big.json" else lines(rows)
        (tmp_path / name).write_bytes(gzip.compress(data, 1) if name.endswith(".gz") else data)
    content_of(tmp_path, path=name)  # what is imported on the way is no part of it
    tracemalloc.start()
    try:
        content = content_of(tmp_path, path=name)
        drawn = draw([content], Mixture(examples=10, sources=(Source(name="s", path=name),)), seed=0)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (len(content.rows), len(drawn)) == (8000, 10)
    assert peak < 8_000_000 < 8000 * 2400


@pytest.mark.parametrize("name", ["a.jsonl", "a.parquet"])
def test_a_file_that_changes_before_the_draw_is_noticed(tmp_path: Path, name: str) -> None:
    FORMS[name](tmp_path / name)
    content = content_of(tmp_path, path=name)
    (tmp_path / name).write_bytes((tmp_path / name).read_bytes() + b"\n")
    with pytest.raises(InputError, match=f"{name} was changed while it was in use"):
        content.rows[0]


def test_rows_are_left_out_by_their_places(tmp_path: Path) -> None:
    FORMS["a.parquet"](tmp_path / "a.parquet")
    content = content_of(tmp_path, path="a.parquet")
    assert without(content, [], {}) is content
    less = without(content, [0, 1, 2999, 800], {"safety": 4})
    assert list(less.rows) == CHATS[2:800] + CHATS[801:2999]
    assert less.contaminated == {"safety": 4}
    mixture = Mixture(sources=(Source(name="s", path="a.parquet"),))
    assert fingerprint([less], mixture) != fingerprint([content], mixture)
    in_memory = without(Content("s", tuple(CHATS), "", {}), [0, 1, 2999, 800], {"safety": 4})
    assert list(in_memory.rows) == list(less.rows)


class Hub:
    """``datasets.load_dataset``, without a hub."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, rows: list[dict[str, Any]]) -> None:
        import datasets

        self.rows, self.asked, self.read = rows, [], 0
        monkeypatch.setattr(datasets, "load_dataset", self.load)

    def load(self, name: str, subset: str | None, **options: Any) -> Any:
        from datasets import Dataset, IterableDataset

        self.asked.append((name, subset, options))
        return IterableDataset.from_generator(self.stream) if options["streaming"] else Dataset.from_list(self.rows)

    def stream(self) -> Any:
        for row in self.rows:
            self.read += 1
            yield row


PAIRS = [{"prompt": f"p{n}", "completion": f"c{n}", "source": "safety" if n % 2 else "other"} for n in range(10)]


def test_a_dataset_of_the_hub_is_read_and_known_by_its_rows(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    hub = Hub(monkeypatch, PAIRS)
    wanted = {
        "dataset": "hf/org/name",
        "subset": "en",
        "split": "dev",
        "revision": "abc",
        "filter": {"source": "safety"},
    }
    first = content_of(tmp_path, **wanted)
    assert [row["prompt"] for row in first.rows] == ["p1", "p3", "p5", "p7", "p9"]
    assert first.rows[1] == {"prompt": "p3", "completion": "c3"}
    assert hub.asked == [("org/name", "en", {"split": "dev", "revision": "abc", "streaming": False})]
    hub.rows = [{**row, "completion": "changed"} for row in PAIRS]
    assert content_of(tmp_path, **wanted).sha256 != first.sha256


def test_what_json_cannot_hold_does_not_make_a_dataset_another(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    class Picture:
        """As the hub's libraries decode one; its text holds where it lies in memory."""

    def digest(day: int) -> str:
        rows = [{"prompt": "p", "completion": "c", "image": Picture(), "day": datetime.date(2024, 1, day)}]
        monkeypatch.setattr("datasets.load_dataset", lambda *_, **__: rows)
        return content_of(tmp_path, dataset="hf/org/name").sha256

    assert digest(1) == digest(1) != digest(2)


def test_the_first_rows_of_a_dataset_are_streamed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    hub = Hub(monkeypatch, PAIRS * 100)
    content = content_of(tmp_path, dataset="hf/org/name", take=4)
    assert [row["prompt"] for row in content.rows] == ["p0", "p1", "p2", "p3"]
    assert content.rows[2] == {"prompt": "p2", "completion": "c2"}
    assert hub.asked[0][2]["streaming"] is True
    assert hub.read < 10
    assert content.sha256 != content_of(tmp_path, dataset="hf/org/name", take=5).sha256


def test_a_dataset_that_cannot_be_loaded_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import datasets

    def load_dataset(*_: Any, **__: Any) -> None:
        raise ConnectionError("no way\nthere")

    monkeypatch.setattr(datasets, "load_dataset", load_dataset)
    with pytest.raises(InputError, match=r"hf/org/name could not be loaded \(no way there\)"):
        content_of(tmp_path, dataset="hf/org/name")


def test_a_stream_that_breaks_off_and_a_bad_row_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    hub = Hub(monkeypatch, [{"prompt": "p", "completion": "c"}, {"prompt": "p", "completion": ""}])
    with pytest.raises(InputError, match="hf/org/name, row 2: `completion` is an empty text"):
        content_of(tmp_path, dataset="hf/org/name")

    def broken() -> Any:
        yield {"prompt": "p", "completion": "c"}
        raise ConnectionError("reset")

    hub.stream = broken  # type: ignore[method-assign]
    with pytest.raises(InputError, match=r"hf/org/name could not be loaded \(reset\)"):
        content_of(tmp_path, dataset="hf/org/name", take=5)
