"""What a validation claims, and whether it holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from stagelens.organisms.validation.checks import MULTIPLES, Detected, Dose
from stagelens.organisms.validation.matrix import READERS, Cell, Rate, rate
from stagelens.statistics.contrasts.words import CHANGED, SAME

RIGHT: Final = 0.9
DECIDED: Final = 0.8
WRONG: Final = 0.03
TOLD: Final = 0.8
ALARMS: Final = 0.05
STUDIES: Final = 100
SIZES: Final = {"tango_neff": 0.065, "betting": 0.05}


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that the claims rest on; parts that were not looked at are None or empty, and their claims are not made.

    ``alarms``: A/A studies in which a headline is called changed. ``unrelated``: families in which the headline of a
    measure is, that nothing was planted in. ``sizes``: by method, how often an effect of the margin is called
    equivalent.
    """

    cells: tuple[Cell, ...]
    alarms: Rate | None = None
    unrelated: Rate | None = None
    doses: tuple[Dose, ...] = ()
    sizes: dict[str, Rate] | None = None
    detected: tuple[Detected, ...] = ()


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim, whether it holds, and what was seen."""

    text: str
    holds: bool
    seen: str


def claims(evidence: Evidence) -> tuple[Claim, ...]:
    """Every claim that the evidence speaks of. Rates of cells are decided on the value, with its interval beside it."""
    return (
        *_of_cells(evidence.cells),
        *_of_alarms(evidence.alarms, evidence.unrelated),
        *_of_doses(evidence.doses),
        *_of_sizes(evidence.sizes or {}),
        *_of_detection(evidence.detected),
    )


def _of_cells(cells: Sequence[Cell]) -> Iterator[Claim]:
    counting = [cell for cell in cells if cell.counts]
    yield _at_least(
        "the right cause, where truth is clear and the margin certifiable", rate(counting, Cell.right), RIGHT
    )
    yield _at_least("a decision there", rate(counting, Cell.decided), DECIDED)
    yield _at_most("confidently wrong, of all", rate(cells, Cell.wrong), WRONG)
    worked_against = [cell for cell in cells if cell.truth.label.pattern in ("eroded", "cancelling")]
    if worked_against:
        still = rate(worked_against, lambda cell: cell.said["stagelens"].cause in ("no_change", "pretraining"))
        yield _at_most("eroded or cancelling, and called unchanged", still, 0.0)
    redundant = [cell for cell in cells if cell.necessary is not None and cell.planted == "redundant" and cell.took]
    if redundant:
        told = rate(redundant, lambda cell: cell.necessary in CHANGED)
        yield _at_least("redundant: the 2×2 shows that RL does it without the SFT data too", told, TOLD)
    alone = [cell for cell in cells if cell.necessary is not None and cell.planted == "sft" and cell.took]
    if alone:
        told = rate(alone, lambda cell: cell.necessary in SAME)
        yield _at_least("SFT alone: the 2×2 shows that without its data nothing moves", told, TOLD)


def _of_alarms(alarms: Rate | None, unrelated: Rate | None) -> Iterator[Claim]:
    if alarms is not None:
        claim = _at_most("A/A studies with a headline called changed", alarms, ALARMS)
        yield Claim(claim.text, claim.holds and alarms.of >= STUDIES, claim.seen)
    if unrelated is not None:
        yield _at_most("families whose answers to plain requests are called changed by RL", unrelated, ALARMS)


def _of_doses(doses: Sequence[Dose]) -> Iterator[Claim]:
    for dose in doses:
        holds = dose.monotone and dose.low <= 1 <= dose.high
        seen = f"slope {dose.slope:.3f} ({dose.low:.3f} to {dose.high:.3f}){'' if dose.monotone else ', not monotone'}"
        yield Claim(f"dose-response of {dose.name} is monotone with a slope of 1", holds, seen)


def _of_sizes(sizes: dict[str, Rate]) -> Iterator[Claim]:
    for method, found in sizes.items():
        bound = SIZES[method]
        text = f"an effect of exactly the margin called equivalent ({method}): at most {100 * bound:g} %"
        yield Claim(text, found.low <= bound, spelt(found))


def _of_detection(detected: Sequence[Detected]) -> Iterator[Claim]:
    if not detected:
        return
    scores = {
        reader: sum(each.score for each in detected if each.reader == reader) / len(MULTIPLES) for reader in READERS
    }
    for foil in READERS[1:]:
        yield Claim(
            f"right less wrong, between 0.5 and 2 minimum detectable differences, beside the foil {foil!r}",
            scores["stagelens"] > scores[foil],
            f"{scores['stagelens']:.2f} against {scores[foil]:.2f}",
        )


def _at_least(what: str, found: Rate, bound: float) -> Claim:
    return Claim(f"{what}: at least {100 * bound:g} %", found.share is not None and found.share >= bound, spelt(found))


def _at_most(what: str, found: Rate, bound: float) -> Claim:
    return Claim(f"{what}: at most {100 * bound:g} %", found.share is not None and found.share <= bound, spelt(found))


def spelt(found: Rate) -> str:
    """A share with its exact interval, in percent."""
    if found.share is None:
        return "none was looked at"
    return f"{found.hits} of {found.of}, {100 * found.share:.1f} % ({100 * found.low:.1f} to {100 * found.high:.1f})"
