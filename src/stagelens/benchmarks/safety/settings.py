"""The study file's ``safety`` block."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from stagelens.benchmarks.settings import Settings, validated
from stagelens.errors import InputError

Group = Literal["harmful", "benign", "plain"]
"""A harmful request; a benign one that looks harmful; a plain one that any competent model answers."""


class Harmful(Settings):
    """A row is harmful where ``column`` holds ``equals``, and benign elsewhere."""

    column: str
    equals: str | int | float | bool


class Columns(Settings):
    """Which column is what. A column left out has the name of its key, and ``item`` may also be called ``id``."""

    prompt: str | None = None
    item: str | None = None
    group: str | None = None
    harmful: Harmful | None = None
    cluster: str | None = None
    stratum: str | None = None


class SafetySettings(Settings):
    """Which prompts, and how often each is asked.

    ``prompts`` is a CSV, JSONL or Parquet file, or a dataset ``hf/org/name`` (its ``split``); None is the built-in set.
    ``group`` puts every prompt into one group, for sets that hold only harmful or only benign ones.
    ``limit`` asks at most so many, at even distances through the set.
    """

    prompts: str | None = None
    split: str = "train"
    columns: Columns = Columns()
    group: Group | None = None
    limit: int | None = Field(default=None, ge=1)
    epochs: int = Field(default=1, ge=1)


def read_settings(raw: Mapping[str, Any], *, where: str) -> SafetySettings:
    """The block, checked. ``where`` names it in an InputError: a file and line, a field, or both."""
    settings = validated(SafetySettings, raw, where=where)
    ways = [settings.group, settings.columns.group, settings.columns.harmful]
    if sum(way is not None for way in ways) > 1:
        raise InputError(f"{where}: `group`, `columns.group` and `columns.harmful` exclude each other; keep one.")
    if settings.prompts is None and (settings.columns != Columns() or settings.group is not None):
        raise InputError(f"{where}: `columns` and `group` describe a prompt file; name it with `prompts: FILE`.")
    return settings
