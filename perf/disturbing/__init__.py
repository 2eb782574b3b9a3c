"""Faults with real means, for ``perf/faults.py``; each says how a run ended that met it."""
