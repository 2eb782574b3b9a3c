"""The study file's ``safety`` block."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pydantic import Field, field_validator

from stagelens.benchmarks.rows import HUB
from stagelens.benchmarks.safety.presets import PRESETS, Group, Preset
from stagelens.benchmarks.safety.wrappers import KNOWN, PLAIN, WRAPPERS
from stagelens.benchmarks.settings import Settings, validated
from stagelens.errors import InputError
from stagelens.study.problems import nearest

NAME: Final = "safety"

ALL = "all"
"""Every wrapper, the plain prompt first."""


class Harmful(Settings):
    """A row is harmful where ``column`` holds ``equals``, and benign elsewhere."""

    column: str
    equals: str | int | float | bool


class Columns(Settings):
    """Which column is what. A column left out has the name of its key, and ``item`` may also be called ``id``.

    ``context`` is text that stands before the prompt, where a row has any.
    """

    prompt: str | None = None
    item: str | None = None
    group: str | None = None
    harmful: Harmful | None = None
    cluster: str | None = None
    stratum: str | None = None
    context: str | None = None


class SafetySettings(Settings):
    """Which prompts, and how often each is asked.

    ``prompts`` is a CSV, JSONL or Parquet file, or a dataset ``hf/org/name`` (its ``config`` and ``split``); None is
    the built-in set. ``preset`` names a published set whose columns are known; ``columns`` and ``group`` override it.
    ``group`` puts every prompt into one group, for sets that hold only harmful or only benign ones.
    ``wrappers`` are the ways in which each harmful prompt is asked: names, or ``all``.
    ``limit`` asks at most so many items, at even distances through the set.
    """

    prompts: str | None = None
    preset: str | None = None
    config: str | None = None
    split: str = "train"
    columns: Columns = Columns()
    group: Group | None = None
    wrappers: tuple[str, ...] = Field(default=(PLAIN,), min_length=1)
    limit: int | None = Field(default=None, ge=1)
    epochs: int = Field(default=1, ge=1)

    @field_validator("wrappers", mode="before")
    @classmethod
    def _every_wrapper(cls, given: Any) -> Any:
        return tuple(WRAPPERS) if given == ALL else given

    @property
    def published(self) -> Preset | None:
        """The preset, where one is named."""
        return None if self.preset is None else PRESETS[self.preset]


def read_settings(raw: Mapping[str, Any], *, where: str) -> SafetySettings:
    """The block, checked, its preset filled in. ``where`` names it in an InputError: a file and line, or a field."""
    settings = validated(SafetySettings, raw, where=where)
    ways = [settings.group, settings.columns.group, settings.columns.harmful]
    if sum(way is not None for way in ways) > 1:
        raise InputError(f"{where}: `group`, `columns.group` and `columns.harmful` exclude each other; keep one.")
    for name in settings.wrappers:
        if name not in KNOWN:
            raise InputError(f"{where}.wrappers: there is no wrapper {name!r}; {nearest(name, KNOWN)}")
        if settings.wrappers.count(name) > 1:
            raise InputError(f"{where}.wrappers: {name!r} is there twice; keep one.")
    if settings.preset is not None:
        return _filled_in(settings, where)
    if settings.prompts is None and (settings.columns != Columns() or settings.group is not None):
        raise InputError(f"{where}: `columns` and `group` describe a prompt file; name it with `prompts: FILE`.")
    return settings


def _filled_in(settings: SafetySettings, where: str) -> SafetySettings:
    """The settings with what their preset knows, wherever they say nothing themselves."""
    preset = PRESETS.get(settings.preset or "")
    if preset is None:
        raise InputError(
            f"{where}.preset: there is no preset {settings.preset!r}; {nearest(str(settings.preset), PRESETS)}"
        )
    if settings.prompts is None:
        hub = f", or name the dataset: `prompts: {preset.hub}`" if preset.hub else ""
        raise InputError(
            f"{where}: preset {settings.preset} says how {preset.title} is read, not where it is; get it from "
            f"{preset.source}, then name the file with `prompts: FILE`{hub} (licence: {preset.licence})."
        )
    own = settings.columns.model_dump(exclude_none=True)
    known: dict[str, Any] = dict(preset.columns)
    if settings.group is not None or {"group", "harmful"} & own.keys():
        known.pop("harmful", None)
        group = settings.group
    else:
        group = preset.group
    filled: dict[str, Any] = {"columns": Columns.model_validate(known | own), "group": group}
    if settings.prompts.startswith(HUB) and settings.prompts == preset.hub:
        filled |= {key: getattr(preset, key) for key in ("config", "split") if key not in settings.model_fields_set}
    return settings.model_copy(update=filled)
