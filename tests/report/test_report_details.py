"""Judges, grades, strata, counterfactual stages, scope and looks: shown where there is something to show."""

from __future__ import annotations

from dataclasses import replace

import pytest
from report_samples import FULL, JUDGED, LABELLED, ONE_FAMILY, SIDE_BY_SIDE, UNSAFE

from stagelens.report.counterfactuals import MEANINGS, counterfactual_effects
from stagelens.report.exploratory import ordinal_table, strata_table
from stagelens.report.html import render_report
from stagelens.report.judging import agreement, correction, judge_texts, left_out_table, tipping
from stagelens.report.methods import readings, references
from stagelens.report.scope import look_words, scope_sentence, scope_words
from stagelens.report.tables import contrast_table, counterfactual_levels
from stagelens.statistics.results import Screened


def column(table, head):
    return [row.cells[table.heads.index(head)] for row in table.rows]


def test_agreement_has_its_level_and_interval():
    assert agreement(JUDGED.judging, 0.05) == "0.81 (95% interval 0.77 to 0.85; ordinal: the order of grades counts)"
    assert agreement(LABELLED.judging, 0.05) == ""
    bare = replace(JUDGED.judging, alpha_low=None, alpha_high=None)
    assert agreement(bare, 0.05) == "0.81 (ordinal: the order of grades counts)"


def test_corrections_count_their_labels():
    assert (
        correction(LABELLED.judging)
        == "differences corrected by 240 human labels (PPI++); levels are as the judges see them"
    )
    assert correction(JUDGED.judging) == "uncorrected: no answer has a human label"
    assert correction(replace(JUDGED.judging, labelled=3)) == "uncorrected: 3 human labels are too few"


def test_a_cascade_is_told_with_its_counts_and_its_agreement():
    screened = Screened("openai/strong", certain=626, drawn=2000, agreement=0.968, missed=0.004, alarms=0.028)
    told = replace(LABELLED.judging, labelled=0, screened=screened)
    assert correction(told) == (
        "levels and differences corrected (PPI++): openai/strong as a second judge graded 626 answers that were "
        "sure to be asked about and 2,000 drawn from the others; of all answers, by what these stand for, it agrees "
        "with the screen on 96.8%, finds more in 0.4% and less in 2.8%"
    )
    assert correction(replace(told, correction=None)).startswith("uncorrected: these are too few: openai/strong")


def test_tipping_points_in_the_measures_unit():
    assert "erred on 3.2 points more of one stage's answers" in tipping(LABELLED)
    # 0.0104 of a range of 5.
    assert "erred by 0.05 more, on average, at one stage" in tipping(JUDGED)
    assert tipping(UNSAFE) == ""
    table = contrast_table(FULL)
    assert column(table, "tipping point")[:3] == ["60.0 pp", "3.2 pp", "60.0 pp"]


def test_each_judge_left_out_beside_the_whole_panel():
    table = left_out_table(FULL)
    assert column(table, "without") == ["no one", "claude47", "gemini"]
    assert column(table, "verdict") == ["≈ equivalent", "? inconclusive", "≈ equivalent"]
    assert [row.strong for row in table.rows] == [True, False, False]


def test_only_measures_with_judges_speak_of_them():
    assert [text.name for text in judge_texts(FULL)] == ["unsafe response", "severity"]
    assert judge_texts(ONE_FAMILY) == ()
    terms = [term for term, _ in judge_texts(FULL)[0].facts]
    assert terms == ["Judges", "Correction", "Tipping point"]


def test_strata_and_grades():
    strata = strata_table(FULL)
    assert column(strata, "stratum") == ["incentivized", "mandated"]
    assert column(strata, "p, difference") == ["0.91", "0.0144"]
    grades = ordinal_table(FULL)
    assert column(grades, "difference") == ["−2.0 pp", "−6.0 pp", "0.0 pp", "−7.0 pp"]
    assert column(grades, "change in")[1] == "answers graded 3 or more"
    assert column(grades, "change in")[-1].startswith("superiority")


def test_counterfactual_effects_say_what_they_are():
    effects = counterfactual_effects(FULL)
    assert column(effects, "effect") == ["taught", "elicited", "sufficiency", "necessity"]
    assert column(effects, "what it is") == [
        MEANINGS[name] for name in ("taught", "elicited", "sufficiency", "necessity")
    ]
    assert column(counterfactual_levels(FULL), "stage") == ["format", "rl_only"]


def test_every_effect_of_the_statistics_has_a_meaning():
    counterfactual = pytest.importorskip("stagelens.statistics.conclusions.counterfactual")
    assert set(MEANINGS) == set(counterfactual.EFFECTS)


def test_scope_is_said_once_where_measures_share_it():
    assert scope_words(JUDGED) == "this recipe (3 training runs)"
    assert scope_sentence(ONE_FAMILY).startswith("The intervals speak of these checkpoints: another training run")
    alone = replace(FULL, results=(JUDGED,))
    assert scope_sentence(alone).startswith("The intervals speak of this recipe (3 training runs): they allow")
    assert "this recipe (3 training runs) for odcv/severity" in scope_sentence(FULL)
    assert render_report(alone).count("this recipe (3 training runs)") == 1
    assert render_report(FULL).count("this recipe (3 training runs)") == 2
    assert scope_sentence(replace(FULL, results=())) == ""


def test_looks_are_named_in_sequential_designs_only():
    assert look_words(LABELLED) == "decided at look 2 of 5"
    assert look_words(UNSAFE) == ""
    undecided = replace(LABELLED, contrasts=tuple(replace(one, verdict="inconclusive") for one in LABELLED.contrasts))
    assert look_words(undecided) == "stopped at look 2 of 5"
    assert "decided at look 2 of 5" in render_report(FULL)


def test_columns_come_with_their_numbers():
    assert "tipping point" not in contrast_table(ONE_FAMILY).heads
    assert "p, not worse" not in contrast_table(ONE_FAMILY).heads
    table = contrast_table(FULL)
    assert column(table, "p, not worse")[6:9] == ["<0.001"] * 3


def test_sections_without_content_are_left_out():
    for part in ("judges", "strata", "grades", "counterfactual", "pairs"):
        assert f'<section id="{part}"' not in render_report(ONE_FAMILY)
    for part in ("judges", "strata", "grades", "counterfactual", "certify"):
        assert render_report(FULL).count(f'<section id="{part}"') == 1
    assert render_report(SIDE_BY_SIDE).count('<section id="pairs"') == 1


def test_methods_and_sources_are_those_that_were_used():
    assert len(readings(ONE_FAMILY)) == 2
    assert any("PPI++" in reading for reading in readings(FULL))
    assert not [source for source in references(ONE_FAMILY) if "Krippendorff" in source or "PPI++" in source]
    assert len([source for source in references(FULL) if "Krippendorff" in source or "PPI++" in source]) == 2
    odd = replace(UNSAFE, contrasts=tuple(replace(one, method="newcombe") for one in UNSAFE.contrasts))
    assert readings(replace(ONE_FAMILY, results=(odd,))) == ("newcombe",)
