"""Organisms worked on side by side, each in a process of one thread: what they share is made once all the same."""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
from collections.abc import Callable, Hashable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from typing import Any, Final, Protocol, TextIO, TypeVar, cast

from rich.console import Console

from stagelens.engine.progress import Reporter

MOST: Final = 8
"""More processes than this are started only where somebody asks for them: each takes about a gigabyte of memory."""


class Kin(Protocol):
    """What is worked on: its name, unlike any other's, and what it has in common with those of its kind."""

    @property
    def name(self) -> str: ...  # noqa: D102 - the spec's own

    @property
    def kind(self) -> Hashable: ...  # noqa: D102 - the spec's own


T = TypeVar("T")
Spec = TypeVar("Spec", bound=Kin)
Work = Callable[[Spec, Reporter], T]
"""What is done for one organism; a function of a module, or a partial of one, so that another process finds it."""


def usual_jobs() -> int:
    """One for every core that this process may use, up to ``MOST``."""
    return min(MOST, len(os.sched_getaffinity(0)))


def side_by_side(work: Work[Spec, T], specs: Sequence[Spec], *, jobs: int, reporter: Reporter) -> Iterator[T]:
    """The work for every organism, in the order of ``specs``.

    The first organism of every kind goes before the others of that kind, which then find made what they have in common
    with it: its pretraining, and perhaps more.

    Args:
        work: done once an organism.
        specs: their names differ.
        jobs: how many at once; with 1, or with one organism, it is done in this process.
        reporter: told what the processes say.

    Raises:
        Exception: what the work of the first organism that failed raised; what others had begun is finished first.
    """
    if min(jobs, len(specs)) <= 1:
        yield from (work(spec, reporter) for spec in specs)
        return
    context = multiprocessing.get_context("spawn")
    with context.Manager() as manager:
        said = manager.Queue()
        telling = threading.Thread(target=_tell, args=(said, reporter), daemon=True)
        telling.start()
        try:
            with ProcessPoolExecutor(min(jobs, len(specs)), mp_context=context, initializer=_begin) as pool:
                done = _scheduled(specs, pool, lambda spec: pool.submit(_worked, work, spec, said))
        finally:
            said.put(None)
            telling.join()
    yield from (done[spec.name] for spec in specs)


def _scheduled(specs: Sequence[Spec], pool: ProcessPoolExecutor, submit: Callable[[Spec], Future[T]]) -> dict[str, T]:
    """Results by name: leaders are begun first, who follows one when it is done; after an error, nobody."""
    kinds: dict[Hashable, list[Spec]] = {}
    for spec in specs:
        kinds.setdefault(spec.kind, []).append(spec)
    running = {submit(leader): leader for leader, *_ in kinds.values()}
    done: dict[str, T] = {}
    while running:
        for future in wait(running, return_when=FIRST_COMPLETED).done:
            spec = running.pop(future)
            try:
                done[spec.name] = future.result()
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
            leader, *followers = kinds[spec.kind]
            if spec is leader:
                running |= {submit(follower): follower for follower in followers}
    return done


def _begin() -> None:
    """In a new process: one thread, and no life after the parent's."""
    import torch

    torch.set_num_threads(1)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None  # this is a process that somebody started
    parent.join()
    os._exit(1)


def _worked(work: Work[Spec, T], spec: Spec, said: Any) -> T:
    # Wide enough that no line is broken here: the parent knows the width of its own screen.
    return work(spec, Reporter(Console(file=cast(TextIO, _Sent(said)), width=10_000)))


class _Sent:
    """A text stream whose lines the parent gets."""

    encoding = sys.getdefaultencoding()

    def __init__(self, said: Any) -> None:
        self._said = said

    def write(self, text: str) -> int:
        for line in text.splitlines():
            self._said.put(line)
        return len(text)

    def flush(self) -> None:
        """Every line has gone already."""


def _tell(said: Any, reporter: Reporter) -> None:
    while (line := said.get()) is not None:
        reporter.say(line)
