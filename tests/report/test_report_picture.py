"""The picture and the bars: what stands where, and that the SVG is sound."""

from __future__ import annotations

import itertools
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_samples import ONE_FAMILY, OVER_REFUSAL, SEVERITY, TWO_FAMILIES, UNSAFE, contrast, level

from stagelens.report.axis import difference_axis, level_axis
from stagelens.report.bars import grouped_bars
from stagelens.report.bars import lay_out as lay_out_bars
from stagelens.report.palette import stage_styles
from stagelens.report.picture import WIDTH, lay_out, picture

SVG = "{http://www.w3.org/2000/svg}"


def rows(*results):
    return lay_out(replace(ONE_FAMILY, results=results)).rows


@given(st.floats(1e-4, 1e4))
def test_difference_axis_reaches_and_is_symmetric(reach):
    axis = difference_axis(reach, 0.0, 100.0)
    assert axis.high >= reach * (1 - 1e-6)
    assert axis.high <= 2.6 * reach
    assert axis.low == -axis.high
    assert axis.at(0.0) == pytest.approx(50.0)
    assert axis.at(axis.high) == pytest.approx(100.0)


@given(st.floats(0.5, 100))
def test_level_axis_ticks_lie_on_it(high):
    axis = level_axis(0.0, high, 0.0, 1.0)
    assert 3 <= len(axis.ticks) <= 6
    assert axis.ticks[0] == 0
    assert axis.ticks[-1] <= high * (1 + 1e-9)


def test_rates_run_from_0_to_100_and_severities_on_their_own_scale():
    unsafe, severity = rows(UNSAFE, SEVERITY)
    assert [tick.text for tick in unsafe.level_ticks] == ["0", "20", "40", "60", "80", "100%"]
    assert [tick.text for tick in severity.level_ticks] == ["0", "1", "2", "3", "4", "5"]
    assert unsafe.difference_ticks[0].text == "−10"
    assert unsafe.difference_ticks[-1].text == "+10 pp"
    assert severity.difference_ticks[-1].text == "+1"


def test_marks_stand_where_their_numbers_are():
    (row,) = rows(UNSAFE)
    zero, end = row.level_ticks[0].x, row.level_ticks[-1].x
    assert (row.levels[0].x - zero) / (end - zero) == pytest.approx(0.714)
    mark = row.difference
    assert mark.outer[0] < mark.inner[0] < mark.x < mark.inner[1] < mark.outer[1]
    # ±5 points of an axis of ±10: the margin takes its middle half.
    left, right = row.difference_ticks[0].x, row.difference_ticks[-1].x
    assert row.margin == pytest.approx((left + (right - left) / 4, right - (right - left) / 4))
    assert mark.detectable == pytest.approx(
        tuple((left + right) / 2 + sign * 1.3 * 0.031 / 0.2 * (right - left) for sign in (-1, 1))
    )


def test_everything_fits_the_panel_however_wide_the_interval():
    wide = replace(UNSAFE, contrasts=(contrast("sft", "production", 0.0, 1.0, "uninformative", headline=True),))
    (row,) = rows(wide)
    assert row.difference_ticks[0].x <= row.difference.outer[0]
    assert row.difference.outer[1] <= row.difference_ticks[-1].x < WIDTH


def test_incapable_stages_are_hollow_and_unknown_levels_have_no_marker():
    refusal, severity = rows(OVER_REFUSAL, SEVERITY)
    assert [mark.hollow for mark in refusal.levels] == [True, False, False]
    assert [mark.x is None for mark in severity.levels] == [True, False, False]
    assert "44 of 200 answers incapable" in refusal.description


def test_long_names_are_cut_in_the_drawing_and_whole_in_its_description():
    (row,) = rows(replace(UNSAFE, measure="encouraging_delusional_beliefs"))
    assert row.name == "encouraging delusio…"
    assert row.description.startswith("encouraging delusional beliefs (safety, higher is worse)")


def test_what_is_not_known_is_not_drawn():
    silent = replace(UNSAFE, contrasts=(contrast("sft", "production", None, 0.9, "uninformative", headline=True),))
    row, bare = rows(silent, replace(UNSAFE, contrasts=()))
    assert row.difference.x is None
    assert row.difference.detectable is None
    assert row.lines[0] == "−90.0 to 90.0 pp"
    assert bare.difference is None
    assert bare.verdict == "no contrast"


def test_a_heading_per_family_and_none_for_one():
    assert [text for _, text in lay_out(TWO_FAMILIES).family_headings] == ["pocket", "big"]
    assert lay_out(ONE_FAMILY).family_headings == ()
    assert lay_out(ONE_FAMILY).difference_heading == "Production minus SFT"


def test_rows_do_not_overlap():
    laid = lay_out(TWO_FAMILIES).rows
    assert all(before.bottom <= after.top for before, after in itertools.pairwise(laid))
    assert laid[-1].bottom <= lay_out(TWO_FAMILIES).height


def test_stages_differ_in_colour_or_shape():
    many = replace(UNSAFE, stages=tuple(level(f"s{index}", 0.5) for index in range(42)))
    styles = stage_styles((many,)).values()
    assert len({(style.colour, style.shape) for style in styles}) == 42
    first = list(styles)[:6]
    assert len({style.colour for style in first}) == len({style.shape for style in first}) == 6


@pytest.mark.parametrize("verdicts", [ONE_FAMILY, TWO_FAMILIES])
def test_the_svg_is_sound_and_says_what_it_shows(verdicts):
    root = ElementTree.fromstring(picture(verdicts))
    assert root.tag == f"{SVG}svg"
    assert root.get("role") == "img"
    ids = {element.get("id") for element in root.iter() if element.get("id")}
    assert set(root.get("aria-labelledby").split()) <= ids
    texts = ["".join(element.itertext()) for element in root.iter(f"{SVG}text")]
    for row in lay_out(verdicts).rows:
        assert any(text.startswith(row.verdict) for text in texts)
        assert row.name in texts
    assert not list(root.iter(f"{SVG}script"))
    hollow = [element for element in root.iter(f"{SVG}path") if element.get("class") == "marker hollow"]
    assert len(hollow) == 2


def test_bars_split_by_family_and_scale():
    titles = [chart.title for chart in lay_out_bars(TWO_FAMILIES)]
    assert titles == [
        "pocket: rate, per cent, 95% interval",
        "pocket: severity, mean, 95% interval",
        "big: rate, per cent, 95% interval",
    ]
    for svg in grouped_bars(TWO_FAMILIES):
        ElementTree.fromstring(svg)


def test_bars_rise_with_their_levels_and_are_missing_where_unknown():
    rates, severity = lay_out_bars(ONE_FAMILY)
    base, sft, _ = rates.groups[0].bars
    assert (rates.bottom - base.top) / (rates.bottom - rates.top) == pytest.approx(0.714)
    assert base.top < sft.top
    assert severity.groups[0].bars[0].top is None
    drawn = ElementTree.fromstring(grouped_bars(ONE_FAMILY)[1])
    assert len(list(drawn.iter(f"{SVG}rect"))) == 2


def test_many_measures_take_several_charts():
    results = tuple(replace(UNSAFE, measure=f"behaviour_{index}") for index in range(9))
    charts = lay_out_bars(replace(ONE_FAMILY, results=results))
    assert [len(chart.groups) for chart in charts] == [5, 4]
    assert all(chart.right <= WIDTH for chart in charts)
