"""Numbers, words and other people's text, as the report writes them."""

from __future__ import annotations

import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_samples import (
    CHEATED,
    ONE_FAMILY,
    OVER_REFUSAL,
    RARE,
    SEVERITY,
    SILENT,
    TWO_FAMILIES,
    UNSAFE,
    WORSE,
    level,
    result,
)

from stagelens.report import units as write
from stagelens.report.headline import headline
from stagelens.report.units import MISSING, units_of
from stagelens.report.visible import cut, one_line, shorten, visible
from stagelens.report.words import cause_words, for_better_or_worse, headline_contrast, is_hollow, share_words
from stagelens.statistics.results import Share, Verdicts

RATE, SCORE = units_of(UNSAFE), units_of(SEVERITY)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.714, "71.4%"),
        (0.0412, "4.1%"),
        (0.0043, "0.43%"),
        (0.0, "0.0%"),
        (1.0, "100.0%"),
        (None, MISSING),
        (float("nan"), MISSING),
    ],
)
def test_levels_of_rates(value, expected):
    assert RATE.level(value) == expected


@pytest.mark.parametrize(
    ("units", "value", "expected"),
    [
        (RATE, -0.155, "−15.5 pp"),
        (RATE, 0.03, "+3.0 pp"),
        (RATE, -0.0001, "−0.01 pp"),
        (RATE, -1e-9, "0.00 pp"),
        (RATE, None, MISSING),
        (SCORE, -0.11, "−0.11"),
        (SCORE, None, MISSING),
    ],
)
def test_differences(units, value, expected):
    assert units.difference(value) == expected


def test_an_interval_with_an_unknown_end_is_unknown():
    assert RATE.interval(-0.04, 0.02) == "−4.0 to 2.0"
    assert RATE.interval(None, 0.02) == MISSING
    assert RATE.level_interval(0.1, None) == MISSING


def test_small_p_values_are_bounded_not_zero():
    assert write.probability(0.0) == "<0.001"
    assert write.probability(0.0312) == "0.0312"
    assert write.probability(None) == MISSING


@pytest.mark.parametrize(
    "writer", [write.probability, write.share, write.ratio, write.count, write.plain, RATE.level, RATE.width]
)
def test_none_is_never_a_number(writer):
    assert writer(None) == MISSING


def test_kind_is_known_by_name_or_inferred_from_numbers():
    assert (SCORE.kind, SCORE.high) == ("severity", 5.0)
    low_severity = replace(SEVERITY, stages=(level("sft", 0.02, 0.01),), margin=0.3)
    assert units_of(low_severity).kind == "severity"
    own = result("mine", "harm", (level("sft", 2.0, 0.4, top=10.0),), (), margin=0.2)
    assert units_of(own).kind == "severity"
    assert units_of(replace(own, stages=(level("sft", 0.4),), margin=0.5)).kind == "severity"
    assert units_of(replace(own, stages=(level("sft", 0.4),))).kind == "rate"


@given(st.text(st.characters(codec=None), max_size=40))
def test_visible_text_hides_nothing_and_can_always_be_written(text):
    shown = visible(text)
    shown.encode("utf-8")
    hidden = {char for char in shown if unicodedata.category(char) in {"Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp"}}
    assert hidden <= set("\n\t\u200c\u200d")


def test_hostile_characters_are_written_out():
    assert visible("\x1b[31m") == "⟨U+001B⟩[31m"
    assert visible("a\u202eb\u200bc\ud800\U000e0041") == "a⟨U+202E⟩b⟨U+200B⟩c⟨U+D800⟩⟨U+E0041⟩"
    assert visible("zwölf\n\tçà 言葉") == "zwölf\n\tçà 言葉"
    assert one_line("a\nb") == "a↵b"


def test_cutting_counts_what_it_leaves_out():
    assert cut("short") == cut("short", longest=5)
    long = cut("x" * 1000 + "y", longest=100)
    assert (long.text, long.rest) == ("x" * 100, 901)
    lines = cut("a\n" * 50, most_lines=3)
    assert (lines.text, lines.rest) == ("a\na\na", 95)
    assert shorten("unsafe response", 8) == "unsafe…"


def test_headline_of_one_family():
    assert headline(ONE_FAMILY) == (
        "SFT-level already on 2 of 4 measures; 1 changed; 1 cannot be told.",
        "Claim “at least 3 of 4 measures are established by SFT”: not certified.",
    )


def test_headline_names_families_and_counts_every_word():
    first, second, _ = headline(TWO_FAMILIES)
    assert first.startswith("pocket: ")
    assert second == (
        "big: SFT-level already on 1 of 3 measures (1 of them only below the margin); 1 changed; "
        "1 cannot be told (1 of them uninformative)."
    )


def test_headline_without_sft_or_without_anything():
    gemini = replace(
        WORSE, contrasts=tuple(replace(c, from_stage="gemini-3.1", to_stage="gpt-5.5") for c in WORSE.contrasts)
    )
    assert headline(Verdicts("x", 0.05, (), (gemini,))) == (
        "Already at the level of gemini-3.1 on none of 1 measure; 1 changed.",
    )
    assert headline(Verdicts("x", 0.05, (), ())) == ("No measure was analysed.",)
    assert "1 cannot be told" in headline(Verdicts("x", 0.05, (), (replace(WORSE, contrasts=()),)))[0]


def test_many_claims_are_counted():
    claim = ONE_FAMILY.claims[0]
    claims = (claim, replace(claim, certified=True), claim)
    assert headline(replace(ONE_FAMILY, claims=claims))[-1] == "1 of 3 claims certified."


def test_a_change_is_better_or_worse_by_the_direction():
    assert for_better_or_worse(OVER_REFUSAL, headline_contrast(OVER_REFUSAL)) == "better"
    assert for_better_or_worse(WORSE, headline_contrast(WORSE)) == "worse"
    assert for_better_or_worse(replace(WORSE, higher_is_worse=False), headline_contrast(WORSE)) == "better"
    assert for_better_or_worse(RARE, headline_contrast(RARE)) is None


def test_hollow_is_more_than_a_tenth():
    assert [is_hollow(level("s", 0.5, incapable=count)) for count in (20, 21)] == [False, True]
    assert not is_hollow(replace(level("s", None), n=0, incapable=0))
    assert is_hollow(SILENT.stages[0])


def test_unbounded_shares_say_so():
    bounded, exterior, everything = (
        share_words(part, 0.05)
        for part in (
            Share("sft", 0.97, 0.91, 1.04, "bounded"),
            Share("sft", 10.7, -2.9, 1.8, "exterior"),
            Share("rl", None, None, None, "all"),
        )
    )
    assert bounded == "SFT: 97% (95% set 91% to 104%)"
    assert exterior == "SFT: 1070% (95% set unbounded: below −290% or above 180%)"
    assert everything == "RL: not known (95% set unbounded: every share is possible)"


def test_causes_in_words():
    assert [cause_words(r) for r in (UNSAFE, OVER_REFUSAL, CHEATED, RARE)] == [
        "SFT",
        "mixed (eroded)",
        "inconclusive",
        MISSING,
    ]
