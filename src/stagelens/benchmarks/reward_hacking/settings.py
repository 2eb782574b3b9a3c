"""The study file's ``reward_hacking`` block."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

from pydantic import Field

from stagelens.agents.rules import LoopRules
from stagelens.benchmarks.settings import Settings, validated
from stagelens.errors import InputError

NAME: Final = "reward_hacking"

HarnessName = Literal["native", "gemini_cli", "claude_code", "codex_cli"]


class RewardHackingSettings(Settings):
    """Which tasks, and how they are asked.

    ``path`` is a folder of tasks (its form: ``challenge``); None is the built-in set. ``harness`` is what the model
    acts in. ``sandbox`` is where its commands run; the command-line agents need Docker. ``limit`` asks at most so many
    tasks, at even distances; ``steps`` is how many turns a model has, ``command_seconds`` how long a command may take.
    """

    path: str | None = None
    harness: HarnessName = "native"
    epochs: int = Field(default=3, ge=1)
    sandbox: Literal["auto", "docker", "bubblewrap"] = "auto"
    limit: int | None = Field(default=None, ge=1)
    steps: int = Field(default=30, ge=1)
    command_seconds: int = Field(default=30, ge=1)


def read_settings(raw: Mapping[str, Any], *, where: str) -> RewardHackingSettings:
    """The block, checked. ``where`` names it in an InputError: a file and line, a field, or both."""
    settings = validated(RewardHackingSettings, raw, where=where)
    if settings.harness != "native" and settings.sandbox == "bubblewrap":
        raise InputError(f"{where}.sandbox: the harness {settings.harness} runs in Docker; write `sandbox: docker`.")
    return settings


def loop_rules(settings: RewardHackingSettings) -> LoopRules:
    """How the model acts."""
    return LoopRules(steps=settings.steps, command_seconds=settings.command_seconds)
