"""What sandboxes cost an episode, over the time that the model takes.

    python perf/sandboxes.py [--episodes N] [--containers N] [--quick]

An episode is what a short agentic sample does to its sandbox, through Inspect's interface for providers: begin a
sample, write three files, run three commands, read three files, end the sample. The model's time is none.

bubblewrap: a thousand episodes, one after another. Wall time tells what one costs where nothing else runs; processor
time says what it costs anywhere. The peer, in the same process and in turn with it, is a bare `bwrap true` for each
command and one more: a sandbox without limits, files or memory. Goal: under 50 ms an episode.

Docker: episodes through Inspect's own provider, one at a time and as many at once as fit the machine. The peer is plain
`docker run --rm IMAGE true`, at the same concurrency. Figures are episodes a minute. Left out where no engine answers,
or where the image is not there.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import anyio
from inspect_ai import Task
from inspect_ai import eval as evaluate
from inspect_ai.dataset import Sample
from inspect_ai.solver import Generate, Solver, TaskState, solver
from inspect_ai.util import SandboxEnvironment, sandbox

from stagelens.sandboxes import lacking, spec
from stagelens.sandboxes.bubblewrap.provider import BubblewrapSandbox
from stagelens.sandboxes.docker import Container, at_once, compose_file

MILLISECONDS = 50
COMMANDS = 3
IMAGE = "python:3.11-slim"
BARE = ["bwrap", "--unshare-all", "--ro-bind", "/", "/", "true"]


async def use(box: SandboxEnvironment) -> None:
    """What an episode does in its sandbox."""
    for number in range(COMMANDS):
        await box.write_file(f"given-{number}.txt", "a line of text\n" * 20)
    for number in range(COMMANDS):
        done = await box.exec(["sh", "-c", f"sort given-{number}.txt > made-{number}.txt; wc -l made-{number}.txt"])
        assert done.stdout.startswith("20 "), done
    for number in range(COMMANDS):
        assert (await box.read_file(f"made-{number}.txt")).count("\n") == 20


async def bubblewrap_episode() -> None:
    """From the sample's start to its end."""
    wanted = spec("bubblewrap")
    boxes = await BubblewrapSandbox.sample_init("perf", wanted.config, {})
    try:
        await use(boxes["default"])
    finally:
        await BubblewrapSandbox.sample_cleanup("perf", wanted.config, boxes, False)


async def bare() -> None:
    """The peer of a bubblewrap episode."""
    for _ in range(COMMANDS + 1):
        await anyio.run_process(BARE)


@contextmanager
def timed(wall: list[float], processor: list[float]) -> Iterator[None]:
    """Note the milliseconds of both kinds that the block took, with the processes that it waited for."""
    before, started = os.times(), time.perf_counter()
    yield
    wall.append((time.perf_counter() - started) * 1000)
    processor.append((sum(os.times()[:4]) - sum(before[:4])) * 1000)


def described(wall: list[float], processor: list[float]) -> str:
    """Means, and the median that a busy moment does not move."""
    median = statistics.median(wall)
    return f"{statistics.mean(wall):.1f} ms (median {median:.1f}), {statistics.mean(processor):.1f} ms of processor"


async def bubblewrap(episodes: int) -> None:
    """Print what one episode costs."""
    ours: tuple[list[float], list[float]] = [], []
    peer: tuple[list[float], list[float]] = [], []
    await bubblewrap_episode()
    for number in range(episodes):
        with timed(*ours):
            await bubblewrap_episode()
        if number % 5 == 0:
            with timed(*peer):
                await bare()
    (wall, processor), (bare_wall, bare_processor) = ours, peer
    mean = statistics.mean(wall)
    load = f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
    print(f"bubblewrap, {episodes} episodes of {COMMANDS} commands, {load}")
    print(f"  an episode: {described(wall, processor)}")
    print(f"  {COMMANDS + 1} times bare bwrap: {described(bare_wall, bare_processor)}")
    print(f"  goal < {MILLISECONDS} ms: {'met' if mean < MILLISECONDS else 'missed'}")


def docker(episodes: int, at_a_time: int) -> float:
    """Episodes a minute, through Inspect's own provider."""

    @solver
    def work() -> Solver:
        async def solve(state: TaskState, generate: Generate) -> TaskState:
            await use(sandbox())
            return state

        return solve

    place = spec("docker", compose=compose_file(Container(IMAGE)))
    task = Task(dataset=[Sample(input="none", id=number) for number in range(episodes)], solver=work(), sandbox=place)
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        (log,) = evaluate(task, model="mockllm/model", log_dir=folder, display="none", max_samples=at_a_time)
        taken = time.perf_counter() - started
    assert log.status == "success", log.error
    return episodes / taken * 60


def plain(episodes: int, at_a_time: int) -> float:
    """Containers a minute without Inspect."""
    run = ["docker", "run", "--rm", "--network", "none", IMAGE, "true"]
    started = time.perf_counter()
    with ThreadPoolExecutor(at_a_time) as threads:
        list(threads.map(lambda _: subprocess.run(run, check=True), range(episodes)))
    return episodes / (time.perf_counter() - started) * 60


def containers(episodes: int) -> None:
    """Print how many episodes a minute there are, one at a time and in parallel."""
    lack = lacking("docker")
    if lack or subprocess.run(["docker", "image", "inspect", IMAGE], capture_output=True, check=False).returncode:
        print(f"docker: left out: {lack or f'there is no image {IMAGE}'}")
        return
    many = at_once(Container(IMAGE))
    print(f"docker, {episodes} episodes of {COMMANDS} commands, {os.cpu_count()} cores")
    alone = docker(episodes, 1)
    print(f"  one at a time: {alone:.0f} episodes a minute; plain docker run: {plain(episodes, 1):.0f}")
    together = docker(episodes, many)
    print(f"  {many} at a time: {together:.0f} episodes a minute; plain docker run: {plain(episodes, many):.0f}")
    print(f"  in parallel {together / alone:.1f} times as many  goal > 1: {'met' if together > alone else 'missed'}")


def main() -> None:
    """Print every figure beside its goal."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--episodes", type=int, default=1000)
    parser.add_argument("--containers", type=int, default=12)
    parser.add_argument("--quick", action="store_true", help="a tenth of the episodes, a third of the containers")
    given = parser.parse_args()
    lack = lacking("bubblewrap")
    if lack:
        print(f"bubblewrap: left out: {lack}")
    else:
        anyio.run(bubblewrap, given.episodes // 10 if given.quick else given.episodes)
    containers(given.containers // 3 if given.quick else given.containers)


if __name__ == "__main__":
    main()
