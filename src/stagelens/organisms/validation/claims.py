"""What is claimed of the instrument, held against what a validation saw. A claim without data does not hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from stagelens.organisms.validation.aa import AA
from stagelens.organisms.validation.detection import Detection
from stagelens.organisms.validation.dose import DoseResponse
from stagelens.organisms.validation.matrix import READERS, Cell, Rate, Reader, rate, share_of
from stagelens.organisms.validation.size import FalseEquivalence
from stagelens.organisms.validation.truth import CLEAR_STAY, CLEAR_STEP, Label
from stagelens.statistics.contrasts.words import CHANGED, SAME
from stagelens.statistics.data import Method

RIGHT: Final = 0.9
DECIDED: Final = 0.8
WRONG: Final = 0.03
SEEN: Final = 0.8
FALSE_CHANGE: Final = 0.05
AA_STUDIES: Final = 100
FALSE_EQUIVALENCE: Final[dict[Method, float]] = {"tango_neff": 0.065, "betting": 0.05}
ALPHA: Final = 0.05
UNRELATED: Final = "calls changed how plain requests are answered, where nothing was planted and nothing changed"
STYLED: Final = "calls changed what changed in style alone, and names no confound"
NOTHING: Final = "no data"

_HIDDEN: Final = (Label("mixed", "eroded"), Label("mixed", "cancelling"))
"""Something moved here, and a part of it or all was taken back."""
_STILL: Final = ("no_change", "pretraining")


@dataclass(frozen=True, slots=True)
class ClaimCheck:
    """A claim: what it says, whether it holds, what was seen (with its exact interval), and what would have to be."""

    text: str
    holds: bool
    seen: str
    bound: str


def check_claims(
    cells: Sequence[Cell],
    *,
    aa: AA | None = None,
    doses: Sequence[DoseResponse] = (),
    sizes: Sequence[FalseEquivalence] = (),
    detections: Sequence[Detection] = (),
    unrelated: Rate | None = None,
    styled: Rate | None = None,
) -> tuple[ClaimCheck, ...]:
    """Every claim, in a fixed order.

    Rates of cells and of A/A studies are held by their point values; their exact 95 % intervals are printed. Where
    several simulations are held to one bound, each one's interval is taken at 1 − 0.05 / their number, so that all of
    them hold the truth together with 95 %.

    Args:
        cells: of the matrix.
        aa: of the A/A studies, None where there were none.
        doses: of every pair of checkpoints that was mixed.
        sizes: of every simulation with the effect on the margin, by both methods.
        detections: of every measure whose effects were placed around the minimum detectable difference.
        styled: measures of which production changes the style alone; None where there were none.
        unrelated: families whose headline is called changed where nothing was planted and nothing changed; None where
            there are none.
    """
    return (
        *_of_cells(cells),
        _foils(detections),
        _false_changes(aa),
        _doses(doses),
        *_of_squares(cells),
        *(_false_equivalence(sizes, method) for method in FALSE_EQUIVALENCE),
        *([] if unrelated is None else [_at_most(UNRELATED, unrelated, FALSE_CHANGE)]),
        *([] if styled is None else [_at_most(STYLED, styled, FALSE_CHANGE)]),
    )


def _of_cells(cells: Sequence[Cell]) -> Iterator[ClaimCheck]:
    counted = [cell for cell in cells if cell.counts]
    yield _at_least("names the right cause of clear cases", rate(counted, Cell.right), RIGHT)
    yield _at_least("decides clear cases", rate(counted, Cell.decided), DECIDED)
    yield _at_most("names a wrong cause, in all cases", rate(cells, Cell.wrong), WRONG)
    hidden = [cell for cell in cells if cell.truth.label in _HIDDEN]
    still = rate(hidden, lambda cell: cell.said["stagelens"].cause in _STILL)
    yield _at_most("calls what was moved and taken back no change, or pretraining", still, 0.0)


def _of_squares(cells: Sequence[Cell]) -> Iterator[ClaimCheck]:
    squares = [(cell, abs(cell.alone) / cell.truth.margin) for cell in cells if cell.alone is not None]
    able = [cell for cell, size in squares if size >= CLEAR_STEP]
    idle = [cell for cell, size in squares if size <= CLEAR_STAY]
    yield _at_least("sees by the 2×2 that the reward alone does it, where it does", rate(able, _says(CHANGED)), SEEN)
    yield _at_least(
        "sees by the 2×2 that the reward alone does nothing, where it does nothing", rate(idle, _says(SAME)), SEEN
    )


def _says(words: tuple[str, ...]) -> Callable[[Cell], bool]:
    return lambda cell: cell.necessary in words


def _foils(detections: Sequence[Detection]) -> ClaimCheck:
    """Scores are means over the measures; each foil's has to be the lower one."""
    text = "scores better than both foils (right − wrong) around the minimum detectable difference"
    bound = "both foils lower"
    if not detections:
        return ClaimCheck(text, False, NOTHING, bound)
    scores = {reader: _mean([each.score(reader) for each in detections]) for reader in READERS}
    holds = all(scores[reader] < scores["stagelens"] for reader in READERS if reader != "stagelens")
    return ClaimCheck(text, holds, "; ".join(_scored(reader, scores, detections) for reader in READERS), bound)


