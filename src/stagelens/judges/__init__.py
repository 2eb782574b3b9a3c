"""Judges turn an answer into grades."""

from stagelens.judges.rules import grade_refusal

__all__ = ["grade_refusal"]
