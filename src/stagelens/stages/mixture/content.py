"""A source as read, and what of a mixture decides the weights."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from stagelens.stages.mixture.rows import Row, Rows
from stagelens.study.fingerprint import fingerprint as digest
from stagelens.study.spec import Mixture

__all__ = ["Content", "Row", "fingerprint", "without"]


@dataclass(frozen=True, slots=True)
class Content:
    """A source as read.

    Attributes:
        name: the source's.
        rows: its rows, reduced to the fields that are trained on, in the order of the source. They may be read from
            their file each time.
        sha256: of the file's bytes, of a folder's files by name, or of the rows of a dataset of the hub.
        provenance: what the study file says of it.
        duplicates: rows that were left out because an earlier one says the same.
        contaminated: rows that were left out because they hold an item of a benchmark, by benchmark.
        left_out: the sha256 of the places of rows that ``without`` took away, None where it took none.
    """

    name: str
    rows: Sequence[Row]
    sha256: str
    provenance: Mapping[str, Any]
    duplicates: int = 0
    contaminated: Mapping[str, int] = field(default_factory=dict)
    left_out: str | None = None


def without(content: Content, places: Iterable[int], contaminated: Mapping[str, int]) -> Content:
    """The source without its rows at ``places``, which hold items of benchmarks: ``contaminated`` counts them."""
    gone = sorted(set(places))
    if not gone:
        return content
    if isinstance(content.rows, Rows):
        rows: Sequence[Row] = content.rows.without(gone)
    else:
        here = frozenset(gone)
        rows = tuple(row for place, row in enumerate(content.rows) if place not in here)
    return replace(content, rows=rows, contaminated=dict(contaminated), left_out=digest(gone))


def fingerprint(contents: Sequence[Content], mixture: Mixture) -> dict[str, Any]:
    """What decides the draw, besides the seed and the kind of stage, in plain JSON types.

    What a mixture does not use is not named, so that its fingerprint does not depend on what other mixtures may do.
    """
    used: dict[str, Any] = {"deduplicate": True} if mixture.deduplicate else {}
    if mixture.replace is not None:
        used["replace"] = {"sources": list(mixture.replace.sources), "by": list(mixture.replace.by)}
    sources = []
    for source, content in zip(mixture.sources, contents, strict=True):
        amounts = {"count": source.count, "take": source.take, "left_out": content.left_out}
        sources.append(
            {"name": source.name, "weight": source.weight, "filter": source.filter, "sha256": content.sha256}
            | {key: value for key, value in amounts.items() if value is not None}
        )
    return {"examples": mixture.examples, "sources": sources} | used
