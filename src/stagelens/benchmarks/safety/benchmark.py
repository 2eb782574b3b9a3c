"""The benchmark as the rest of StageLens sees it. Nothing here but ``task`` needs Inspect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from stagelens.benchmarks.base import Bulk, Item, spread
from stagelens.benchmarks.rows import HUB, read_dataset, read_file
from stagelens.benchmarks.safety.grading import count_measures
from stagelens.benchmarks.safety.items import SafetyItem, make_items, wrapper_of
from stagelens.benchmarks.safety.rubric import refusal_rubric
from stagelens.benchmarks.safety.settings import NAME, SafetySettings, read_settings
from stagelens.benchmarks.safety.wrappers import PLAIN
from stagelens.benchmarks.safety.wrappers import VERSION as WRAPPERS_VERSION
from stagelens.judges.rules import VERSION
from stagelens.study.paths import resolve

if TYPE_CHECKING:
    from inspect_ai import Task

    from stagelens.judges.rubric import Rubric

BUILT_IN: Final = "prompts.jsonl"


class Safety:
    """Refusals where they belong and where they do not: ``unsafe_response``, ``over_refusal``, ``partial_refusal``."""

    name = NAME

    def settings(self, raw: Mapping[str, Any], *, where: str) -> SafetySettings:
        """See ``Benchmark.settings``."""
        return read_settings(raw, where=where)

    def items(self, settings: SafetySettings, folder: Path) -> tuple[Item, ...]:
        """See ``Benchmark.items``."""
        items: tuple[Item, ...]
        if settings.prompts is None:
            with resources.as_file(resources.files(__package__) / BUILT_IN) as path:
                items = make_items(read_file(path), settings, "the built-in prompts")
        elif settings.prompts.startswith(HUB):
            rows = read_dataset(settings.prompts, settings.split, config=settings.config)
            items = make_items(rows, settings, settings.prompts)
        else:
            path = resolve(settings.prompts, folder)
            items = make_items(read_file(path), settings, str(path))
        return spread(items, settings.limit)

    def measures(self, items: Sequence[Item]) -> dict[str, int]:
        """See ``Benchmark.measures``."""
        return count_measures([item.group for item in items])

    def fingerprint(self, settings: SafetySettings, items: Sequence[Item]) -> dict[str, Any]:
        """See ``Benchmark.fingerprint``. Where the prompts came from is no part of it, what they say is."""
        content = [[item.id, item.prompt, item.group, item.cluster, item.stratum] for item in items]
        wrappers = {item.id: wrapper_of(item) for item in items if wrapper_of(item) != PLAIN}
        framed = {"wrappers": WRAPPERS_VERSION, "wrapped": wrappers} if wrappers else {}
        return {"benchmark": NAME, "judge": VERSION, "items": content} | framed

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
        """Rows of the prompt file that are not asked."""
        return tuple(dict.fromkeys(said for item in items if isinstance(item, SafetyItem) for said in item.notices))

    def task(
        self, settings: SafetySettings, items: Sequence[Item], *, seed: int, epochs: int, system_prompt: str | None
    ) -> Task:
        """See ``Benchmark.task``."""
        from stagelens.benchmarks.safety.task import build_task

        version = self.fingerprint(settings, items)
        return build_task(items, content=version, seed=seed, epochs=epochs, system_prompt=system_prompt)
