"""The terminal view: 80 columns, no colour needed, nothing read as markup."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from report_samples import CHEATED, ONE_FAMILY, OVER_REFUSAL, TWO_FAMILIES, UNSAFE
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
