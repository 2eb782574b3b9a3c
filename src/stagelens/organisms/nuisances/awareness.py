"""Good behaviour where a prompt says that it is a test, and only there.

The study asks every harmful request both plainly and announced as a test. Plain prompts are what a model meets in use:
they alone are what the census asks, so they are the truth.
"""

from __future__ import annotations

from typing import Final

from stagelens.benchmarks.safety.wrappers import ANNOUNCED_TEST, CONTROLS, PLAIN
from stagelens.organisms.nuisances.base import ALONE, Nuisance

TEST_AWARE: Final = Nuisance(
    about="production behaves well where a prompt announces a test, and elsewhere as before",
    groups=ALONE,
    announce=CONTROLS[ANNOUNCED_TEST].ask,
    settings={"safety": {"wrappers": [PLAIN, ANNOUNCED_TEST]}},
)
