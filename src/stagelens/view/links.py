"""Addresses of pages: names of what is shown stand in the query, and are looked up; none is a path."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal, get_args
from urllib.parse import urlencode

from stagelens.statistics.results import Contrast, MeasureResult

Kind = Literal["changed", "up", "down", "same", "gaps", "all"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
FRONT: Final = "./"
MEASURE: Final = "measure"
ITEMS: Final = "items"
ITEM: Final = "item"
REPORT: Final = "report.html"


class NotThereError(Exception):
    """The run has nothing of the name that an address asks for; the message is for the reader."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which items of a contrast are listed.

    ``kind``: those that changed, went up or down, stayed, have attempts without a grade at either stage, or all.
    ``stratum``: None for every one. ``find``: a part of the item's name. ``page``: from 1.
    """

    kind: Kind = "changed"
    stratum: str | None = None
    find: str = ""
    page: int = 1

    @classmethod
    def of(cls, query: dict[str, str]) -> Choice:
        """As an address says; what it does not say, or says wrongly, is as by default."""
        kind = next((each for each in KINDS if each == query.get("kind")), cls().kind)
        page = query.get("page", "")
        number = int(page) if page.isascii() and page.isdigit() and len(page) < 8 else 1
        return cls(kind, query.get("stratum") or None, query.get("find", ""), max(number, 1))

    @property
    def query(self) -> dict[str, str]:
        """What an address says of it: only what is not as by default."""
        said = {"kind": self.kind, "stratum": self.stratum or "", "find": self.find, "page": str(self.page)}
        plain = {"kind": Choice().kind, "page": "1"}
        return {name: value for name, value in said.items() if value and value != plain.get(name)}

    def but(self, **changed: object) -> Choice:
        """Another choice that begins at its first page, unless it says otherwise."""
        return replace(self, **{"page": 1, **changed})  # type: ignore[arg-type]


def measure_query(result: MeasureResult) -> dict[str, str]:
    """What names a measure in an address."""
    return {"family": result.family, "benchmark": result.benchmark, "measure": result.measure}


def contrast_query(result: MeasureResult, contrast: Contrast) -> dict[str, str]:
    """What names a contrast in an address."""
    return measure_query(result) | {"from": contrast.from_stage, "to": contrast.to_stage}


def measure_link(result: MeasureResult) -> str:
    """The page of a measure."""
    return _link(MEASURE, measure_query(result))


def items_link(result: MeasureResult, contrast: Contrast, choice: Choice | None = None) -> str:
    """The page of a contrast's items."""
    return _link(ITEMS, contrast_query(result, contrast) | (choice or Choice()).query)


def item_link(result: MeasureResult, contrast: Contrast, item: str, choice: Choice) -> str:
    """The page of an item at a contrast's two stages; the choice says where one came from."""
    return _link(ITEM, contrast_query(result, contrast) | choice.query | {"item": item})


def _link(page: str, query: dict[str, str]) -> str:
    return f"{page}?{urlencode(query)}"
