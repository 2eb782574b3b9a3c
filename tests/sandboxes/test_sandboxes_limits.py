"""What a command may use: each attack ends soon, harms nobody else, and leaves its own sandbox usable."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import psutil
import pytest
from inspect_ai.util import OutputLimitExceededError
from sandboxes_boxes import Box, boxes

from stagelens.sandboxes.bubblewrap import BubblewrapConfig

pytestmark = pytest.mark.bubblewrap

MEGABYTE = 2**20
CONFIG = BubblewrapConfig(
    memory_mb=256, disk_mb=64, file_mb=16, processes=32, files=500, wall_seconds=20, cpu_seconds=10
)


@pytest.fixture(scope="module")
def pair() -> Iterator[list[Box]]:
    with boxes(CONFIG, count=2) as made:
        yield made


@pytest.fixture(autouse=True)
def _harmless(pair: list[Box]) -> Iterator[None]:
    """After every attack both sandboxes work, nothing of it runs on, and it holds no memory."""
    before = _held_memory()
    yield
    one, other = pair
    assert one.works()
    assert other.works()
    assert _processes(one) == _processes(other)
    one.sh("rm -rf /app/* /tmp/* /dev/shm/*")
    assert int(one.sh("du -sckx /app /tmp /dev/shm | tail -1 | cut -f1").stdout) < 1024
    assert _held_memory() < before + 64 * MEGABYTE


@pytest.fixture
def box(pair: list[Box]) -> Box:
    return pair[0]


def _held_memory() -> int:
    """Bytes of memory in the processes that this one has started: the sandboxes, and nothing of the tests beside it."""
    held = 0
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            held += process.memory_info().rss
    return held


def _processes(box: Box) -> int:
    return sum(name.isdigit() for name in box.sh("ls /proc").stdout.split())


def _timed_out(box: Box, script: str, *, seconds: int = 1) -> float:
    """How long the command ran until it was stopped for taking too long."""
    started = time.monotonic()
    with pytest.raises(TimeoutError):
        box.sh(script, seconds=seconds)
    return time.monotonic() - started


@pytest.mark.parametrize(
    "script",
    [
        "while :; do :; done",
        "trap '' TERM INT HUP; sleep 600",
        "setsid sleep 600 & setsid sh -c 'sleep 600 & sleep 600'",
        "kill -STOP $$",
        "sleep 600 </dev/null >/dev/null 2>&1",
    ],
)
def test_endless_commands_end_in_time(box: Box, script: str) -> None:
    assert _timed_out(box, script) < 4


def test_the_sandbox_s_own_limit_on_time_holds_where_nobody_asks_for_one() -> None:
    with boxes(BubblewrapConfig(wall_seconds=1)) as (box,), pytest.raises(TimeoutError):
        box.sh("sleep 600", seconds=600)


def test_processor_time_is_bounded() -> None:
    with boxes(BubblewrapConfig(cpu_seconds=1)) as (box,):
        assert box.sh("while :; do :; done", seconds=15).returncode == 128 + 9


@pytest.mark.parametrize(
    "script",
    [
        "f() { f | f & }; f; sleep 600",
        "python3 -c 'import os\nwhile True:\n try: os.fork()\n except OSError: pass'",
        "python3 -c 'from threading import *\nwhile 1:\n try: Timer(600, print).start()\n except RuntimeError: pass'",
    ],
    ids=["shell", "python", "threads"],
)
def test_fork_bombs_are_small_and_end(box: Box, script: str) -> None:
    assert _timed_out(box, script, seconds=2) < 8


def test_a_shell_that_starts_too_much_ends_by_itself(box: Box) -> None:
    done = box.sh("while :; do sleep 600 & done")
    assert not done.success
    assert "fork" in done.stderr


def test_processes_are_bounded(box: Box) -> None:
    done = box.sh("for i in $(seq 100); do sleep 5 & done; ls /proc | grep -c '^[0-9]'")
    counts = [int(line) for line in done.stdout.split()] or [0]
    assert counts[-1] <= CONFIG.processes + 2
    assert "fork" in done.stderr


@pytest.mark.parametrize(
    "script",
    [
        "x = []\nwhile True: x.append(bytearray(1 << 22))",
        "import os\nfor _ in range(4): os.fork()\nx = []\nwhile True: x.append(bytearray(1 << 20))",
        "import mmap\nx = []\nwhile True:\n m = mmap.mmap(-1, 1 << 22)\n m.write(b'x' * (1 << 22)); x.append(m)",
    ],
    ids=["one", "many", "shared"],
)
def test_memory_hogs_are_stopped(box: Box, script: str) -> None:
    started, before = time.monotonic(), _held_memory()
    done = box.run(
        "python3", "-c", f"import time\ntry:\n exec({script!r})\nexcept MemoryError: time.sleep(600)", seconds=10
    )
    assert done.returncode == 128 + 9
    assert "memory limit" in done.stderr
    assert time.monotonic() - started < 8
    assert _held_memory() < before + 64 * MEGABYTE


def test_memory_that_is_shared_counts_once(box: Box) -> None:
    """Twenty processes that read the same 100 megabytes use 100 megabytes."""
    done = box.python(
        "import os, time\nx = bytearray(100 << 20)\n"
        "for _ in range(20):\n if os.fork() == 0: time.sleep(.5); os._exit(0)\n"
        "time.sleep(.6); print('well')"
    )
    assert done.stdout == "well\n", done.stderr


def test_one_file_is_bounded(box: Box) -> None:
    done = box.sh("dd if=/dev/zero of=/app/big bs=1M count=100")
    assert not done.success
    assert int(box.sh("stat -c %s /app/big").stdout) <= CONFIG.file_mb * MEGABYTE
    assert not box.sh("truncate -s 1T /app/sparse").success


def test_the_disk_is_bounded(box: Box) -> None:
    fill = "i=0; while dd if=/dev/zero of={folder}/$i bs=1M count=8 2>/dev/null; do i=$((i+1)); done; echo full"
    for folder in ("/app", "/tmp", "/dev/shm"):
        assert box.sh(fill.format(folder=folder)).stdout == "full\n"
    used = int(box.sh("du -sckx /app /tmp /dev/shm | tail -1 | cut -f1").stdout) * 1024
    assert used <= CONFIG.disk_mb * MEGABYTE
    with pytest.raises(OSError, match="No space left"):
        box.write("more.txt", b"x" * MEGABYTE)


def test_a_full_disk_can_be_emptied_again(box: Box) -> None:
    box.sh("dd if=/dev/zero of=/app/a bs=1M count=16; dd if=/dev/zero of=/app/b bs=1M count=16")
    assert box.sh("rm /app/a; echo well > /app/c; cat /app/c").stdout == "well\n"


def test_many_small_files_are_bounded(box: Box) -> None:
    done = box.python("import itertools\nfor i in itertools.count(): open(f'/tmp/{i}', 'w')")
    assert done.returncode == 128 + 9
    assert "number of files" in done.stderr
    # What is there can be looked at and removed.
    assert int(box.sh("ls /tmp | wc -l").stdout) > CONFIG.files
    assert box.sh("rm -r /tmp/*; ls /tmp | wc -l").stdout == "0\n"


@pytest.mark.parametrize("stream", [1, 2])
def test_a_huge_output_is_cut_and_its_command_ended(box: Box, stream: int) -> None:
    started = time.monotonic()
    with pytest.raises(OutputLimitExceededError) as caught:
        box.sh(f"yes yes >&{stream}")
    assert time.monotonic() - started < 8
    assert len(caught.value.truncated_output or "") == 10 * MEGABYTE


def test_what_runs_in_the_background_ends_with_its_command(box: Box) -> None:
    started = time.monotonic()
    done = box.sh("(sleep 1; echo late > /app/late) & setsid sleep 600 & echo done")
    assert done.stdout == "done\n"
    assert time.monotonic() - started < 1
    time.sleep(1.2)
    assert not box.sh("cat /app/late").success


def test_one_sandbox_s_attack_does_not_slow_another_down(pair: list[Box]) -> None:
    one, other = pair
    bomb = "python3 -c 'import os\nwhile True:\n try: os.fork()\n except OSError: pass'"
    with ThreadPoolExecutor() as threads:
        attack = threads.submit(_timed_out, one, bomb, seconds=3)
        time.sleep(1)
        started = time.monotonic()
        assert other.works()
        assert time.monotonic() - started < 1.5
        assert not attack.done()
        assert attack.result() < 8