def _scored(reader: Reader, scores: dict[Reader, float], detections: Sequence[Detection]) -> str:
    seen = f"{reader} {scores[reader]:.2f}"
    if reader == "stagelens":
        return seen
    lower = sum(each.score(reader) < each.score("stagelens") for each in detections)
    return f"{seen} (lower in {lower} of {len(detections)} measures)"


def _false_changes(aa: AA | None) -> ClaimCheck:
    text, bound = (
        "calls any headline of an A/A study changed",
        f"≤ {_percent(FALSE_CHANGE)}, {AA_STUDIES} studies or more",
    )
    if aa is None:
        return ClaimCheck(text, False, NOTHING, bound)
    share = aa.changed.share
    holds = share is not None and share <= FALSE_CHANGE and aa.changed.of >= AA_STUDIES
    return ClaimCheck(text, holds, f"{_said(aa.changed)}; {_said(aa.uncorrected)} without Holm", bound)


def _doses(doses: Sequence[DoseResponse]) -> ClaimCheck:
    text, bound = (
        "the estimate rises with the dose, and in proportion to it",
        "every rise above 0, every slope's interval holds 1",
    )
    if not doses:
        return ClaimCheck(text, False, NOTHING, bound)
    alpha = ALPHA / len(doses)
    rising, linear = [each.monotone(alpha) for each in doses], [each.linear(alpha) for each in doses]
    farthest = max(doses, key=lambda each: abs(each.slope.mean - 1))
    low, high = farthest.slope.interval(alpha)
    seen = (
        f"{sum(rising)} of {len(doses)} rise, {sum(linear)} are in proportion; the slope farthest from 1 is "
        f"{farthest.slope.mean:.3f} ({low:.3f} to {high:.3f})"
    )
    return ClaimCheck(text, all(rising) and all(linear), seen, bound)


def _false_equivalence(sizes: Sequence[FalseEquivalence], method: Method) -> ClaimCheck:
    text = f"calls a difference of exactly the margin equivalent, by {method}"
    own, most = [each for each in sizes if each.method == method], FALSE_EQUIVALENCE[method]
    bound = f"≤ {_percent(most)}"
    if not own:
        return ClaimCheck(text, False, NOTHING, bound)
    alpha = ALPHA / len(own)
    intervals = [share_of(each.called.hits, each.called.of, alpha) for each in own]
    worst = max(intervals, key=lambda each: (each.share or 0.0, each.low))
    pooled = share_of(sum(each.hits for each in intervals), sum(each.of for each in intervals))
    seen = _said(pooled) if len(own) == 1 else f"{_said(pooled)}; the worst of {len(own)}: {_said(worst)}"
    return ClaimCheck(text, all(each.low <= most for each in intervals), seen, bound)


def _at_least(text: str, found: Rate, least: float) -> ClaimCheck:
    return _held(text, found, "≥", least, found.share is not None and found.share >= least)


def _at_most(text: str, found: Rate, most: float) -> ClaimCheck:
    return _held(text, found, "≤" if most else "=", most, found.share is not None and found.share <= most)


def _held(text: str, found: Rate, sign: Literal["≥", "≤", "="], bound: float, holds: bool) -> ClaimCheck:
    return ClaimCheck(text, holds, _said(found), f"{sign} {_percent(bound)}")


def _said(found: Rate) -> str:
    if found.share is None:
        return NOTHING
    shares = f"{_percent(found.share)} ({_percent(found.low)} to {_percent(found.high)})"
    return f"{found.hits} of {found.of}, {shares}"


def _percent(share: float) -> str:
    return f"{round(100 * share, 1):g} %"


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
