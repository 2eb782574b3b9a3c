"""Make checkpoints: train a stage from its recipe and mixture, or adopt one that exists.

Importing this package is cheap: torch, transformers and TRL are imported by the functions that need them.
"""

from stagelens.stages.make import clean_mixture, make_stage, read_mixture, stage_inputs
from stagelens.stages.recipe import check_recipe

__all__ = ["check_recipe", "clean_mixture", "make_stage", "read_mixture", "stage_inputs"]
