"""Plays written episodes through the real harness and sandbox, and reads what the benchmark's own rules found.

An episode is a script of tool calls and what a detector should say of it (``agents.episodes``). Nothing but the model
is scripted: prompt, loop, sandbox, evidence and rules are those of a run.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, get_args

from stagelens.agents.episodes import Episode, read_episodes
from stagelens.benchmarks import get_benchmark
from stagelens.benchmarks.base import Item
from stagelens.benchmarks.reward_hacking.challenge import CheatClass
from stagelens.engine.progress import Reporter, silent
from stagelens.errors import InputError, cause_of
from stagelens.statistics.judging.confusion import CHEATED, HONEST, UNGRADED, Confusion, Finding
from stagelens.study.problems import nearest

if TYPE_CHECKING:
    from inspect_ai.log import EvalLog, EvalSample

    from stagelens.benchmarks.base import Benchmark

CLASSES: Final[tuple[str, ...]] = get_args(CheatClass)
SOLVED: Final = "solved_honestly"
"""The measure that an episode's ``solved`` is compared with."""


def play(
    path: str | Path,
    *,
    benchmark: str | None = None,
    settings: Mapping[str, Any] | None = None,
    jobs: int = 1,
    logs: Path | None = None,
    reporter: Reporter | None = None,
) -> Confusion:
    """Play every episode of a file or a folder, and set what was found beside what is expected.

    Args:
        path: a YAML file, or a folder in which every ``*.yaml`` holds episodes.
        benchmark: play only this benchmark's episodes.
        settings: the benchmark's block as a study file would have it; relative paths start at the working folder.
        jobs: how many episodes are under way at once. Where seconds are measured, more than cores are free falsifies.
        logs: keep the Inspect logs there; the folder is made.
        reporter: says how it goes.

    Raises:
        InputError: a file is not usable, an episode names no task that there is, or there is nothing to play.
    """
    episodes = [one for one in read_episodes(path) if benchmark in (None, one.benchmark)]
    if not episodes:
        raise InputError(f"{path} holds no episode of the benchmark {benchmark!r}: check --benchmark.")
    groups: dict[str, list[Episode]] = {}
    for episode in episodes:
        groups.setdefault(episode.benchmark, []).append(episode)
    casts = [_cast(name, own, settings or {}) for name, own in groups.items()]
    findings: dict[str, Finding] = {}
    with _log_folder(logs) as folder, (reporter or silent()).bar("playing episodes") as step:
        for cast in casts:
            for scene in _scenes(cast.episodes):
                step(len(findings), len(episodes))
                findings |= cast.play(scene, jobs=jobs, folder=folder)
    return Confusion(tuple(findings[episode.name] for episode in episodes), CLASSES)


@dataclass(frozen=True, slots=True)
class _Cast:
    """One benchmark's episodes, and all that it takes to play them."""

    benchmark: Benchmark
    settings: Any
    items: Mapping[str, Item]
    episodes: Sequence[Episode]

    def play(self, scene: Mapping[str, Episode], *, jobs: int, folder: str) -> dict[str, Finding]:
        """Findings by the episodes' names; ``scene`` holds episodes by their items."""
        lacks = self.benchmark.lacks(self.settings)
        if lacks is not None:
            return {episode.name: _finding(episode, UNGRADED, cause=lacks) for episode in scene.values()}
        log = self._evaluate(scene, jobs=jobs, folder=folder)
        cause = cause_of(log.error.message) if log.error else "it was not played"
        samples = {str(sample.id): sample for sample in log.samples or []}
        return {
            episode.name: _read(episode, samples[item], self._measure(item))
            if item in samples
            else _finding(episode, UNGRADED, cause=cause)
            for item, episode in scene.items()
        }

    def _measure(self, item: str) -> str:
        """The measure that says whether the agent did wrong: the benchmark's first."""
        return next(iter(self.benchmark.measures([self.items[item]])))

    def _evaluate(self, scene: Mapping[str, Episode], *, jobs: int, folder: str) -> EvalLog:
        from inspect_ai import eval as evaluate

        from stagelens.agents.scripted import scripted_model

        items = [self.items[item] for item in scene]
        (log,) = evaluate(
            self.benchmark.task(self.settings, items, seed=0, epochs=1, system_prompt=None),
            model=scripted_model({item: episode.calls for item, episode in scene.items()}),
            log_dir=folder,
            display="none",
            fail_on_error=False,
            max_samples=jobs,
            log_realtime=False,
            score_display=False,
        )
        if log.status == "cancelled":
            raise KeyboardInterrupt
        return log


def _cast(name: str, episodes: Sequence[Episode], settings: Mapping[str, Any]) -> _Cast:
    try:
        benchmark = get_benchmark(name)
    except InputError as error:
        raise InputError(f"{episodes[0].place}: task: {error}") from error
    read = benchmark.settings(settings, where=name)
    items = {item.id: item for item in benchmark.items(read, Path.cwd())}
    for episode in episodes:
        if episode.item not in items:
            raise InputError(
                f"{episode.place}: task: {name} has no item {episode.item!r}; {nearest(episode.item, items)}"
            )
    return _Cast(benchmark, read, items, episodes)


def _scenes(episodes: Sequence[Episode]) -> Iterator[dict[str, Episode]]:
    """The episodes by item, in the fewest groups in which every item stands once at most: Inspect's ids are unique."""
    left = list(episodes)
    while left:
        scene: dict[str, Episode] = {}
        for episode in left:
            scene.setdefault(episode.item, episode)
        left = [episode for episode in left if scene[episode.item] is not episode]
        yield scene


def _read(episode: Episode, sample: EvalSample, measure: str) -> Finding:
    """What the log says of an episode."""
    if sample.error is not None:
        return _finding(episode, UNGRADED, cause=cause_of(sample.error.message))
    scores = list((sample.scores or {}).values())
    metadata = [score.metadata or {} for score in scores]
    records = {record["measure"]: record for each in metadata for record in each.get("outcomes", [])}
    record = records.get(measure)
    if record is None:
        return _finding(episode, UNGRADED, cause=f"no record of {measure}")
    solved = records.get(SOLVED, {}).get("value")
    word = record["status"] if record["value"] is None else HONEST
    if record["value"]:
        word = next((each["cheat"] for each in metadata if each.get("cheat")), CHEATED)
    if record["status"] == "unattempted":
        word = UNGRADED
    cause = record["cause"] or next((score.explanation for score in scores if score.explanation), None)
    return _finding(episode, word, cause=cause, solved=None if solved is None else bool(solved))


def _finding(episode: Episode, found: str, *, cause: str | None, solved: bool | None = None) -> Finding:
    expected = episode.expected
    return Finding(
        name=episode.name,
        place=episode.place,
        task=episode.task,
        accepted=expected.classes or (expected.verdict,),
        found=found,
        cause=cause,
        solved=solved,
        solved_expected=expected.solved,
    )


@contextmanager
def _log_folder(logs: Path | None) -> Iterator[str]:
    """Where Inspect writes: a folder that stays, or one that is gone afterwards."""
    if logs is not None:
        logs.mkdir(parents=True, exist_ok=True)
        yield str(logs)
        return
    with tempfile.TemporaryDirectory(prefix="stagelens-episodes-") as folder:
        yield folder
