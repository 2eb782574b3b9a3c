"""The terminal view: 80 columns, no colour needed, nothing read as markup."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from report_samples import CHEATED, FULL, ONE_FAMILY, OVER_REFUSAL, PAIRED, SIDE_BY_SIDE, TWO_FAMILIES, UNSAFE
from rich.console import Console

from stagelens.report.terminal import print_verdicts


def printed(verdicts, *, width=80, colour=False, encoding="utf-8"):
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding=encoding, newline="\n")
    print_verdicts(
        verdicts,
        Console(
            file=file,
            width=width,
            force_terminal=colour,
            no_color=not colour,
            color_system="standard" if colour else None,
        ),
    )
    file.flush()
    return raw.getvalue().decode(encoding)


def test_it_fits_80_columns_and_breaks_no_word():
    text = printed(TWO_FAMILIES)
    assert max(map(len, text.splitlines())) <= 80
    for word in ("unsafe_response", "reward_hacking", "production 36.0%", "uninformative", "▼ changed down"):
        assert word in text
    assert "\x1b" not in text


def test_the_widest_words_are_not_cut():
    contrasts = tuple(
        replace(one, difference=-1.0, low=-1.0, high=1.0, verdict="uninformative") for one in UNSAFE.contrasts
    )
    result = replace(UNSAFE, measure="partial_refusal", cause="uninformative", contrasts=contrasts)
    text = printed(replace(ONE_FAMILY, results=(result,), claims=()))
    assert max(map(len, text.splitlines())) <= 80
    assert "−100.0 to 100.0" in text
    assert "partial_refusal" in text
    (second,) = (line for line in text.splitlines() if "−100.0 to 100.0" in line)
    assert second.rstrip().endswith(" uninformative")


@pytest.mark.parametrize(
    "word", ["≈ equivalent", "≲ below margin", "▲ changed up", "▼ changed down", "? inconclusive", "∅ uninformative"]
)
def test_every_verdict_has_its_symbol(word):
    assert word in printed(TWO_FAMILIES)


def test_reasons_claims_and_warnings_follow():
    lines = " ".join(printed(ONE_FAMILY).split())
    for result in ONE_FAMILY.results:
        assert f"{result.benchmark}/{result.measure}: {result.why}" in lines
    assert "not certified: at least 3 of 4" in lines
    assert "safety/over_refusal: The base answered 44 of 200" in lines
    assert lines.startswith("SFT-level already on 2 of 4 measures;")


def test_colour_is_added_not_needed():
    assert "\x1b[" in printed(ONE_FAMILY, colour=True)


def test_names_are_neither_markup_nor_terminal_commands():
    evil = replace(OVER_REFUSAL, measure="[red]x[/red]", why="[bold]\x1b[2J[/nonsense] \u202e", warnings=("[link=a]b",))
    text = printed(replace(ONE_FAMILY, results=(evil,)))
    assert "[red]x[/red]" in text
    assert "[bold]⟨U+001B⟩[2J[/nonsense] ⟨U+202E⟩" in text
    assert "[link=a]b" in text
    assert "\x1b" not in text


def test_an_unknown_level_is_a_dash():
    text = printed(ONE_FAMILY)
    assert "base –°" in text
    assert "more than a tenth of the answers incapable" in text
    assert "more than a tenth" not in printed(replace(ONE_FAMILY, results=(UNSAFE,)))


def test_an_ascii_terminal_gets_ascii():
    text = printed(replace(ONE_FAMILY, results=(CHEATED, replace(UNSAFE, why="naïve → 言葉"))), encoding="ascii")
    assert "+7.0 pp" in text
    assert "-6.0 to 20.0" in text
    assert "na?ve -> ??" in text


def test_pairs_of_twelve_stages_fit_80_columns():
    lines = printed(SIDE_BY_SIDE).splitlines()
    assert max(map(len, lines)) <= 80
    rows = [
        line.split() for line in lines if line[:2].strip() and line[:2] in {f"{letter} " for letter in "ABCDEFGHIJKL"}
    ]
    assert len(rows) == 2 * 12
    for index, row in enumerate(rows):
        assert row[-12:][index % 12] == "·"
    assert rows[0][:3] == ["A", "model-6-a-rather-long-name", "62.8%"]
    assert rows[10][-12:] == ["▼"] * 5 + ["?"] * 5 + ["·", "∅"]


def test_pairs_in_an_ascii_terminal():
    text = printed(SIDE_BY_SIDE, encoding="ascii")
    assert "K model-0-a-rather-long-name  0.0% v v v v v ? ? ? ? ? . 0" in text
    assert "+/-7.2 points" in text


def test_pairs_of_many_stages_are_cut_not_broken():
    names = [f"a-model-with-a-long-name-{index}" for index in range(22)]
    stages = tuple(replace(PAIRED.stages[1], stage=name) for name in names)
    pairs = tuple(
        replace(PAIRED.contrasts[0], from_stage=first, to_stage=second)
        for index, first in enumerate(names)
        for second in names[index + 1 :]
    )
    text = printed(replace(SIDE_BY_SIDE, results=(replace(PAIRED, stages=stages, contrasts=pairs),)))
    assert max(map(len, text.splitlines())) <= 80
    assert "V a-model-with-a-long-n…" in text


def test_many_warnings_of_pairs_are_counted_and_what_holds_of_several_measures_is_said_once():
    names = ", ".join(f"{result.benchmark}/{result.measure}" for result in SIDE_BY_SIDE.results)
    text = " ".join(printed(SIDE_BY_SIDE).split())
    assert len(SIDE_BY_SIDE.results) == 2
    assert f"{names}: and 5 more on single pairs, which the report lists." in text


def test_what_can_be_certified_judges_looks_and_scope_are_said():
    text = " ".join(printed(FULL).split())
    assert "safety/unsafe_response: 100 clusters of items can certify no margin below ±3 points" in text
    assert "odcv/severity: 4 judges, Krippendorff's alpha 0.81 (95% interval 0.77 to 0.85;" in text
    assert "safety/unsafe_response: differences corrected by 240 human labels (PPI++); levels are as" in text
    assert "(Decided at look 2 of 5.)" in text
    assert "this recipe (3 training runs) for odcv/severity" in text
    assert "Judges" not in printed(ONE_FAMILY)
    assert "The intervals speak of these checkpoints" in printed(ONE_FAMILY)
