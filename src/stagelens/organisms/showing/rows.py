"""What tables of a validation say, in words: the same on the terminal and on the page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import product
from typing import TYPE_CHECKING

from stagelens.organisms.groups import GROUPS
from stagelens.organisms.spec import CAUSES
from stagelens.organisms.validation.labels import MEANT
from stagelens.organisms.validation.matrix import READERS, Cell, Rate, Reader, confusion, rate
from stagelens.organisms.validation.truth import Label

if TYPE_CHECKING:
    from stagelens.organisms.validate import Styled

Table = list[list[str]]

READS = {"stagelens": "StageLens", "overlap": "intervals overlap", "largest": "largest step"}
CLEAR = "clear and certifiable"
LABELS_HEAD = ["planted", "meant to be named", "because"]
STYLED_HEAD = ["organism", "nuisance", "census: production − SFT", "said", "confounds named"]
GROUPS_HEAD = ["planted", *GROUPS]
RATES_HEAD = ["cells", "reader", "n", "right", "decided", "confidently wrong"]
CELLS_HEAD = ["organism", "measure", "planted", "dose", "census: base, sft, production", "truth", "said", ""]


def labels_table() -> Table:
    """What every planted cause is meant to be named: known before anything runs."""
    return [[cause, str(MEANT[cause].label), MEANT[cause].why] for cause in CAUSES]


def matrix_table(cells: Sequence[Cell], reader: Reader = "stagelens") -> tuple[list[str], Table]:
    """Head and rows of truth × verdict."""
    counts = confusion(cells, reader)
    said = sorted({label for row in counts.values() for label in row}, key=str)
    rows = [[str(truth), *(str(row[label] or "") for label in said)] for truth, row in sorted_rows(counts)]
    return ["truth \\ said", *map(str, said)], rows


def sorted_rows(counts: dict[Label, Counter[Label]]) -> list[tuple[Label, Counter[Label]]]:
    """By the truth's name."""
    return sorted(counts.items(), key=lambda item: str(item[0]))


def rates_table(cells: Sequence[Cell]) -> Table:
    """How often each reader was right, decided, and confidently wrong."""
    clear = [cell for cell in cells if cell.counts]
    kinds = {"all": cells, CLEAR: clear, f"{CLEAR}, census settled": [cell for cell in clear if cell.truth.settled]}
    return [
        [
            name,
            READS[reader],
            str(len(chosen)),
            *(in_words(rate(chosen, holds)) for holds in _holds(reader)),
        ]
        for (name, chosen), reader in product(kinds.items(), READERS)
    ]


def _holds(reader: Reader) -> tuple[Callable[[Cell], bool], ...]:
    return (
        lambda cell: cell.right(reader),
        lambda cell: cell.decided(reader),
        lambda cell: cell.wrong(reader),
    )


def by_cause_and_group(cells: Sequence[Cell]) -> Table:
    """Right by planted cause and benchmark; what was not right in brackets."""
    rows = []
    for cause in CAUSES:
        row: list[str] = [cause]
        for name in GROUPS:
            own = [cell for cell in cells if cell.planted == cause and cell.benchmark == name]
            missed = Counter(str(cell.said["stagelens"]) for cell in own if not cell.right())
            text = f"{sum(cell.right() for cell in own)}/{len(own)}" if own else ""
            row.append(text + "".join(f"; {count} {label}" for label, count in sorted(missed.items())))
        rows.append(row)
    return rows


def cells_table(cells: Sequence[Cell]) -> Table:
    """Every cell."""
    return [
        [
            cell.organism,
            f"{cell.benchmark}/{cell.measure}",
            cell.planted,
            f"{cell.dose:g}",
            " / ".join(f"{100 * level.level:.1f}" for level in cell.truth.levels) + " %",
            str(cell.truth.label),
            str(cell.said["stagelens"]),
            "right" if cell.right() else "WRONG" if cell.wrong() else "silent",
        ]
        for cell in cells
    ]


def styled_table(styled: Sequence[Styled]) -> Table:
    """What was said where production changes the style alone."""
    return [
        [
            each.organism,
            each.nuisance,
            f"{100 * each.step:+.1f} points",
            each.headline.verdict + (" (MISLED)" if each.misled else ""),
            "; ".join(each.headline.named) or "none",
        ]
        for each in styled
    ]


def in_words(share: Rate) -> str:
    """A share with its interval, in percent."""
    if share.share is None:
        return "none"
    return f"{share.hits} ({100 * share.share:.1f} %, {100 * share.low:.1f} to {100 * share.high:.1f})"
