"""A benchmark's block in the study file: what all blocks have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from stagelens.errors import InputError
from stagelens.study.complaints import explain
from stagelens.study.problems import field_name


class Settings(BaseModel):
    """A block, or a part of one: unknown keys are errors, and nothing changes once it is read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


ASettings = TypeVar("ASettings", bound=Settings)


def validated(model: type[ASettings], raw: Mapping[str, Any], *, where: str) -> ASettings:
    """The block as ``model``. InputError names ``where`` it stands (file and line, or a field) and the field in it."""
    try:
        return model.model_validate(dict(raw))
    except ValidationError as error:
        problem = explain(error, model)[0]
        field = field_name(problem.field)
        raise InputError(f"{where}.{field}: {problem.message}" if field else f"{where}: {problem.message}") from None
