"""Holds the instrument against the truth: pure functions of censuses and verdicts. No I/O, no torch."""
