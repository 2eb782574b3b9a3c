"""Claims about the audit: held where they should be, failed where one source is mistaken, and without data."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stagelens.organisms.sourced.claims import check_audits
from stagelens.organisms.sourced.judge import Finding
from stagelens.organisms.sourced.plants import Plant


def finding(source: str, size: float, plant: Plant = "refusals", number: int = 1, **more: object) -> Finding:
    verdict = "changed_down" if abs(size) > 0.1 else "equivalent"
    named = (f"{plant}-{number}", plant, source, True, "safety", "unsafe_response")
    return replace(Finding(*named, size, size - 0.05, size + 0.05, 0.5, verdict), **more)  # type: ignore[arg-type]


def seen(*others: Finding) -> tuple[Finding, ...]:
    right = [
        finding(source, size, number=number)
        for number in range(1, 6)
        for source, size in (("planted", -0.9), ("placebo", 0.01), ("decoy", -0.02), ("helpful", 0.2))
    ]
    return (*right, *(finding(source, 0.0, "nothing") for source in ("helpful", "placebo", "decoy", "more")), *others)


def test_all_hold_where_the_audit_is_right() -> None:
    checked = check_audits(seen())
    assert [claim.holds for claim in checked] == [True] * 4
    assert checked[0].seen == "5 of 5"
    # The helpful source is null only where nothing is planted.
    assert checked[3].seen == "14 of 14"


@pytest.mark.parametrize(
    ("mistake", "fails"),
    [
        (finding("helpful", 0.95, number=1), [0]),
        (finding("planted", -0.02, number=6), [1]),
        (finding("decoy", 0.0, number=1, low=0.01, verdict="changed_up"), [3]),
    ],
)
def test_a_mistake_fails_its_claim(mistake: Finding, fails: list[int]) -> None:
    checked = check_audits(seen(mistake))
    assert [number for number, claim in enumerate(checked) if not claim.holds] == fails


def test_nulls_that_miss_zero_too_often_fail_and_so_does_no_data() -> None:
    missed = tuple(finding("decoy", 0.0, number=number, low=0.01) for number in range(7, 11))
    assert not check_audits(seen(*missed))[2].holds
    assert not any(claim.holds for claim in check_audits(()))


def test_other_measures_do_not_count() -> None:
    aside = finding("decoy", 0.9, number=2, asked=False)
    assert check_audits(seen(aside)) == check_audits(seen())


def test_what_nothing_was_graded_of_is_no_evidence() -> None:
    unknown = finding("decoy", 0.0, number=1, difference=None, low=-1.0, high=1.0)
    ranks, _, covers, unchanged = check_audits(seen(unknown))
    assert not ranks.holds
    assert covers.seen.startswith("14 of 14")
    assert unchanged.seen == "14 of 14"
