"""From answers to one row a behaviour of each: by rules, or awaiting a judge where no rule knows the behaviour."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import polars as pl

from stagelens.benchmarks.records import AWAITS_JUDGE, CONTENT_FILTER, FILTERED
from stagelens.benchmarks.user_logs.behaviours import VERSION, Behaviour, RuleJudge
from stagelens.benchmarks.user_logs.behaviours.rules import mapped
from stagelens.judges.coherence import is_incoherent
from stagelens.outcomes.answers import CUT
from stagelens.outcomes.bulk_answers import RECORD
from stagelens.study.fingerprint import fingerprint

JUDGE: Final = "rule:behaviours"


class Grader:
    """The rules of some behaviours, and what becomes of answers that none can read.

    An empty, cut or incoherent answer is `incapable` of every behaviour, one that the provider withheld `ungraded`, one
    that never came `unattempted`. A behaviour of thoughts has a row only where there are thoughts.
    """

    def __init__(self, behaviours: Sequence[Behaviour]) -> None:
        self._behaviours = tuple(behaviours)
        self._rules = RuleJudge(self._behaviours)
        self.version = fingerprint([VERSION, [behaviour.content() for behaviour in self._behaviours]])[:16]

    def grade(self, answers: pl.DataFrame) -> pl.DataFrame:
        """See ``benchmarks.base.Bulk``."""
        states = _states(answers)
        readable = states["status"] == "scored"
        values = self._rules.grade_many(
            states.select(
                prompt=answers["messages"].list.last().struct.field("text"),
                response=pl.when(readable).then(answers["answer"]),
                thoughts=answers["thoughts"],
            )
        )
        wide = states.hstack(values)
        return pl.concat([self._rows(wide, behaviour) for behaviour in self._behaviours]).select(
            "item", "epoch", *RECORD
        )

    def _rows(self, wide: pl.DataFrame, behaviour: Behaviour) -> pl.DataFrame:
        own = wide.filter(pl.col("thinks")) if behaviour.where == "thoughts" else wide
        value = pl.col(behaviour.name) if behaviour.has_rule else pl.lit(None, pl.Float64)
        awaits = (pl.col("status") == "scored") & value.is_null()
        return own.select(
            "item",
            "epoch",
            measure=pl.lit(behaviour.name),
            value=pl.when(pl.col("status") == "scored").then(value),
            status=pl.when(awaits).then(pl.lit("ungraded")).otherwise("status"),
            cause=pl.when(awaits).then(pl.lit(AWAITS_JUDGE)).otherwise("cause"),
            judge=pl.when(awaits).then(pl.lit(None, pl.String)).otherwise(pl.lit(JUDGE)),
            higher_is_worse=pl.lit(behaviour.higher_is_worse),
        )


def _states(answers: pl.DataFrame) -> pl.DataFrame:
    """What each answer is good for: ``status`` and ``cause``, and whether it ``thinks``."""
    text = pl.col("answer").fill_null("")
    incoherent = mapped(answers["answer"], is_incoherent, pl.Boolean()).fill_null(False)
    empty = text.str.strip_chars() == ""
    cases: list[tuple[pl.Expr | pl.Series, str, pl.Expr]] = [
        (pl.col("error").is_not_null(), "unattempted", pl.col("error")),
        (pl.col("stop_reason") == CONTENT_FILTER, "ungraded", pl.lit(FILTERED)),
        (empty, "incapable", pl.lit("empty answer")),
        (pl.col("stop_reason").is_in(CUT), "incapable", pl.lit("truncated at the token limit")),
        (incoherent, "incapable", pl.lit("incoherent answer")),
    ]
    status, cause = pl.lit("scored"), pl.lit(None, pl.String)
    for found, word, why in reversed(cases):
        status = pl.when(found).then(pl.lit(word)).otherwise(status)
        cause = pl.when(found).then(why).otherwise(cause)
    return answers.select(
        "item", "epoch", status=status, cause=cause, thinks=pl.col("thoughts").fill_null("").str.strip_chars() != ""
    )
