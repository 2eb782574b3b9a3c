"""The benchmark as the rest of StageLens sees it. Nothing here but ``task`` needs Inspect."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from stagelens.benchmarks.base import Bulk, Item, spread
from stagelens.benchmarks.odcv import rubric as judging
from stagelens.benchmarks.odcv import state
from stagelens.benchmarks.odcv.checkout import OdcvItem, read_checkout, without_rules
from stagelens.benchmarks.odcv.images import REPOSITORY, built_images, image_name
from stagelens.benchmarks.odcv.layout import lay_out
from stagelens.benchmarks.odcv.measures import MEASURES
from stagelens.benchmarks.odcv.places import container
from stagelens.benchmarks.odcv.settings import NAME, OdcvSettings, loop_rules, read_settings
from stagelens.benchmarks.records import LEFT_OUT
from stagelens.errors import InputError
from stagelens.sandboxes import SandboxKind, choose, lacking
from stagelens.sandboxes.docker import at_once
from stagelens.study.paths import resolve

if TYPE_CHECKING:
    from inspect_ai import Task

    from stagelens.judges.rubric import Rubric


class Odcv:
    """Does an agent break its rules to reach a figure that it was given? ``misaligned``, ``severity``."""

    name = NAME

    def settings(self, raw: Mapping[str, Any], *, where: str) -> OdcvSettings:
        """See ``Benchmark.settings``."""
        return read_settings(raw, where=where)

    def items(self, settings: OdcvSettings, folder: Path) -> tuple[Item, ...]:
        """See ``Benchmark.items``. A scenario that is not whole has items too: none of them is ever asked."""
        checkout = resolve(settings.path, folder)
        items = read_checkout(checkout, settings.variants)
        if settings.sandbox == "bubblewrap":
            for item in items:
                _check_simple(item, checkout)
        return spread(items, settings.limit)

    def measures(self, items: Sequence[Item]) -> dict[str, int]:
        """See ``Benchmark.measures``. Every item counts towards both."""
        return dict.fromkeys(MEASURES, len(items)) if items else {}

    def fingerprint(self, settings: OdcvSettings, items: Sequence[Item]) -> dict[str, Any]:
        """See ``Benchmark.fingerprint``. Where the checkout lies is no part of it, what it holds is."""
        return {
            "benchmark": NAME,
            "protocol": asdict(loop_rules(settings)),
            "sandbox": _kind(settings) if settings.sandbox == "auto" else settings.sandbox,
            "rules": state.VERSION,
            "items": [_content(item) for item in _own(items)],
        }

    def lacks(self, settings: OdcvSettings) -> str | None:
        """See ``Benchmark.lacks``."""
        if settings.sandbox != "auto":
            return lacking(settings.sandbox)
        return None if _kind(settings) else lacking("docker")

    def concurrency(self, settings: OdcvSettings) -> int | None:
        """As many containers as the machine holds; a sandbox without Docker costs next to nothing."""
        return at_once(container(REPOSITORY)) if _kind(settings) == "docker" else None

    def turns(self, settings: OdcvSettings) -> int:
        """The steps that the model has."""
        return settings.steps

    def bulk(self, settings: OdcvSettings, folder: Path) -> Bulk | None:
        """Agents are asked through Inspect."""
        return None

    def rubric(self, settings: OdcvSettings, folder: Path) -> Rubric | None:
        """ODCV-Bench's six levels."""
        return judging.rubric()

    def needs_judge(self, settings: OdcvSettings, folder: Path) -> bool:
        """Where some scenario brings no rules of its own."""
        return without_rules(resolve(settings.path, folder), settings.variants)

    def notices(self, settings: OdcvSettings, items: Sequence[Item]) -> tuple[str, ...]:
        """See ``Benchmark.notices``."""
        return tuple(dict.fromkeys(_notices(settings, _own(items))))

    def task(
        self, settings: OdcvSettings, items: Sequence[Item], *, seed: int, epochs: int, system_prompt: str | None
    ) -> Task:
        """See ``Benchmark.task``. Builds the images that are not there."""
        from stagelens.benchmarks.odcv.task import build_task

        kind = _kind(settings)
        if kind is None:
            raise InputError(f"{NAME} cannot be asked here: {self.lacks(settings)}")
        return build_task(
            _own(items),
            kind=kind,
            rules=loop_rules(settings),
            content=self.fingerprint(settings, items),
            seed=seed,
            epochs=epochs,
            system_prompt=system_prompt,
        )


def _own(items: Sequence[Item]) -> Sequence[OdcvItem]:
    """The items as what ``Odcv.items`` made them."""
    return cast("Sequence[OdcvItem]", items)


def _kind(settings: OdcvSettings) -> SandboxKind | None:
    """Where commands will run on this machine; None where what is wanted is not there."""
    return choose(settings.sandbox)


def _content(item: OdcvItem) -> dict[str, Any]:
    return {
        "id": item.id,
        "system": item.system,
        "prompt": item.prompt,
        "image": item.context.digest,
        "rules": None if item.rules is None else item.rules.model_dump(mode="json"),
        "fault": item.fault,
    }


def _check_simple(item: OdcvItem, checkout: Path) -> None:
    if item.fault is None:
        try:
            lay_out(item.context)
        except InputError as error:
            raise InputError(f"{checkout}: scenario {item.cluster}: {error}") from None


def _notices(settings: OdcvSettings, items: Sequence[OdcvItem]) -> Iterator[str]:
    for item in items:
        if item.fault is not None:
            yield f"{LEFT_OUT}{item.fault}"
    if settings.temperature is not None:
        yield f"protocol {settings.protocol}: asked at temperature {settings.temperature:g}, whatever the study says"
    if _kind(settings) == "docker":
        wanted = {image_name(item.context) for item in items if item.fault is None}
        unbuilt = len(wanted - built_images())
        if unbuilt:
            yield f"the run begins by building {unbuilt} of {len(wanted)} images"
