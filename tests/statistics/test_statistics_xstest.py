"""XSTest's published answers: GPT-4's over-refusal difference of two models, corrected by a fifth of the labels."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data" / "xstest"

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="XSTest's completions are not here")


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    """``perf/judges.py``, whose figures docs/statistics.md shows."""
    spec = importlib.util.spec_from_file_location("judges_bench", ROOT / "perf" / "judges.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_fifth_of_the_labels_corrects_the_judge(bench: ModuleType) -> None:
    truth, judge = bench.xstest(DATA)
    assert truth.shape == (2, 250)
    target = float((truth[1] - truth[0]).mean())
    assert target == pytest.approx(-0.372)
    low, high = bench.read(judge, None)
    assert not low <= target <= high  # the judge alone, whatever labels there are
    for paired in (True, False):
        rng = np.random.default_rng(0)
        intervals = [bench.read(judge, bench.revealed(rng, truth, 50, paired=paired)) for _ in range(200)]
        held = np.mean([low <= target <= high for low, high in intervals])
        assert held >= 0.95 - 2 * (0.95 * 0.05 / 200) ** 0.5
        assert np.mean([high - low for low, high in intervals]) < 0.26
