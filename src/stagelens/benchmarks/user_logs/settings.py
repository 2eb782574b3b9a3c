"""The study file's ``user_logs`` block."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pydantic import Field

from stagelens.benchmarks.settings import validated
from stagelens.benchmarks.user_logs.reading import LogSettings

NAME: Final = "user_logs"


class UserLogsSettings(LogSettings):
    """Which logs, how they are read (see ``LogSettings``), and what answers are graded for.

    ``behaviours`` is ``default``, a file of behaviours, or a list of names of the default ones and files. ``seed`` is
    that of the sample. ``limit`` asks at most so many prompts of the sample, at even distances.
    """

    behaviours: str | tuple[str, ...] = "default"
    seed: int = Field(default=0, ge=0)
    limit: int | None = Field(default=None, ge=1)
    epochs: int = Field(default=1, ge=1)


def read_settings(raw: Mapping[str, Any], *, where: str) -> UserLogsSettings:
    """The block, checked. ``where`` names it in an InputError: a file and line, a field, or both."""
    return validated(UserLogsSettings, raw, where=where)
