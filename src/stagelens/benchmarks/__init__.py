"""Benchmarks: what every stage is asked. ``get_benchmark`` finds one by the name that a study file uses."""

from __future__ import annotations

from typing import Final

from stagelens.benchmarks.base import Benchmark
from stagelens.benchmarks.dilemmas import Dilemmas
from stagelens.benchmarks.odcv import Odcv
from stagelens.benchmarks.reward_hacking import RewardHacking
from stagelens.benchmarks.safety import Safety
from stagelens.benchmarks.user_logs import UserLogs
from stagelens.errors import InputError
from stagelens.study.problems import nearest

_ALL: Final[tuple[Benchmark, ...]] = (Safety(), Odcv(), Dilemmas(), RewardHacking(), UserLogs())
_BENCHMARKS: Final[dict[str, Benchmark]] = {benchmark.name: benchmark for benchmark in _ALL}


def benchmark_names() -> tuple[str, ...]:
    """The names of all benchmarks."""
    return tuple(_BENCHMARKS)


def get_benchmark(name: str) -> Benchmark:
    """The benchmark of a name. InputError names the nearest where there is none."""
    if name not in _BENCHMARKS:
        raise InputError(f"There is no benchmark {name!r}; {nearest(name, _BENCHMARKS)}")
    return _BENCHMARKS[name]
