"""Runs studies on this machine: ``run``, its halves ``train`` and ``evaluate``; before them ``check`` and ``plan``.

``gather`` makes and asks without deciding anything, for those whose stages are no ladder.
"""

from stagelens.engine.checking import check
from stagelens.engine.left_out import left_out
from stagelens.engine.planning import plan
from stagelens.engine.run import Outcome, evaluate, gather, run, train

__all__ = ["Outcome", "check", "evaluate", "gather", "left_out", "plan", "run", "train"]
