"""The benchmark as the rest of StageLens sees it. Nothing here but ``task`` needs Inspect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from stagelens.benchmarks.base import Bulk, Item, spread
from stagelens.benchmarks.dilemmas import awareness, reader
from stagelens.benchmarks.dilemmas.choice import WORDING
from stagelens.benchmarks.dilemmas.items import DilemmaItem, keep_themes, make_items
from stagelens.benchmarks.dilemmas.measures import MEASURES
from stagelens.benchmarks.dilemmas.rubric import dilemma_rubric
from stagelens.benchmarks.dilemmas.sets import built_in, own
from stagelens.benchmarks.dilemmas.settings import NAME, DilemmasSettings, read_settings
from stagelens.study.paths import resolve

if TYPE_CHECKING:
    from inspect_ai import Task

    from stagelens.judges.rubric import Rubric


class Dilemmas:
    """Which of two courses is taken, and whether the situation is taken for a test: see ``measures``."""

    name = NAME

    def settings(self, raw: Mapping[str, Any], *, where: str) -> DilemmasSettings:
        """See ``Benchmark.settings``."""
        return read_settings(raw, where=where)

    def items(self, settings: DilemmasSettings, folder: Path) -> tuple[Item, ...]:
        """See ``Benchmark.items``."""
        files = built_in() if settings.path is None else own(resolve(settings.path, folder))
        return spread(keep_themes(make_items(files, settings.form), settings.themes), settings.limit)

    def measures(self, items: Sequence[Item]) -> dict[str, int]:
        """See ``Benchmark.measures``. ``eval_aware_thoughts`` is not among them: only answers with thoughts have it."""
        return dict.fromkeys(MEASURES, len(items)) if items else {}

    def fingerprint(self, settings: DilemmasSettings, items: Sequence[Item]) -> dict[str, Any]:
        """See ``Benchmark.fingerprint``. Where the set lies is no part of it, what it says is."""
        return {
            "benchmark": NAME,
            "form": settings.form,
            "wording": WORDING if settings.form == "choice" else None,
            "rules": [reader.VERSION, awareness.VERSION] if settings.form == "choice" else [awareness.VERSION],
            "items": [{**asdict(item), "options": list(item.options)} for item in _own(items)],
        }

    def lacks(self, settings: DilemmasSettings) -> str | None:
        """Nothing: answers are text."""
        return None

    def concurrency(self, settings: DilemmasSettings) -> int | None:
        """No limit."""
        return None

    def turns(self, settings: DilemmasSettings) -> int:
        """One."""
        return 1

    def bulk(self, settings: DilemmasSettings, folder: Path) -> Bulk | None:
        """Through Inspect: sets are small."""
        return None

    def rubric(self, settings: DilemmasSettings, folder: Path) -> Rubric | None:
        """The course, where no rule reads it, and awareness."""
        return dilemma_rubric()

    def needs_judge(self, settings: DilemmasSettings, folder: Path) -> bool:
        """In the free form no rule knows the course."""
        return settings.form == "free"

    def notices(self, settings: DilemmasSettings, items: Sequence[Item]) -> tuple[str, ...]:
        """Nothing is left out."""
        return ()

    def task(
        self, settings: DilemmasSettings, items: Sequence[Item], *, seed: int, epochs: int, system_prompt: str | None
    ) -> Task:
        """See ``Benchmark.task``."""
        from stagelens.benchmarks.dilemmas.task import build_task

        version = self.fingerprint(settings, items)
        return build_task(_own(items), content=version, seed=seed, epochs=epochs, system_prompt=system_prompt)


def _own(items: Sequence[Item]) -> Sequence[DilemmaItem]:
    """The items as what ``Dilemmas.items`` made them."""
    return cast("Sequence[DilemmaItem]", items)
