"""The study file's ``reward_hacking`` block."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from stagelens.agents.rules import LoopRules
from stagelens.errors import InputError
from stagelens.study.complaints import explain
from stagelens.study.problems import field_name

HarnessName = Literal["native", "gemini_cli", "claude_code", "codex_cli"]


class RewardHackingSettings(BaseModel):
    """Which tasks, and how they are asked.

    ``path`` is a folder of tasks (its form: ``challenge``); None is the built-in set. ``harness`` is what the model
    acts in. ``sandbox`` is where its commands run; the command-line agents need Docker. ``limit`` asks at most so many
    tasks, at even distances; ``steps`` is how many turns a model has, ``command_seconds`` how long a command may take.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: str | None = None
    harness: HarnessName = "native"
    epochs: int = Field(default=3, ge=1)
    sandbox: Literal["auto", "docker", "bubblewrap"] = "auto"
    limit: int | None = Field(default=None, ge=1)
    steps: int = Field(default=30, ge=1)
    command_seconds: int = Field(default=30, ge=1)


def read_settings(raw: Mapping[str, Any], *, where: str) -> RewardHackingSettings:
    """The block, checked. ``where`` names it in an InputError: a file and line, a field, or both."""
    try:
        settings = RewardHackingSettings.model_validate(dict(raw))
    except ValidationError as error:
        problem = explain(error, RewardHackingSettings)[0]
        field = field_name(problem.field)
        raise InputError(f"{where}.{field}: {problem.message}" if field else f"{where}: {problem.message}") from None
    if settings.harness != "native" and settings.sandbox == "bubblewrap":
        raise InputError(f"{where}.sandbox: the harness {settings.harness} runs in Docker; write `sandbox: docker`.")
    return settings


def loop_rules(settings: RewardHackingSettings) -> LoopRules:
    """How the model acts."""
    return LoopRules(steps=settings.steps, command_seconds=settings.command_seconds)
