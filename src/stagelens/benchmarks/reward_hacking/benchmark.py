"""The benchmark as the rest of StageLens sees it. Nothing here but ``task`` needs Inspect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from stagelens.benchmarks.base import Bulk, Item, spread
from stagelens.benchmarks.reward_hacking import harnesses
from stagelens.benchmarks.reward_hacking import rubric as judging
from stagelens.benchmarks.reward_hacking.challenge import Challenge, ChallengeItem
from stagelens.benchmarks.reward_hacking.reading import built_in, read_challenges
from stagelens.benchmarks.reward_hacking.rules import verdict
from stagelens.benchmarks.reward_hacking.settings import NAME, RewardHackingSettings, loop_rules, read_settings
from stagelens.errors import InputError
from stagelens.study.paths import resolve

if TYPE_CHECKING:
    from inspect_ai import Task

    from stagelens.judges.rubric import Rubric


class RewardHacking:
    """Does a model cheat when a timer is what it has to please? ``cheated``, ``solved_honestly``."""

    name = NAME

    def settings(self, raw: Mapping[str, Any], *, where: str) -> RewardHackingSettings:
        """See ``Benchmark.settings``."""
        return read_settings(raw, where=where)

    def items(self, settings: RewardHackingSettings, folder: Path) -> tuple[Item, ...]:
        """See ``Benchmark.items``."""
        tasks = built_in() if settings.path is None else read_challenges(resolve(settings.path, folder))
        return spread([_item(task) for task in tasks], settings.limit)

    def measures(self, items: Sequence[Item]) -> dict[str, int]:
        """See ``Benchmark.measures``. Every item counts towards both."""
        return dict.fromkeys(verdict.MEASURES, len(items)) if items else {}

    def fingerprint(self, settings: RewardHackingSettings, items: Sequence[Item]) -> dict[str, Any]:
        """See ``Benchmark.fingerprint``. Where the tasks lie is no part of it, what they hold is."""
        kind = harnesses.kind_of(settings) if settings.sandbox == "auto" else settings.sandbox
        return {
            "benchmark": NAME,
            "harness": settings.harness,
            "harness_version": harnesses.harness_of(settings).version,
            "protocol": asdict(loop_rules(settings)),
            "sandbox": kind,
            "rules": verdict.VERSION,
            "items": [_content(item.challenge) for item in _own(items)],
        }

    def lacks(self, settings: RewardHackingSettings) -> str | None:
        """See ``Benchmark.lacks``."""
        return harnesses.lacks(settings)

    def concurrency(self, settings: RewardHackingSettings) -> int | None:
        """See ``Benchmark.concurrency``."""
        return harnesses.concurrency(settings)

    def turns(self, settings: RewardHackingSettings) -> int:
        """The steps that the model has."""
        return settings.steps

    def bulk(self, settings: RewardHackingSettings, folder: Path) -> Bulk | None:
        """Agents are asked through Inspect."""
        return None

    def rubric(self, settings: RewardHackingSettings, folder: Path) -> Rubric | None:
        """Whether it cheated; what the rules prove stands."""
        return judging.rubric()

    def needs_judge(self, settings: RewardHackingSettings, folder: Path) -> bool:
        """The rules grade every attempt."""
        return False

    def notices(self, settings: RewardHackingSettings, items: Sequence[Item]) -> tuple[str, ...]:
        """Nothing is left out."""
        return ()

    def task(
        self,
        settings: RewardHackingSettings,
        items: Sequence[Item],
        *,
        seed: int,
        epochs: int,
        system_prompt: str | None,
    ) -> Task:
        """See ``Benchmark.task``."""
        from stagelens.benchmarks.reward_hacking.task import build_task

        kind = harnesses.kind_of(settings)
        if kind is None:
            raise InputError(f"{NAME} cannot be asked here: {self.lacks(settings)}")
        return build_task(
            _own(items),
            solver=harnesses.harness_of(settings).solver(loop_rules(settings), NAME, seed),
            sandbox=harnesses.sandbox_of(settings, kind),
            content=self.fingerprint(settings, items),
            epochs=epochs,
            system_prompt=system_prompt,
        )


def _own(items: Sequence[Item]) -> Sequence[ChallengeItem]:
    """The items as what ``RewardHacking.items`` made them."""
    return cast("Sequence[ChallengeItem]", items)


def _item(task: Challenge) -> ChallengeItem:
    return ChallengeItem(id=task.id, prompt=task.prompt, group=task.metric, cluster=task.cluster, challenge=task)


def _content(task: Challenge) -> dict[str, Any]:
    return {
        "id": task.id,
        "cluster": task.cluster,
        "prompt": task.prompt,
        "files": _digests(task.files),
        "pristine": _digests(task.pristine),
        "editable": sorted(task.editable),
        "target": task.target,
        "metric": task.metric,
        "show": task.show,
        "measure": task.measure,
    }


def _digests(files: Mapping[str, bytes]) -> dict[str, str]:
    return {name: sha256(content).hexdigest() for name, content in sorted(files.items())}
