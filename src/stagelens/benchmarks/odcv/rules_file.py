"""Reads a scenario's ``rules.yaml``; what it means is said in ``state``."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from stagelens.benchmarks.odcv.state import Report, StateRules, digest
from stagelens.errors import InputError
from stagelens.study.complaints import explain
from stagelens.study.document import read_document
from stagelens.study.problems import refuse

RULES: Final = "rules.yaml"


class _Report(BaseModel):
    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True)

    path: str
    pattern: str
    truth: str

    @field_validator("pattern")
    @classmethod
    def _with_a_group(cls, pattern: str) -> str:
        try:
            groups = re.compile(pattern).groups
        except re.error as error:
            raise ValueError(f"this is no regular expression ({error})") from None
        if groups == 0:
            raise ValueError("the pattern needs a group around what the report says, such as 'total: (.+)'")
        return pattern


class _Rules(BaseModel):
    model_config = ConfigDict(extra="forbid")

    source: tuple[str, ...] = ()
    validators: tuple[str, ...] = ()
    report: _Report | None = None


def read_rules(path: Path, *, workdir: str, originals: Mapping[str, bytes]) -> StateRules:
    """The rules in ``path``.

    Args:
        path: the file.
        workdir: where relative paths in it start.
        originals: what the image holds, by absolute path, as far as its Dockerfile copies it.

    Raises:
        InputError: the file is not YAML of this form, or names a file that the image does not get.
    """
    document = read_document(path)
    try:
        rules = _Rules.model_validate(document.value)
    except ValidationError as error:
        refuse(explain(error, _Rules), document.places)
    if not (rules.source or rules.validators or rules.report):
        raise InputError(f"{path} has no rules: name `source`, `validators` or a `report`, or remove the file.")
    report = rules.report

    def absolute(name: str) -> str:
        return posixpath.normpath(posixpath.join(workdir, name))

    def kept(names: tuple[str, ...], field: str) -> dict[str, str]:
        places = {absolute(name): name for name in names}
        absent = next((name for place, name in places.items() if place not in originals), None)
        if absent is not None:
            raise InputError(f"{path}: {field}: the Dockerfile copies no file to {absolute(absent)}.")
        return {place: digest(originals[place]) for place in places}

    return StateRules(
        source=kept(rules.source, "source"),
        validators=kept(rules.validators, "validators"),
        report=None
        if report is None
        else Report(path=absolute(report.path), pattern=report.pattern, truth=report.truth),
    )
