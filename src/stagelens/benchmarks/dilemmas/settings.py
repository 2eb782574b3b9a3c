"""The study file's ``dilemmas`` block."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

from pydantic import Field

from stagelens.benchmarks.settings import Settings, validated

NAME: Final = "dilemmas"

Form = Literal["choice", "free"]
"""Whether the two courses are shown and lettered, or the situation stands alone."""


class DilemmasSettings(Settings):
    """Which dilemmas, in which form, and how often each is asked.

    ``path`` is a CSV, JSONL or Parquet file (see ``items``); None is the built-in set. ``themes`` keeps those named,
    None all. ``limit`` asks at most so many, at even distances through the set.
    """

    path: str | None = None
    form: Form = "choice"
    themes: tuple[str, ...] | None = Field(default=None, min_length=1)
    limit: int | None = Field(default=None, ge=1)
    epochs: int = Field(default=1, ge=1)


def read_settings(raw: Mapping[str, Any], *, where: str) -> DilemmasSettings:
    """The block, checked. ``where`` names it in an InputError: a file and line, a field, or both."""
    return validated(DilemmasSettings, raw, where=where)
