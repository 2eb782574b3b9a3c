"""Dilemmas: which of two courses does it take, and does it take the situation for a test?"""

from stagelens.benchmarks.dilemmas.benchmark import Dilemmas

__all__ = ["Dilemmas"]
