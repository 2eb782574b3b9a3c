"""From judgements to rows of the outcome table: one a judge, and the panel's. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import polars as pl

from stagelens.benchmarks.records import AWAITS_JUDGE
from stagelens.engine.judges import Panel
from stagelens.judges.asking import Judgement
from stagelens.judges.panel import combine
from stagelens.judges.rubric import Rubric
from stagelens.outcomes.grades import HUMAN, PANEL
from stagelens.outcomes.measures import KNOWN, Measure
from stagelens.study.rules import RULE

AttemptKey = tuple[str, str, str, str, int]
"""Family, stage, benchmark, item, epoch."""
Row = dict[str, Any]

_KEY: Final = ("family", "stage", "benchmark", "item", "epoch")


def judged_measures(rubric: Rubric, group: str, records: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """The measures of an attempt that judges give; empty where there is nothing to judge.

    Nothing is judged that the scorer found no answer in, or that it could not grade for a reason of its own.
    """
    mine = None if rubric.measures is None else rubric.measures(group)
    return tuple(
        dict.fromkeys(
            record["measure"]
            for record in records
            if (mine is None or record["measure"] in mine)
            and (record["status"] == "scored" or record["cause"] == AWAITS_JUDGE)
        )
    )


def with_judges(
    rows: pl.DataFrame,
    judged: Mapping[AttemptKey, tuple[Sequence[str], Mapping[str, Judgement]]],
    panels: Mapping[str, Panel],
) -> pl.DataFrame:
    """The outcome rows with those of the judges.

    An outcome that awaited a judge gives way to the judges' own. Where more than one judge graded a measure, rules
    counted, every judged attempt has a ``panel`` row as well: the median over the models, raised to what the rule found
    where the rule stands; so nothing is ever decided by a median over a model and a rule.

    Args:
        rows: of the benchmarks' own scorers.
        judged: for each attempt that was judged its measures, and what each judge, by name, said.
        panels: the judges, by benchmark.
    """
    if not judged:
        return rows
    kept: list[Row] = []
    own: dict[AttemptKey, dict[str, Row]] = defaultdict(dict)
    beside: dict[AttemptKey, dict[str, Row]] = defaultdict(dict)
    for row in rows.iter_rows(named=True):
        key = tuple(row[name] for name in _KEY)
        if key in judged and row["measure"] in panels[key[2]].rubric.overrules:
            beside[key][row["measure"]] = row
        if key in judged and row["measure"] in judged[key][0]:
            own[key][row["measure"]] = row
            if row["cause"] == AWAITS_JUDGE:
                continue
        kept.append(row)
    added = [row for key, (_, said) in judged.items() for row in _judge_rows(own[key], said)]
    several = _several(kept, added)
    combined = [
        row
        for key, (_, said) in judged.items()
        for row in _panel_rows(own[key], said, beside[key], panels[key[2]].rubric)
        if (row["benchmark"], panels[key[2]].rubric.overrules.get(row["measure"], row["measure"])) in several
    ]
    return pl.DataFrame([*kept, *added, *combined], schema=rows.schema, infer_schema_length=None)


def _several(*groups: Sequence[Row]) -> set[tuple[str, str]]:
    """The (benchmark, measure) with rows of two judges or more, humans aside."""
    judges: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in (row for group in groups for row in group):
        if row["judge"] not in (None, HUMAN):
            judges[row["benchmark"], row["measure"]].add(row["judge"])
    return {key for key, names in judges.items() if len(names) > 1}


def _judge_rows(own: Mapping[str, Row], said: Mapping[str, Judgement]) -> Iterator[Row]:
    for judge, judgement in said.items():
        for measure, row in own.items():
            yield _row(row, judge, judgement.values.get(measure), judgement.cause)


def _panel_rows(
    own: Mapping[str, Row], said: Mapping[str, Judgement], beside: Mapping[str, Row], rubric: Rubric
) -> Iterator[Row]:
    graded = [judgement.values for judgement in said.values() if judgement.answer is not None]
    cause = next((judgement.cause for judgement in said.values() if judgement.cause), None)
    values = combine(rubric, graded, _proven(own) if rubric.rule_stands else {})
    for measure, row in own.items():
        yield _row(row, PANEL, values.get(measure), cause)
    for measure, row in beside.items():
        ruling = values.get(rubric.overrules[measure])
        if not row["value"]:
            yield {**row, "judge": PANEL}
        else:
            yield _row(row, PANEL, None if ruling is None else row["value"] * (1.0 - ruling), cause)


def _proven(own: Mapping[str, Row]) -> dict[str, float]:
    """What the benchmark's rule found, of measures of which more is worse."""
    return {
        measure: row["value"]
        for measure, row in own.items()
        if row["value"]
        and (row["judge"] or "").startswith(RULE)
        and KNOWN.get(measure, Measure(measure)).higher_is_worse
    }


def _row(like: Row, judge: str, value: float | None, cause: str | None) -> Row:
    missing = {"status": "ungraded", "cause": cause or "the judge does not give this measure"}
    status = {"status": "scored", "cause": None} if value is not None else missing
    return {**like, "judge": judge, "value": value, **status}
