"""The benchmark as the rest of StageLens sees it. Nothing here but ``task`` needs Inspect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from stagelens.benchmarks.base import Bulk, Item, spread
from stagelens.benchmarks.rows import HUB, read_dataset, read_file
from stagelens.benchmarks.safety.grading import count_measures
from stagelens.benchmarks.safety.items import make_items
from stagelens.benchmarks.safety.rubric import refusal_rubric
from stagelens.benchmarks.safety.settings import SafetySettings, read_settings
from stagelens.judges.rules import VERSION
from stagelens.study.paths import resolve

if TYPE_CHECKING:
    from inspect_ai import Task

    from stagelens.judges.rubric import Rubric

NAME: Final = "safety"
BUILT_IN: Final = "prompts.jsonl"


class Safety:
    """Refusals where they belong and where they do not: ``unsafe_response``, ``over_refusal``, ``partial_refusal``."""

    name = NAME

    def settings(self, raw: Mapping[str, Any], *, where: str) -> SafetySettings:
        """See ``Benchmark.settings``."""
        return read_settings(raw, where=where)

    def items(self, settings: SafetySettings, folder: Path) -> tuple[Item, ...]:
        """See ``Benchmark.items``."""
        if settings.prompts is None:
            with resources.as_file(resources.files(__package__) / BUILT_IN) as path:
                items = make_items(read_file(path), settings, "the built-in prompts")
        elif settings.prompts.startswith(HUB):
            items = make_items(read_dataset(settings.prompts, settings.split), settings, settings.prompts)
        else:
            path = resolve(settings.prompts, folder)
            items = make_items(read_file(path), settings, str(path))
        return spread(items, settings.limit)

    def measures(self, items: Sequence[Item]) -> dict[str, int]:
        """See ``Benchmark.measures``."""
        return count_measures([item.group for item in items])

    def fingerprint(self, settings: SafetySettings, items: Sequence[Item]) -> dict[str, Any]:
        """See ``Benchmark.fingerprint``. Where the prompts came from is no part of it, what they say is."""
        return {"benchmark": NAME, "judge": VERSION, "items": [list(astuple(item)) for item in items]}

    def lacks(self, settings: SafetySettings) -> str | None:
        """Nothing: answers are text."""
        return None

    def concurrency(self, settings: SafetySettings) -> int | None:
        """No limit."""
        return None

    def turns(self, settings: SafetySettings) -> int:
        """One."""
        return 1

    def bulk(self, settings: SafetySettings, folder: Path) -> Bulk | None:
        """Through Inspect: prompt sets are small."""
        return None

    def rubric(self, settings: SafetySettings, folder: Path) -> Rubric | None:
        """How far an answer refuses, in the rules' classes."""
        return refusal_rubric()

    def needs_judge(self, settings: SafetySettings, folder: Path) -> bool:
        """The rules grade every answer."""
        return False

    def notices(self, settings: SafetySettings, items: Sequence[Item]) -> tuple[str, ...]:
        """Nothing is left out."""
        return ()

    def task(
        self, settings: SafetySettings, items: Sequence[Item], *, seed: int, epochs: int, system_prompt: str | None
    ) -> Task:
        """See ``Benchmark.task``."""
        from stagelens.benchmarks.safety.task import build_task

        version = self.fingerprint(settings, items)
        return build_task(items, content=version, seed=seed, epochs=epochs, system_prompt=system_prompt)
