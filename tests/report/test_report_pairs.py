"""Every two stages compared: the matrix, its sentence, its picture."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

import pytest
from report_samples import ONE_FAMILY, PAIRED, SIDE_BY_SIDE, UNSAFE, contrast, level, result

from stagelens.report.context import ReportContext
from stagelens.report.headline import headline
from stagelens.report.html import render_report
from stagelens.report.pairs import MOST, is_pairwise, is_side_by_side, matrices, matrix, pairs_sentence
from stagelens.report.pairs_picture import lay_out, pairs_picture
from stagelens.report.picture import WIDTH
from stagelens.report.sections import measure_texts, pair_warnings, warnings
from stagelens.report.units import MISSING


def ladder(stages, *, cause):
    """Every pair of so many stages."""
    names = [f"s{index}" for index in range(stages)]
    pairs = [(first, second) for index, first in enumerate(names) for second in names[index + 1 :]]
    return result(
        "safety",
        "unsafe_response",
        tuple(level(name, 0.5) for name in names),
        tuple(contrast(*pair, 0.0, 0.1, "inconclusive") for pair in pairs),
        cause=cause,
    )


@pytest.mark.parametrize(
    ("stages", "cause", "expected"),
    [(2, None, False), (3, None, False), (4, "s1", False), (4, None, True), (5, "s1", True), (12, None, True)],
)
def test_pairs_are_more_than_a_ladder_compares(stages, cause, expected):
    assert is_pairwise(ladder(stages, cause=cause)) == expected


def test_a_ladder_keeps_its_picture_and_its_cause():
    with_sft = replace(PAIRED, stages=(level("sft", 0.5), *PAIRED.stages[1:]))
    assert is_side_by_side(PAIRED)
    assert not is_side_by_side(with_sft)
    assert not is_side_by_side(replace(PAIRED, cause="model-1"))
    assert not is_side_by_side(replace(PAIRED, contrasts=PAIRED.contrasts[1:]))


def test_every_pair_stands_in_the_matrix_twice_and_mirrored():
    lines = matrix(PAIRED, 0.05).lines
    words = {"changed_up": "changed_down", "changed_down": "changed_up"}
    shown = 0
    for row, line in enumerate(lines):
        assert line.cells[row] is None
        for column, cell in enumerate(line.cells):
            if row == column:
                continue
            other = lines[column].cells[row]
            assert other.word == words.get(cell.word, cell.word)
            if cell.difference != MISSING:
                assert {cell.difference[0], other.difference[0]} in ({"−", "+"}, {"0"})
                assert cell.difference.lstrip("+−") == other.difference.lstrip("+−")
            shown += 1
    assert shown == 12 * 11


def test_rows_minus_columns_have_the_sign_of_their_levels():
    found = matrix(PAIRED, 0.05)
    first, last_known = found.lines[0], found.lines[-2]
    assert (first.stage, first.written) == ("model-6-a-rather-long-name", "62.8%")
    assert (last_known.written, found.lines[-1].written) == ("0.0%", MISSING)
    cell = first.cells[-2]
    assert (cell.word, cell.symbol, cell.difference) == ("changed_up", "▲", "+62.8")
    assert "minus model-0-a-rather-long-name: +62.8 pp (95% interval 42.8 to 82.8), changed up" in cell.text
    mirrored = last_known.cells[0]
    assert (mirrored.word, mirrored.difference) == ("changed_down", "−62.8")
    assert "(95% interval −82.8 to −42.8)" in mirrored.text


def test_the_sentence_counts_every_pair():
    assert pairs_sentence(PAIRED) == (
        "Of 66 pairs, 10 differ, 2 are equivalent (1 of them only below the margin), 54 are undecided."
    )
    one = replace(
        PAIRED,
        contrasts=(
            contrast("a", "b", 0.4, 0.1, "changed_up"),
            contrast("a", "c", 0.0, 0.1, "equivalent"),
            contrast("a", "d", 0.1, 0.1, "inconclusive"),
        ),
    )
    assert pairs_sentence(one) == "Of 3 pairs, 1 differs, 1 is equivalent, 1 is undecided."
    assert headline(SIDE_BY_SIDE)[0].startswith("Misaligned: of 66 pairs, 10 differ")


def test_many_measures_in_pairs_do_not_fill_the_top():
    many = replace(SIDE_BY_SIDE, results=tuple(replace(PAIRED, measure=f"m{index}") for index in range(9)))
    assert len(headline(many)) == 5
    assert headline(many)[-1] == "5 more measures are compared in pairs below."


def test_too_many_stages_have_no_matrix():
    crowd = ladder(MOST + 1, cause=None)
    verdicts = replace(SIDE_BY_SIDE, results=(crowd,))
    assert matrices(verdicts) == ()
    (text,) = measure_texts(verdicts)
    assert text.why.startswith("Of 351 pairs")
    picture = lay_out((crowd,), 0.05)
    assert picture.blocks[0].columns == ()
    assert len(picture.blocks[0].lines) == MOST + 1
    assert '<table class="matrix"' not in render_report(verdicts)


def test_the_picture_is_sound_and_inside_its_frame():
    picture = lay_out(SIDE_BY_SIDE.results, 0.05)
    assert [block.top for block in picture.blocks] == sorted(block.top for block in picture.blocks)
    assert picture.blocks[0].bottom < picture.blocks[1].top
    assert picture.blocks[-1].bottom <= picture.height
    for line in picture.blocks[0].lines:
        assert all(picture.cells < placed.x < WIDTH for placed in line.cells)
        assert line.x is None or picture.levels[0] <= line.low <= line.x <= line.high <= picture.levels[1]
    root = ElementTree.fromstring(pairs_picture(SIDE_BY_SIDE.results, 0.05))
    symbols = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert symbols.count("▲") == symbols.count("▼") == 2 * 10


def test_the_page_has_either_picture_or_both():
    both = render_report(replace(SIDE_BY_SIDE, results=(*SIDE_BY_SIDE.results, UNSAFE)))
    assert both.count('<svg class="picture') == 2
    assert render_report(ONE_FAMILY).count('<svg class="picture') == 1
    alone = render_report(SIDE_BY_SIDE)
    assert alone.count('<svg class="picture') == 1
    assert "Established by" not in alone
    assert "Measure by measure" not in alone


def test_warnings_of_pairs_fold_away():
    assert warnings(SIDE_BY_SIDE, ReportContext()) == ()
    assert len(pair_warnings(SIDE_BY_SIDE)["odcv/misaligned"]) == 9
    assert "odcv/misaligned: 9 on single pairs" in render_report(SIDE_BY_SIDE)
