"""The scratch folder of a training: what a killed one leaves behind, so that the same call goes on from there.

The folder holds transformers' own checkpoints (``checkpoint-<step>``: weights, optimizer, schedule, random numbers), of
which the last whole one counts. A checkpoint is whole once ``WHOLE`` stands in it: that is written last, and after all
else has reached the disk. The folder belongs to one set of inputs; others begin anew.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from stagelens.study.fingerprint import fingerprint

KEY: Final = "inputs.txt"
WHOLE: Final = "whole"
STEPS_RUN: Final = "steps-run"
PREFIX: Final = "checkpoint-"


@contextmanager
def scratch_folder(scratch: Path | None, inputs: Mapping[str, Any]) -> Iterator[Path]:
    """The folder to train in: ``scratch``, with what an earlier call for the same inputs left there, or a new one.

    It is gone when the block ends well, and after an error too unless it holds something to go on from. Of several
    processes that train together the first makes and removes it.

    Args:
        scratch: where it is, and outlives the process; None for a temporary folder.
        inputs: all that decides the training, in plain JSON types.
    """
    if scratch is None:
        with tempfile.TemporaryDirectory(prefix="stagelens-") as work:
            yield Path(work)
        return
    if not is_first_process():
        yield scratch
        return
    _claim(scratch, fingerprint(inputs))
    try:
        yield scratch
    except BaseException:
        if not whole_steps(scratch):
            shutil.rmtree(scratch)
        raise
    shutil.rmtree(scratch)


def is_first_process() -> bool:
    """Whether this process is the only one of its training, or the one that writes: launchers number them in RANK."""
    return os.environ.get("RANK", "0") == "0"


def whole_steps(work: Path) -> dict[int, Path]:
    """The whole training checkpoints in ``work``, by step, in order."""
    found = {int(each.parent.name.removeprefix(PREFIX)): each.parent for each in work.glob(f"{PREFIX}*/{WHOLE}")}
    return dict(sorted(found.items()))


def last_whole(work: Path) -> Path | None:
    """The checkpoint to go on from; None where there is none."""
    whole = whole_steps(work)
    return whole[max(whole)] if whole else None


def keep_only(work: Path, kept: Path | None) -> None:
    """Remove every training checkpoint but ``kept``, half-written ones too."""
    for each in work.glob(f"{PREFIX}*"):
        if each != kept:
            (each / WHOLE).unlink(missing_ok=True)  # first: what is half removed is not whole
            shutil.rmtree(each)


def declare_whole(checkpoint: Path) -> None:
    """Mark a training checkpoint as whole once all of its files have reached the disk."""
    for each in sorted(path for path in checkpoint.rglob("*") if path.is_file()):
        _to_disk(each)
    (checkpoint / WHOLE).touch()
    _to_disk(checkpoint)


def count_step(work: Path) -> None:
    """One more step has been run here, whether or not a kill undoes it: a byte, since a byte is written whole."""
    with (work / STEPS_RUN).open("ab") as file:
        file.write(b".")


def steps_run(work: Path) -> int:
    """Steps run in this folder by all calls together."""
    path = work / STEPS_RUN
    return path.stat().st_size if path.is_file() else 0


def _claim(scratch: Path, key: str) -> None:
    written = scratch / KEY
    if not written.is_file() or written.read_text(encoding="utf-8") != key:
        if scratch.exists():
            shutil.rmtree(scratch)
        scratch.mkdir(parents=True)
        written.write_text(key, encoding="utf-8")


def _to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
