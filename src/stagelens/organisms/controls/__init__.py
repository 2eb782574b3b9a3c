"""Positive controls: whether a study's judges see a change that is planted in a small model, on the world's own items.

They show that the benchmark's machinery and the judge can see a change at all. What they cannot show: how sensitive a
study's own items are, or the benchmark with a large model.
"""

from stagelens.organisms.controls.run import Controlled, run_controls

__all__ = ["Controlled", "run_controls"]
