"""Benchmarks that this machine cannot ask: a run leaves them out, by name, and says what would add them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from stagelens.benchmarks import get_benchmark
from stagelens.engine.bulk import log_of
from stagelens.engine.folder import RunFolder
from stagelens.engine.shards import Shard
from stagelens.study.spec import Study


def left_out(study: Study) -> dict[str, str]:
    """What this machine lacks, with the one command that adds it, by benchmark of the study that lacks something.

    Raises:
        InputError: a benchmark is unknown, or its settings are not usable.
    """
    found = {}
    for name, raw in study.benchmarks.items():
        benchmark = get_benchmark(name)
        lack = benchmark.lacks(benchmark.settings(raw, where=study.where("benchmarks", name)))
        if lack is not None:
            found[name] = lack
    return found


def sentences(lacks: Mapping[str, str]) -> Iterator[str]:
    """A sentence for each benchmark that is left out."""
    for name, lack in lacks.items():
        yield f"{name} is left out: {lack}"


def askable(shards: Iterable[Shard], lacks: Mapping[str, str]) -> list[Shard]:
    """The shards of benchmarks that lack nothing."""
    return [shard for shard in shards if shard.questions.benchmark.name not in lacks]


def skipped(shards: Sequence[Shard], lacks: Mapping[str, str], folder: RunFolder) -> dict[str, str]:
    """Why shards are not asked, by piece; one that was asked before, where nothing was lacking, keeps its answers."""
    return {
        shard.piece: lacks[shard.questions.benchmark.name]
        for shard in shards
        if shard.questions.benchmark.name in lacks and not log_of(shard, folder).is_file()
    }
