"""SIGKILL at random moments of every phase, several to a run, and what of it was made twice."""

from __future__ import annotations

import random
import shutil
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from disturbed import PHASES, Products, kill, phase_of, products, until
from disturbing.bench import Bench, BrokenPromiseError, Study

CONNECTIONS = 10
"""Requests that Inspect has under way at once where nothing else is said: a batch in flight."""


@dataclass
class Kills:
    """What was counted.

    Attributes:
        by_phase: kills.
        runs: that were killed, once or more, and let through at last.
        pieces: finished pieces that lay in the folder at a kill, over all kills; each was the same file at the end.
        asked: answers that a provider gave in these runs.
        twice: those of them that it had given the same run before.
        most: the largest number given twice because of one kill.
        seconds: wall time.
    """

    by_phase: Counter[str] = field(default_factory=Counter)
    runs: int = 0
    pieces: int = 0
    asked: int = 0
    twice: int = 0
    most: float = 0.0
    seconds: float = 0.0


def moments(bench: Bench, study: Study) -> dict[str, float]:
    """How many seconds each phase of an undisturbed run takes."""
    out = bench.fresh(name="timed")
    process = bench.command(study, out).start()
    took: dict[str, float] = {}
    last = time.monotonic()
    while process.is_alive():
        time.sleep(0.01)
        now = time.monotonic()
        phase = phase_of(out, study.stages)
        took[phase] = took.get(phase, 0.0) + now - last
        last = now
    shutil.rmtree(out)
    return took


def disturb(bench: Bench, study: Study, number: int, seed: int) -> Kills:
    """Kill runs of a study ``number`` times, in one phase after the other, and let each through after the last."""
    counted = Kills()
    started = time.monotonic()
    chance = random.Random(seed)
    took = moments(bench, study)
    phases = [phase for phase in PHASES if took.get(phase, 0.0) > 0.2]
    left = number
    while left > 0:
        out = bench.fresh(name="killed")
        before = bench.chat.answered.copy()
        kills = 0
        finished: Products = {}
        for phase in phases[:left]:
            at = _kill(bench, study, out, phase, chance.random() * took[phase])
            if at is not None:
                kills += 1
                counted.by_phase[at] += 1
                bench.kept(out, finished)
                finished = products(out)
                counted.pieces += len(finished)
        bench.same(study, out)
        bench.kept(out, finished)
        counted.runs += 1
        left -= kills
        given = bench.chat.answered - before
        twice = sum(count - study.asked[text] for text, count in given.items() if count > study.asked[text])
        counted.asked += given.total()
        counted.twice += twice
        counted.most = max(counted.most, twice / max(kills, 1))
        if twice > kills * CONNECTIONS:
            raise BrokenPromiseError(f"{twice} answers were asked for twice after {kills} kills")
        shutil.rmtree(out)
    counted.seconds = time.monotonic() - started
    return counted


def _kill(bench: Bench, study: Study, out: Path, phase: str, delay: float) -> str | None:
    """Kill a run so many seconds into a phase, or later; returns where it was, None where it had ended."""
    process = bench.command(study, out).start()
    reached = until(lambda: PHASES.index(phase_of(out, study.stages)) >= PHASES.index(phase), process)
    process.join(delay if reached else None)
    if not process.is_alive():
        return None
    at = phase_of(out, study.stages)
    kill(process)
    return at
