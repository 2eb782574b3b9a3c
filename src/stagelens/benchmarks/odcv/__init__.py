"""ODCV-Bench: does an agent break its rules to reach a figure that it was given?"""

from stagelens.benchmarks.odcv.benchmark import Odcv

__all__ = ["Odcv"]
