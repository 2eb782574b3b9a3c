"""A machine that fails a run: a full disk, a folder that is read-only, too little memory, another run in the folder."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from disturbed import PHASES, Limits, phase_of, products, until
from disturbing.bench import DONE, INCOMPLETE, REFUSED, Bench, BrokenPromiseError, Study, Trial

NOT_ROOT = "skipped: only root may do this"
DISK = 64 * 2**20
"""Bytes."""


@contextmanager
def disk(place: Path) -> Iterator[Path | None]:
    """A small disk of its own (tmpfs); None where this user may not mount one."""
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(place)]
    mounted = os.geteuid() == 0 and subprocess.run(command, check=False, capture_output=True).returncode == 0
    try:
        yield place if mounted else None
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(place)], check=True)


def full_disk(bench: Bench) -> Iterator[Trial]:
    """The disk is full from a moment of each phase on; then there is room again."""
    for study in (bench.made, bench.asked):
        for phase in PHASES:
            if study is bench.made or phase != "training":
                yield f"disk full while {phase}, {study.path.parent.name}", partial(_filled, bench, study, phase)


def _filled(bench: Bench, study: Study, phase: str) -> str:
    with disk(bench.fresh(name="disk")) as mounted:
        return NOT_ROOT if mounted is None else _filled_at(bench, study, mounted, phase)


def _filled_at(bench: Bench, study: Study, mounted: Path, phase: str) -> str:
    out = mounted / "run"
    command = bench.command(study, out)
    process = command.start()
    until(lambda: out.exists() and _at(out, study) >= PHASES.index(phase), process)
    filler = mounted / "filler"
    _fill(filler)
    process.join()
    finished = products(out)
    said = bench.expect((process.exitcode or 0, command.sentence), DONE, REFUSED, INCOMPLETE)
    filler.unlink()
    bench.same(study, out, cache=out.name)
    bench.kept(out, finished)
    if "disk" not in said and "space" not in said:
        return f"ended before it was noticed, or: {said[:80]}; same verdicts"
    return "a sentence; same verdicts"


def _fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        block = 2**20
        while block:
            try:
                file.write(b"\0" * block)
            except OSError:
                block //= 2


def read_only(bench: Bench) -> Iterator[Trial]:
    """A run folder on a disk that nothing can be written to: before a run, in the middle of one, after it."""
    for state in ("nothing there", "half a run", "a whole run"):
        yield f"read-only folder, {state}", partial(_read_only, bench, state)


def _read_only(bench: Bench, state: str) -> str:
    with disk(bench.fresh(name="readonly")) as mounted:
        if mounted is None:
            return NOT_ROOT
        out = mounted / "run"
        if state != "nothing there":
            shutil.copytree(bench.made.whole, out)
        if state == "half a run":
            for file in (*out.glob("logs/*/*/*.eval"), out / "verdicts.json", out / "outcomes.parquet"):
                file.unlink()
        before = _contents(mounted)
        _remount(mounted, "ro")
        bench.expect(bench.run(bench.made, out, cache="readonly"), REFUSED)
        if _contents(mounted) != before:
            raise BrokenPromiseError("something was written")
        _remount(mounted, "rw")
        bench.same(bench.made, out, cache="readonly")
        return "a sentence; same verdicts"


def _contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _remount(mounted: Path, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", str(mounted)], check=True)


def two_at_once(bench: Bench) -> Iterator[Trial]:
    """A second run in the folder of one that is under way, at each phase of it."""
    for study in (bench.made, bench.asked):
        yield f"two runs at once, {study.path.parent.name}", partial(_two, bench, study)


def _two(bench: Bench, study: Study) -> str:
    out = bench.fresh(name="shared")
    first = bench.command(study, out)
    process = first.start()
    tried = 0
    for index in range(len(PHASES)):
        until(lambda index=index: (out / "plan.json").exists() and _at(out, study) >= index, process)
        second = bench.command(study, out)
        second.said = out.with_suffix(".second")
        ended = (second.finish(), second.sentence)
        if process.is_alive():
            if "Another process" not in bench.expect(ended, REFUSED):
                raise BrokenPromiseError(ended[1])
            tried += 1
    process.join()
    bench.expect((process.exitcode or 0, first.sentence), DONE)
    bench.same(study, out)
    shutil.rmtree(out)
    return f"{tried} times a sentence; same verdicts"


def _at(out: Path, study: Study) -> int:
    return PHASES.index(phase_of(out, study.stages))


ROOM = (2**20, 32 * 2**20, 128 * 2**20, 300 * 2**20)
"""Bytes of memory beyond what the libraries took."""


def little_memory(bench: Bench) -> Iterator[Trial]:
    """Too little memory (RLIMIT_AS) for what a run does; then there is enough."""
    for study in (bench.made, bench.asked):
        for room in ROOM:
            name = f"{room // 2**20} MiB of memory, {study.path.parent.name}"
            yield name, partial(_little_memory, bench, study, room)


def _little_memory(bench: Bench, study: Study, room: int) -> str:
    out = bench.fresh(name="memory")
    limited = bench.command(study, out, limits=Limits(memory=room))
    ended = (limited.finish(), limited.sentence)
    # A library that cannot even say so ends the process: a kill like any other.
    aborted = ended[0] == -signal.SIGABRT
    said = "" if aborted else bench.expect(ended, DONE, REFUSED, INCOMPLETE)
    # A log in which samples failed for memory is not finished, though it lies in its place.
    finished = {name: state for name, state in products(out).items() if name.startswith("checkpoints/")}
    bench.same(study, out)
    bench.kept(out, finished)
    shutil.rmtree(out)
    how = {DONE: "enough", REFUSED: "a sentence", INCOMPLETE: "items named"}.get(ended[0], "aborted by a library")
    return f"{how}{f' ({said[:60]})' if said else ''}; same verdicts"


CGROUP = Path("/sys/fs/cgroup")


def killed_for_memory(bench: Bench) -> Iterator[Trial]:
    """The kernel kills a run that takes more memory than its control group may have."""
    for study, phase in ((bench.made, "training"), (bench.made, "asking"), (bench.asked, "judging")):
        yield f"killed by the kernel for memory while {phase}", partial(_starved, bench, study, phase)


def _starved(bench: Bench, study: Study, phase: str) -> str:
    with control_group() as group:
        if group is None:
            return NOT_ROOT
        out = bench.fresh(name="starved")
        process = bench.command(study, out).start()
        until(lambda: _at(out, study) >= PHASES.index(phase), process)
        limit_to(group, process.pid or 0)
        process.join(60)
        if process.exitcode != -signal.SIGKILL:
            raise BrokenPromiseError(f"the kernel did not kill it: {process.exitcode}")
        finished = products(out)
        bench.same(study, out)
        bench.kept(out, finished)
        shutil.rmtree(out)
        return "same verdicts"


@contextmanager
def control_group() -> Iterator[Path | None]:
    """A control group for memory, of either version; None where none can be made."""
    unified = (CGROUP / "cgroup.controllers").is_file()
    group = (CGROUP if unified else CGROUP / "memory") / f"stagelens-faults-{os.getpid()}"
    try:
        group.mkdir()
    except OSError:
        yield None
        return
    try:
        yield group if _limit_of(group).exists() else None
    finally:
        group.rmdir()


def _limit_of(group: Path) -> Path:
    return group / ("memory.limit_in_bytes" if group.parent.name == "memory" else "memory.max")


def limit_to(group: Path, process: int) -> None:
    """Put a process there, with hardly any memory beside what it has already."""
    _limit_of(group).write_text(str(2**20), encoding="ascii")
    (group / "cgroup.procs").write_text(str(process), encoding="ascii")
