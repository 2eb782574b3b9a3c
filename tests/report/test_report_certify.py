"""What items can and cannot certify, against the numbers of the method note."""

from __future__ import annotations

from dataclasses import replace

import pytest
from report_samples import ONE_FAMILY, PAIRED, SEVERITY, UNSAFE, contrast, level, result

from stagelens.report.certify import certifiable, certify_sentences, certify_table, cluster_noun


def measure(clusters, margin, *, benchmark="odcv", items=None, certify=0.21, detect=0.24):
    stages = tuple(
        replace(level(stage, 0.3), items=items or 2 * clusters, clusters=clusters) for stage in ("sft", "production")
    )
    headline = replace(
        contrast("sft", "production", 0.02, 0.1, "inconclusive", headline=True),
        smallest_certifiable_margin=certify,
        minimum_detectable_difference=detect,
    )
    return result(benchmark, "misaligned", stages, (headline,), margin=margin)


def test_forty_scenarios():
    found = certifiable(measure(40, 0.05), 0.05)
    assert found.sentence == (
        "40 scenarios can certify no margin below ±7.2 points at any number of epochs, about ±21 points realistically; "
        "a difference under 24 points between two stages could have gone unseen."
    )
    assert found.reach == (
        "The margin of ±5 points is out of reach: it takes 59 scenarios at least, so nothing here can be called "
        "equivalent."
    )


@pytest.mark.parametrize(("margin", "needed"), [(0.05, 59), (0.1, 29)])
def test_the_gate_in_clusters(margin, needed):
    # ln 0.05 / ln(1 - m): 59 clusters for ±5 points, 29 for ±10.
    assert certifiable(measure(40, margin), 0.05).needed == needed
    assert "out of reach" not in certifiable(measure(needed, margin), 0.05).reach
    assert "out of reach" in certifiable(measure(needed - 1, margin), 0.05).reach


def test_the_margin_within_reach_or_not_barred():
    assert certifiable(measure(100, 0.1, certify=0.09), 0.05).reach == "The margin of ±10 points is within reach."
    assert "would take more" in certifiable(measure(100, 0.1, certify=0.11), 0.05).reach
    assert "no contrast could be read" in certifiable(measure(100, 0.1, certify=None, detect=None), 0.05).reach


def test_severities_speak_in_their_own_unit():
    sentence = certifiable(replace(SEVERITY, stages=(replace(SEVERITY.stages[1], clusters=40),)), 0.05).sentence
    assert "no margin below ±0.36 at any number" in sentence
    assert "points" not in sentence


def test_alpha_moves_the_gate():
    assert certifiable(measure(40, 0.05), 0.01).gate > certifiable(measure(40, 0.05), 0.05).gate


def test_what_a_cluster_is_called():
    assert cluster_noun(measure(40, 0.05), 40) == "40 scenarios"
    assert cluster_noun(measure(200, 0.05, benchmark="safety", items=200), 200) == "200 items"
    assert cluster_noun(measure(40, 0.05, benchmark="safety"), 1) == "1 cluster of items"


def test_pairs_speak_of_the_median_pair_and_ladders_of_the_headline():
    found = certifiable(PAIRED, 0.05)
    assert found.sentence.endswith("(both for the median pair).")
    assert found.realistic.least <= found.realistic.typical <= found.realistic.most
    steps = certifiable(UNSAFE, 0.05)
    assert steps.realistic.typical == UNSAFE.contrasts[1].smallest_certifiable_margin
    assert steps.realistic.most == UNSAFE.contrasts[0].smallest_certifiable_margin


def test_a_row_and_a_sentence_a_measure():
    assert len(certify_table(ONE_FAMILY).rows) == len(certify_sentences(ONE_FAMILY)) == 4
    assert certify_sentences(replace(ONE_FAMILY, results=(replace(UNSAFE, stages=()),))) == ()
