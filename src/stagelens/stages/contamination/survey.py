"""How much of each benchmark stands in a mixture, row by row, and what is done about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from stagelens.errors import InputError
from stagelens.stages.contamination.index import Hit, Index
from stagelens.study.spec import Decontamination

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Found:
    """What of one benchmark stands in a mixture.

    Attributes:
        benchmark: its name.
        items: how many items it has.
        found: how many of them stand in the mixture, ``exact`` of these verbatim.
        rows: how many rows of each source hold one.
        example: the first hit, with the source that it is in.
    """

    benchmark: str
    items: int
    found: int
    exact: int
    rows: Mapping[str, int]
    example: tuple[str, Hit] | None = None

    @property
    def rate(self) -> float:
        """The share of the items that were found, 0 to 1."""
        return self.found / self.items if self.items else 0.0

    def to_dict(self, *, removed: bool) -> dict[str, Any]:
        """Plain JSON, as ``provenance.json`` holds it."""
        said = None if self.example is None else f"{self.example[1].item}: {self.example[1].passage}"
        return {
            "items": self.items,
            "found": self.found,
            "exact": self.exact,
            "rows": sum(self.rows.values()),
            "removed": removed,
            "example": said,
        }


@dataclass(slots=True)
class Survey:
    """The rows of a mixture gone through once: what was found, and where.

    ``places``: by source, the places of the rows that hold an item of a benchmark that is not in ``allow``;
    ``by_benchmark``: by source, how many rows hold one of each.
    """

    index: Index
    allow: Collection[str] = ()
    places: dict[str, list[int]] = field(default_factory=dict)
    by_benchmark: dict[str, Counter[str]] = field(default_factory=dict)
    _items: dict[str, dict[str, bool]] = field(default_factory=dict)
    _examples: dict[str, tuple[str, Hit]] = field(default_factory=dict)

    def read(self, source: str, rows: Iterable[Row]) -> None:
        """Go through a source's rows."""
        places, counts = self.places.setdefault(source, []), self.by_benchmark.setdefault(source, Counter())
        for place, row in enumerate(rows):
            hits = self.index.search(texts_of(row))
            if not hits:
                continue
            held = {hit.benchmark for hit in hits}
            if not held <= set(self.allow):
                places.append(place)
            counts.update(held)
            for hit in hits:
                known = self._items.setdefault(hit.benchmark, {})
                known[hit.item] = known.get(hit.item, False) or hit.exact
                self._examples.setdefault(hit.benchmark, (source, hit))

    def found(self) -> tuple[Found, ...]:
        """Every benchmark, in order, with what of it was found."""
        return tuple(
            Found(
                benchmark=name,
                items=items,
                found=len(self._items.get(name, {})),
                exact=sum(self._items.get(name, {}).values()),
                rows={source: counts[name] for source, counts in self.by_benchmark.items() if counts[name]},
                example=self._examples.get(name),
            )
            for name, items in self.index.counts.items()
        )


def texts_of(row: Row) -> list[str]:
    """Every text of a row, of whatever kind of stage: documents, the turns of chats, both answers of a preference."""
    return list(_texts(row.get(name) for name in ("text", "messages", "prompt", "completion", "chosen", "rejected")))


def check_limit(found: Sequence[Found], wanted: Decontamination, where: str) -> None:
    """Refuse a mixture that holds too much of a benchmark, unless such rows are left out or the study allows it.

    Raises:
        InputError: names the benchmark, how much of it was found, an example, and the remedies.
    """
    if wanted.remove:
        return
    for each in found:
        if each.rate <= wanted.at_most or each.benchmark in wanted.allow or each.example is None:
            continue
        source, hit = each.example
        how = "verbatim" if hit.exact else f"with {hit.similarity:.0%} of its words"
        raise InputError(
            f"{where}: {each.found} of the {each.items} items of {each.benchmark} ({each.rate:.1%}) stand in the "
            f"mixture, more than the {wanted.at_most:.1%} of `decontaminate.at_most`; item {hit.item} stands {how} in "
            f"source {source!r}: “{hit.passage}”. Leave such rows out with `decontaminate: {{remove: true}}`, or "
            f"accept them with `decontaminate: {{allow: [{each.benchmark}]}}`."
        )


def _texts(values: Iterable[Any]) -> Iterator[str]:
    for value in values:
        if isinstance(value, str):
            yield value
        elif isinstance(value, list):
            yield from (each["content"] for each in value if isinstance(each.get("content"), str))
