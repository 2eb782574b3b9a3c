"""Runs studies on this machine: ``run``, its halves ``train`` and ``evaluate``; before them ``check`` and ``plan``."""

from stagelens.engine.checking import check
from stagelens.engine.left_out import left_out
from stagelens.engine.planning import plan
from stagelens.engine.run import Outcome, evaluate, run, train

__all__ = ["Outcome", "check", "evaluate", "left_out", "plan", "run", "train"]
