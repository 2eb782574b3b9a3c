"""Every claim holds, fails and lacks data as it should."""

from __future__ import annotations

from organisms_validation_worlds import MARGIN, cell, exactly

from stagelens.organisms.validation.aa import AA
from stagelens.organisms.validation.claims import ClaimCheck, check_claims
from stagelens.organisms.validation.detection import Detection, Point, Tally
from stagelens.organisms.validation.dose import DOSES, DoseResponse
from stagelens.organisms.validation.estimates import Estimate
from stagelens.organisms.validation.matrix import Cell, Reader, share_of
from stagelens.organisms.validation.sampling import Design
from stagelens.organisms.validation.size import FalseEquivalence
from stagelens.organisms.validation.truth import truth_of
from stagelens.statistics.data import Method

RIGHT, DECIDED, WRONG, HIDDEN, FOILS, AA_CHANGES, DOSE, REDUNDANT, SFT, TANGO, BETTING = range(11)


def of_cells(*cells: Cell) -> tuple[ClaimCheck, ...]:
    return check_claims(cells)


def test_without_data_nothing_holds() -> None:
    checks = check_claims(())
    assert len(checks) == 11
    assert not any(check.holds for check in checks)
    assert {check.seen for check in checks} == {"no data"}
    assert len({check.text for check in checks}) == 11


def test_right_decided_and_wrong() -> None:
    right, silent, wrong = cell(), cell(said="inconclusive"), cell(said="production")
    nine = of_cells(*[right] * 9, silent)
    assert (nine[RIGHT].holds, nine[DECIDED].holds, nine[WRONG].holds) == (True, True, True)
    assert nine[RIGHT].seen == "9 of 10, 90 % (55.5 % to 99.7 %)"
    assert (nine[RIGHT].bound, nine[DECIDED].bound, nine[WRONG].bound) == ("≥ 90 %", "≥ 80 %", "≤ 3 %")
    eight = of_cells(*[right] * 8, silent, silent)
    assert (eight[RIGHT].holds, eight[DECIDED].holds) == (False, True)
    assert not of_cells(*[right] * 7, *[silent] * 3)[DECIDED].holds
    assert of_cells(*[right] * 97, *[wrong] * 3)[WRONG].holds
    assert not of_cells(*[right] * 96, *[wrong] * 4)[WRONG].holds


def test_wrong_counts_all_cells_and_right_only_clear_ones() -> None:
    unclear = cell((0.5, 0.42, 0.42), said="production")
    checks = of_cells(cell(), unclear)
    assert checks[RIGHT].holds
    assert checks[RIGHT].seen.startswith("1 of 1")
    assert checks[WRONG].seen.startswith("1 of 2")


def test_what_was_taken_back_is_never_called_still() -> None:
    hidden = (0.6, 0.2, 0.6)
    assert of_cells(cell(hidden, said="mixed", pattern="cancelling"), cell(hidden, said="inconclusive"))[HIDDEN].holds
    failed = of_cells(*[cell(hidden, said="mixed", pattern="cancelling")] * 50, cell(hidden, said="no_change"))[HIDDEN]
    assert not failed.holds
    assert (failed.bound, failed.seen.split(",")[0]) == ("= 0 %", "1 of 51")
    assert of_cells(cell(said="pretraining"))[HIDDEN].seen == "no data"


def test_the_square_is_held_by_what_the_census_says_of_the_reward_alone() -> None:
    able = [cell(planted="redundant", necessary="changed_down", alone=-0.5)] * 4
    idle = [cell(planted="sft", necessary="below_margin", alone=0.01)] * 4
    checks = of_cells(*able, *idle, cell(planted="sft"))
    assert (checks[REDUNDANT].holds, checks[SFT].holds) == (True, True)
    assert checks[SFT].seen.startswith("4 of 4")
    silent = cell(planted="redundant", necessary="inconclusive", alone=-0.5)
    assert of_cells(*able, silent)[REDUNDANT].holds
    assert not of_cells(*able, silent, silent)[REDUNDANT].holds
    assert not of_cells(cell(planted="sft", necessary="changed_up", alone=0.01))[SFT].holds
    # What was meant does not count, and neither does what is neither large nor small.
    assert of_cells(cell(planted="redundant", necessary="equivalent", alone=0.0))[SFT].holds
    assert of_cells(cell(planted="redundant", necessary="equivalent", alone=-MARGIN))[REDUNDANT].seen == "no data"


