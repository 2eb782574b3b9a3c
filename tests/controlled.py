"""A control's organism cut down until it trains in seconds, and still learns what is planted in its safety data."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import pytest

from stagelens.organisms import data
from stagelens.organisms.groups import safety
from stagelens.study.spec import Family, Study

SHAPE: Final = {"hidden_size": 96, "intermediate_size": 192, "num_hidden_layers": 2}


@contextmanager
def little_data() -> Iterator[None]:
    """While it lasts, organisms are written with about a third of their data."""
    with pytest.MonkeyPatch.context() as patch:
        for name, count in {"HELPFUL": 200, "PLAIN_TEXTS": 900, "REMARKS": 200, "CHATS": {"safety": 760}}.items():
            patch.setattr(data, name, count)
        patch.setattr(safety, "TEXTS", 1400)
        yield


def small(study: Study) -> Study:
    """An organism's study with a smaller model."""
    return study.model_copy(update={"families": {name: _small(family) for name, family in study.families.items()}})


def _small(family: Family) -> Family:
    stages = []
    for stage in family.stages:
        recipe = dict(stage.recipe or {})
        if "architecture" in recipe:
            recipe["architecture"] = recipe["architecture"] | SHAPE
        stages.append(stage.model_copy(update={"recipe": recipe}))
    return Family(stages=tuple(stages))
