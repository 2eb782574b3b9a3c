"""Items of the benchmarks in what stages are trained on. Pure: rows and texts in, findings out."""

from stagelens.stages.contamination.index import VERSION, Hit, Index, ItemText
from stagelens.stages.contamination.survey import Found, Survey, check_limit, texts_of

__all__ = ["VERSION", "Found", "Hit", "Index", "ItemText", "Survey", "check_limit", "texts_of"]
