"""Safety: does it refuse what is harmful, and answer what only looks harmful?"""

from stagelens.benchmarks.safety.benchmark import Safety

__all__ = ["Safety"]
