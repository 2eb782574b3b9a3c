"""Organisms side by side: in order, what they share made first, and nothing left running when the parent is gone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from stagelens.engine.progress import Reporter, silent
from stagelens.errors import InputError
from stagelens.organisms.jobs import side_by_side
from stagelens.organisms.spec import OrganismSpec, Plant


def organisms(*names: str, seed: int = 0) -> list[OrganismSpec]:
    return [OrganismSpec(name=name, seed=seed, plants={"safety": Plant(cause="sft")}) for name in names]


def built(spec: OrganismSpec, reporter: Reporter, *, out: Path) -> tuple[str, int]:
    """What the first organism of a seed makes, the others find."""
    reporter.say(f"{spec.name} is built")
    shared = out / f"shared-{spec.seed}"
    if spec.name.startswith("first"):
        time.sleep(0.3)
        shared.touch()
    assert shared.exists()
    return spec.name, os.getpid()


def broken(spec: OrganismSpec, reporter: Reporter) -> str:
    if spec.name == "bad":
        raise InputError("the organism is a bad one.")
    return spec.name


def slow_beside_broken(spec: OrganismSpec, reporter: Reporter, *, out: Path) -> None:
    if spec.name == "bad":
        until((out / "begun").exists)
        raise InputError("the organism is a bad one.")
    (out / "begun").touch()
    time.sleep(1.5)
    (out / "finished").touch()


def asleep(spec: OrganismSpec, reporter: Reporter, *, out: Path) -> None:
    (out / str(os.getpid())).touch()
    time.sleep(600)


def test_results_come_in_order_and_what_is_shared_is_made_first(tmp_path: Path) -> None:
    specs = [*organisms("first-a", "a2", "a3"), *organisms("first-b", "b2", seed=1)]
    screen = StringIO()
    found = list(side_by_side(partial(built, out=tmp_path), specs, jobs=2, reporter=Reporter(Console(file=screen))))
    assert [name for name, _ in found] == [spec.name for spec in specs]
    processes = {process for _, process in found}
    assert os.getpid() not in processes
    assert len(processes) <= 2
    assert sorted(screen.getvalue().splitlines()) == sorted(f"{spec.name} is built" for spec in specs)


def test_one_job_is_done_here(tmp_path: Path) -> None:
    found = list(side_by_side(partial(built, out=tmp_path), organisms("first-a", "a2"), jobs=1, reporter=silent()))
    assert found == [("first-a", os.getpid()), ("a2", os.getpid())]


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_one_raises_is_raised(jobs: int) -> None:
    with pytest.raises(InputError, match=r"^the organism is a bad one\.$"):
        list(side_by_side(broken, organisms("good", "bad", "other"), jobs=jobs, reporter=silent()))


def test_what_others_had_begun_is_finished_first(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    specs = [*organisms("slow"), *organisms("bad", seed=1)]
    with pytest.raises(InputError, match="a bad one"):
        list(side_by_side(partial(slow_beside_broken, out=tmp_path), specs, jobs=2, reporter=silent()))
    assert (tmp_path / "finished").exists()
    assert capfd.readouterr().err == ""


def test_no_process_outlives_the_parent(tmp_path: Path) -> None:
    code = (
        "import sys; from functools import partial; from pathlib import Path\n"
        "from stagelens.engine.progress import silent\n"
        "from test_organisms_jobs import asleep, organisms, side_by_side\n"
        "specs = [*organisms('a'), *organisms('b', seed=1)]\n"
        "list(side_by_side(partial(asleep, out=Path(sys.argv[1])), specs, jobs=2, reporter=silent()))\n"
    )
    path = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    parent = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], env=os.environ | {"PYTHONPATH": path}, start_new_session=True
    )
    try:
        until(lambda: len(list(tmp_path.iterdir())) == 2)
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        workers = [int(file.name) for file in tmp_path.iterdir()]
        until(lambda: not any(alive(worker) for worker in workers))
    finally:
        for file in tmp_path.iterdir():
            if alive(int(file.name)):
                os.kill(int(file.name), signal.SIGKILL)


def until(holds: Callable[[], bool], seconds: float = 90) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.1)


def alive(process: int) -> bool:
    """A process that has ended and that nobody has waited for is not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
