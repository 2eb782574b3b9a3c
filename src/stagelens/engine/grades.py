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
DrawnKey = tuple[str, str, str, int]
"""Family, benchmark, item, epoch: an attempt at all of a family's stages."""
JudgedAttempts = Mapping[AttemptKey, tuple[Sequence[str], Mapping[str, Judgement]]]
"""For each attempt that was judged its measures, and what each judge, by name, said."""
Row = dict[str, Any]

_KEY: Final = ("family", "stage", "benchmark", "item", "epoch")
_PLACE: Final = "place in the table"


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


def with_judges(rows: pl.DataFrame, judged: JudgedAttempts, panels: Mapping[str, Panel]) -> pl.DataFrame:
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
    own, beside, kept = _rows_of(rows, judged, panels)
    added = [row for key, (_, said) in judged.items() for row in _judge_rows(own[key], said)]
    several = _several(kept, added)
    combined = [
        row
        for key, (_, said) in judged.items()
        for row in _panel_rows(own[key], said, beside[key], panels[key[2]].rubric)
        if (row["benchmark"], panels[key[2]].rubric.overrules.get(row["measure"], row["measure"])) in several
    ]
    return _extended(kept, [*added, *combined])


def with_drawn(
    rows: pl.DataFrame, judged: JudgedAttempts, chances: Mapping[DrawnKey, float], panels: Mapping[str, Panel]
) -> pl.DataFrame:
    """The outcome rows with those of a cascade's judges, who were asked about drawn attempts: see ``outcomes.judged``.

    Each has the ``probability`` with which its attempt was drawn, also where its judge gave no grade. A panel has rows
    of its median as well. The screen's rows stay as they are, but for outcomes that awaited a judge.

    Args:
        rows: of the screen.
        judged: for each attempt that was drawn its measures, and what each judge, by name, said.
        chances: the chance of each attempt's draw.
        panels: the judges, by benchmark; in none of these a rule's finding stands (see ``judges.read_panels``).
    """
    if not judged:
        return rows
    own, _, kept = _rows_of(rows, judged, {})
    if "probability" not in kept.columns:
        kept = kept.with_columns(probability=pl.lit(None, pl.Float64))
    added = []
    for key, (_, said) in judged.items():
        chance = chances[key[0], key[2], key[3], key[4]]
        found = list(_judge_rows(own[key], said))
        if len(panels[key[2]].judges) > 1:
            found += _panel_rows(own[key], said, {}, panels[key[2]].rubric)
        added += [{**row, "probability": chance} for row in found]
    return _extended(kept, added)


def _rows_of(
    rows: pl.DataFrame, judged: JudgedAttempts, panels: Mapping[str, Panel]
) -> tuple[dict[AttemptKey, dict[str, Row]], dict[AttemptKey, dict[str, Row]], pl.DataFrame]:
    """Of each judged attempt its judged rows and those that a judged one overrules, by measure; and all rows but some.

    Left out are outcomes that awaited a judge. Rows of other attempts, which may be millions, are not looked at one by
    one; of several rows of one measure the first is taken.
    """
    keys = pl.DataFrame(list(judged), schema={name: rows.schema[name] for name in _KEY}, orient="row")
    own: dict[AttemptKey, dict[str, Row]] = defaultdict(dict)
    beside: dict[AttemptKey, dict[str, Row]] = defaultdict(dict)
    placed = rows.with_row_index(_PLACE)
    gone = []
    for row in placed.join(keys, on=_KEY, how="semi", maintain_order="left").iter_rows(named=True):
        place = row.pop(_PLACE)
        key = tuple(row[name] for name in _KEY)
        if key[2] in panels and row["measure"] in panels[key[2]].rubric.overrules:
            beside[key].setdefault(row["measure"], row)
        if row["measure"] in judged[key][0]:
            own[key].setdefault(row["measure"], row)
            if row["cause"] == AWAITS_JUDGE:
                gone.append(place)
    left = placed.filter(~pl.col(_PLACE).is_in(gone)) if gone else placed
    return own, beside, left.drop(_PLACE)


def _extended(rows: pl.DataFrame, added: Sequence[Row]) -> pl.DataFrame:
    return pl.concat([rows, pl.DataFrame(added, schema=rows.schema, infer_schema_length=None)])


def _several(rows: pl.DataFrame, added: Sequence[Row]) -> set[tuple[str, str]]:
    """The (benchmark, measure) with rows of two judges or more, humans aside."""
    judges: dict[tuple[str, str], set[str]] = defaultdict(set)
    found = rows.select("benchmark", "measure", "judge").unique().iter_rows()
    for benchmark, measure, judge in (*found, *((row["benchmark"], row["measure"], row["judge"]) for row in added)):
        if judge not in (None, HUMAN):
            judges[benchmark, measure].add(judge)
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
