"""Behaviours: what answers to users' prompts are graded for, by rules and by judges."""

from stagelens.benchmarks.user_logs.behaviours.rubric import behaviours_rubric
from stagelens.benchmarks.user_logs.behaviours.rules import VERSION, RuleJudge
from stagelens.benchmarks.user_logs.behaviours.spec import Behaviour, read_behaviours

__all__ = ["VERSION", "Behaviour", "RuleJudge", "behaviours_rubric", "read_behaviours"]