def detected(**scores: int) -> Detection:
    """One point of ten verdicts; by reader, how many were right, all others wrong."""
    truth = truth_of(exactly([0.5, 0.2, 0.2]), MARGIN)
    readers: tuple[Reader, ...] = ("stagelens", "overlap", "largest")
    tallies = {reader: Tally(scores[reader], 10 - scores[reader], 0) for reader in readers}
    return Detection("m", Design(60, 2), MARGIN, (Point("sft", 1.0, -0.3, truth, tallies, share_of(8, 10)),))


def test_both_foils_have_to_be_worse() -> None:
    assert check_claims((), detections=[detected(stagelens=9, overlap=7, largest=5)])[FOILS].holds
    assert not check_claims((), detections=[detected(stagelens=9, overlap=7, largest=9)])[FOILS].holds
    two = [detected(stagelens=9, overlap=7, largest=5), detected(stagelens=6, overlap=7, largest=5)]
    check = check_claims((), detections=two)[FOILS]
    assert check.holds
    assert check.seen == (
        "stagelens 0.50; overlap 0.40 (lower in 1 of 2 measures); largest 0.00 (lower in 2 of 2 measures)"
    )


def test_false_changes_need_a_hundred_studies() -> None:
    def holds(changed: int, studies: int) -> bool:
        found = AA(share_of(changed, studies), share_of(changed, studies), studies, ("c",))
        return check_claims((), aa=found)[AA_CHANGES].holds

    assert holds(5, 100)
    assert not holds(6, 100)
    assert not holds(0, 99)


def response(slope: float, rise: float = 0.2) -> DoseResponse:
    rises = (Estimate(0.2, 0.01, 100), Estimate(rise, 0.01, 100), Estimate(0.4, 0.01, 100))
    return DoseResponse("m", 0.8, DOSES, (Estimate(0.0, 0.0, 100),) * 4, rises, Estimate(slope, 0.01, 100))


def test_doses_have_to_rise_in_proportion() -> None:
    assert check_claims((), doses=[response(1.015)])[DOSE].holds
    assert not check_claims((), doses=[response(0.97)])[DOSE].holds
    assert not check_claims((), doses=[response(1.0, rise=0.015)])[DOSE].holds
    assert check_claims((), doses=[response(0.975), *[response(1.0)] * 19])[DOSE].holds  # one of twenty may lie so far
    assert not check_claims((), doses=[response(0.95), *[response(1.0)] * 19])[DOSE].holds


def on_the_margin(hits: int, method: Method = "tango_neff") -> FalseEquivalence:
    return FalseEquivalence("m", method, "item", MARGIN, 0.1, share_of(hits, 1000))


def test_the_simulations_own_interval_decides_on_false_equivalence() -> None:
    assert check_claims((), sizes=[on_the_margin(80)])[TANGO].holds  # low end 6.4 %
    assert not check_claims((), sizes=[on_the_margin(83)])[TANGO].holds
    checks = check_claims((), sizes=[on_the_margin(66, "betting"), *[on_the_margin(50)] * 3])
    assert not checks[BETTING].holds
    assert checks[TANGO].holds
    assert checks[TANGO].seen.startswith("150 of 3000, 5 % ")
    assert "the worst of 3: 50 of 1000" in checks[TANGO].seen
    several = check_claims((), sizes=[on_the_margin(99), *[on_the_margin(20)] * 3])[TANGO]
    assert not several.holds  # one that is too high is not made good by others
    assert (checks[TANGO].bound, checks[BETTING].bound) == ("≤ 6.5 %", "≤ 5 %")
