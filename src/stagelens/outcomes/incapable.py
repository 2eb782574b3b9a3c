"""Why stages gave no answer: the causes that an outcome table names, where there are enough of them to matter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

MANY: Final = 0.1
"""The share of a stage's answers beyond which its incapable ones are spoken of."""
NAMED: Final = 2
"""So many causes are named, the commonest first."""

_MEASURE: Final = ("family", "benchmark", "measure")
_STAGE: Final = (*_MEASURE, "stage")
_ATTEMPT: Final = ("item", "epoch", "seed")
_CUT: Final = "truncated"

Name = tuple[str, str, str]
"""Family, benchmark, measure."""


@dataclass(frozen=True, slots=True)
class Incapable:
    """How many answers of a stage are incapable, by cause, the commonest first."""

    stage: str
    causes: tuple[tuple[str, int], ...]


def incapable_of(table: pl.DataFrame) -> Mapping[Name, tuple[Incapable, ...]]:
    """The incapable answers of a table as ``read_table`` or ``read_coded`` returns it, stages in order.

    Several judges of one attempt count once.
    """
    none = table.lazy().filter(pl.col("status").cast(pl.String) == "incapable")
    counted = (
        none.select(
            *(pl.col(name).cast(pl.String) for name in (*_STAGE, "item")),
            *("epoch", "seed", "stage_index"),
            pl.col("cause").fill_null("no cause given"),
        )
        .unique([*_STAGE, *_ATTEMPT], keep="first", maintain_order=True)
        .group_by([*_STAGE, "stage_index", "cause"])
        .len("count")
        .sort([*_MEASURE, "stage_index", "count", "cause"], descending=[False] * 4 + [True, False])
        .collect()
    )
    found: dict[Name, tuple[Incapable, ...]] = {}
    for (family, benchmark, measure, stage), causes in counted.group_by(_STAGE, maintain_order=True):
        name = (str(family), str(benchmark), str(measure))
        own = Incapable(str(stage), tuple(zip(causes["cause"], causes["count"], strict=True)))
        found[name] = (*found.get(name, ()), own)
    return found


def incapable_sentences(stages: Sequence[Incapable], attempts: int) -> Iterator[str]:
    """A sentence for every stage of which more than a tenth of the ``attempts`` are no answers."""
    for each in stages:
        total = sum(count for _, count in each.causes)
        if total > MANY * attempts:
            named = ", ".join(f"{cause}: {count}" for cause, count in each.causes[:NAMED])
            more = "" if len(each.causes) <= NAMED else ", …"
            cut = each.causes[0][0].startswith(_CUT)
            mend = "; a larger token budget, the same for all stages, would let them end" if cut else ""
            yield f"{each.stage}: {total} of {attempts} answers are incapable ({named}{more}){mend}"
