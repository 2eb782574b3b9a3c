"""The benchmark as the rest of StageLens sees it. Nothing here but ``task`` needs Inspect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from stagelens.benchmarks.base import Item, spread
from stagelens.benchmarks.odcv import rubric, state
from stagelens.benchmarks.odcv.checkout import OdcvItem, read_checkout
from stagelens.benchmarks.odcv.measures import MEASURES
from stagelens.benchmarks.odcv.settings import OdcvSettings, loop_rules, read_settings
from stagelens.study.paths import resolve

if TYPE_CHECKING:
    from inspect_ai import Task

    from stagelens.judges.rubric import Rubric

NAME: Final = "odcv"
