"""The benchmark as the rest of StageLens sees it. Nothing here but ``task`` needs Inspect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from stagelens.benchmarks.base import Bulk, Item, Message, spread
from stagelens.benchmarks.user_logs.behaviours import Behaviour, behaviours_rubric, read_behaviours
from stagelens.benchmarks.user_logs.grading import Grader
from stagelens.benchmarks.user_logs.items import LoggedItem, make_items
from stagelens.benchmarks.user_logs.reading import read_logs
from stagelens.benchmarks.user_logs.settings import NAME, UserLogsSettings, read_settings
from stagelens.study.paths import resolve

if TYPE_CHECKING:
    from inspect_ai import Task

    from stagelens.judges.rubric import Rubric


class UserLogs:
    """What users asked, replayed: one measure a behaviour."""

    name = NAME

    def __init__(self) -> None:
        self._found: dict[UserLogsSettings, tuple[str, ...]] = {}

    def settings(self, raw: Mapping[str, Any], *, where: str) -> UserLogsSettings:
        """See ``Benchmark.settings``."""
        return read_settings(raw, where=where)

    def items(self, settings: UserLogsSettings, folder: Path) -> tuple[Item, ...]:
        """See ``Benchmark.items``."""
        behaviours = read_behaviours(settings.behaviours, folder)
        logs = read_logs(settings, resolve(settings.path, folder), seed=settings.seed)
        self._found[settings] = logs.counts.notices()
        shown = tuple(behaviour.name for behaviour in behaviours if behaviour.where != "thoughts")
        return spread(make_items(logs.prompts, shown), settings.limit)

    def measures(self, items: Sequence[Item]) -> dict[str, int]:
        """See ``Benchmark.measures``. Behaviours of thoughts are measures of the answers that have any."""
        counts: dict[str, int] = {}
        for item in _own(items):
            for name in item.measures:
                counts[name] = counts.get(name, 0) + 1
        return counts

    def fingerprint(self, settings: UserLogsSettings, items: Sequence[Item]) -> dict[str, Any]:
        """What is asked. Behaviours are no part of it: answers are graded again where these change, never asked."""
        return {"benchmark": NAME, "items": [[item.id, item.cluster, item.digest] for item in _own(items)]}

    def lacks(self, settings: UserLogsSettings) -> str | None:
        """Nothing: answers are text."""
        return None

    def concurrency(self, settings: UserLogsSettings) -> int | None:
        """No limit."""
        return None

    def turns(self, settings: UserLogsSettings) -> int:
        """One: the last."""
        return 1

    def bulk(self, settings: UserLogsSettings, folder: Path) -> Bulk | None:
        """Tens of thousands of single answers."""
        grader = Grader(self._behaviours(settings, folder))
        return Bulk(conversation, grader.grade, grader.version)

    def rubric(self, settings: UserLogsSettings, folder: Path) -> Rubric | None:
        """All behaviours in one answer."""
        return behaviours_rubric(self._behaviours(settings, folder))

    def needs_judge(self, settings: UserLogsSettings, folder: Path) -> bool:
        """Where a behaviour of the user's own comes without patterns."""
        return not all(behaviour.has_rule for behaviour in self._behaviours(settings, folder))

    def notices(self, settings: UserLogsSettings, items: Sequence[Item]) -> tuple[str, ...]:
        """What was left out of the logs, and what was blotted out in them, as last read."""
        return self._found.get(settings, ())

    def task(
        self, settings: UserLogsSettings, items: Sequence[Item], *, seed: int, epochs: int, system_prompt: str | None
    ) -> Task:
        """See ``Benchmark.task``: for ``inspect eval``. A run asks in bulk."""
        from stagelens.benchmarks.user_logs.task import build_task

        grader = Grader(self._behaviours(settings, Path.cwd()))
        content = {**self.fingerprint(settings, items), "grader": grader.version}
        return build_task(
            _own(items), grader=grader, content=content, seed=seed, epochs=epochs, system_prompt=system_prompt
        )

    def _behaviours(self, settings: UserLogsSettings, folder: Path) -> tuple[Behaviour, ...]:
        return read_behaviours(settings.behaviours, folder)


def conversation(item: Item) -> tuple[Message, ...]:
    """What an item of this benchmark shows a model."""
    return cast("LoggedItem", item).messages


def _own(items: Sequence[Item]) -> Sequence[LoggedItem]:
    """The items as what ``UserLogs.items`` made them."""
    return cast("Sequence[LoggedItem]", items)
