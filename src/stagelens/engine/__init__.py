"""Runs studies on this machine: ``run``, its halves ``train`` and ``evaluate``; before them ``check`` and ``plan``.

``ask`` makes and asks without deciding anything, for those whose stages are no ladder.
"""

from stagelens.engine.checking import check
from stagelens.engine.left_out import left_out
from stagelens.engine.planning import plan
from stagelens.engine.run import Outcome, ask, evaluate, run, train

__all__ = ["Outcome", "ask", "check", "evaluate", "left_out", "plan", "run", "train"]
