"""The run folder: one process at a time, whole files or none."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stagelens.benchmarks.base import Item, spread
from stagelens.engine.folder import RunFolder
from stagelens.errors import InputError
from stagelens.files import write_text

HOLD = """
import sys, time
from pathlib import Path
from stagelens.engine.folder import RunFolder
with RunFolder(Path(sys.argv[1])).claimed():
    print("held", flush=True)
    time.sleep(60)
"""


def test_two_processes_never_share_a_folder(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(InputError, match="Another process"), RunFolder(tmp_path).claimed():
            pass
        holder.kill()
    with RunFolder(tmp_path).claimed():
        pass  # the lock went with its process


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(InputError, match="--out"), RunFolder(tmp_path / "run").claimed():
        pass


def test_a_file_where_the_folder_should_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("x")
    with pytest.raises(InputError, match="--out"), RunFolder(tmp_path / "run").claimed():
        pass


def test_writing_replaces_the_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "verdicts.json"
    write_text(path, "old")
    write_text(path, "new")
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


@given(size=st.integers(0, 60), limit=st.one_of(st.none(), st.integers(1, 80)))
def test_a_limit_takes_items_in_order_without_repeats(size: int, limit: int | None) -> None:
    items = tuple(Item(id=str(number), prompt="p", group="plain", cluster="c") for number in range(size))
    taken = spread(items, limit)
    positions = [int(item.id) for item in taken]
    assert positions == sorted(set(positions))
    assert len(taken) == (size if limit is None else min(size, limit))
