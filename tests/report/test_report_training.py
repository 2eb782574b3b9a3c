"""Stages that were trained here: who wrote their data, their losses, saved points, the base asked in two ways."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from pathlib import Path

import pytest
from report_samples import FULL, UNSAFE, level

from stagelens.errors import InputError
from stagelens.report.context import ContaminationRow, LossPoint, ReportContext, SourceRow, Training
from stagelens.report.html import render_report
from stagelens.report.losses import MOST_POINTS, loss_charts
from stagelens.report.mixtures import (
    authorship_sentences,
    contamination_notes,
    contamination_table,
    mixtures_table,
    written_by,
)
from stagelens.report.onset import elicitation_table, onset_table
from stagelens.report.trainings import read_training
from stagelens.statistics.results import Appearance, Elicited, SavedPoint


def source(name="helpful", **fields):
    return SourceRow("family", "sft", name, **{"rows": 100, "drawn": 100, "trained_tokens": 1000} | fields)


def training(*sources, losses=(), kind="sft", stage="sft"):
    return Training("family", stage, kind, tuple(sources), tuple(losses))


def test_the_sentence_says_how_much_models_wrote_that_had_been_through_rl():
    mixture = training(
        source("chat", author="model", teacher="gpt", teacher_stage="rl", trained_tokens=6200),
        source("people", author="human", trained_tokens=2000),
        source("safety", trained_tokens=1800),
    )
    (sentence,) = authorship_sentences([mixture])
    assert sentence == (
        "Of the trained tokens of sft, 62% were written by models that had themselves been through RL, 20% by people "
        "and 18% by an author that the study does not name; SFT here may also carry what that RL taught."
    )


def test_where_no_token_was_counted_rows_are():
    mixture = training(
        source(author="human", drawn=30, trained_tokens=None),
        source("m", author="model", drawn=10, teacher_stage="sft"),
    )
    (sentence,) = authorship_sentences([mixture])
    assert sentence.startswith(
        "Of the rows of sft, 75% were written by people and 25% by models that had been through SFT only"
    )
    assert "RL" not in sentence


def test_what_is_not_known_is_said():
    assert authorship_sentences([training(source())]) == ("Of sft's mixture the study does not say who wrote it.",)
    assert authorship_sentences([], [("family", "sft")]) == (
        "sft was made elsewhere: who wrote what it was trained on is not known.",
    )
    assert written_by(source(author="model")) == "models whose own training the study does not name"
    assert written_by(source(teacher_stage="rl")) == "models that had themselves been through RL"


def test_only_sft_has_a_sentence_and_runs_share_it():
    one = training(source(author="human"))
    again = replace(one, stage="sft@seed-1", again=True)
    assert len(authorship_sentences([one, again, training(source(author="human"), kind="dpo", stage="dpo")])) == 1
    assert len(mixtures_table([one, again]).rows) == 1


def test_the_table_says_what_was_left_out():
    table = mixtures_table([training(source(duplicates=3, contaminated={"safety": 2}), source("b", drawn=None))])
    assert [row.cells[-1] for row in table.rows] == ["3 duplicates, 2 with items of safety", "–"]
    assert [row.cells[table.heads.index("rows drawn")] for row in table.rows] == ["100", "–"]


def test_the_table_says_how_much_was_too_long(tmp_path):
    sources = [
        {"name": "chats", "cut": 1200, "lost": 2},
        {"name": "pairs", "cut": 0, "left_out": 3, "same_answers": 1},
        {"name": "short"},
    ]
    (tmp_path / "provenance.json").write_text(json.dumps({"sources": sources}))
    table = mixtures_table([read_training(tmp_path, "family", "sft", "sft")])
    said = [row.cells[table.heads.index("cut")] for row in table.rows]
    assert said == ["1,200 cut, 2 teach nothing", "4 teach nothing", "–"]


def points(count, *names):
    return [LossPoint(step, 3 / step, dict.fromkeys(names, 2 / step)) for step in range(1, count + 1)]


def test_every_source_has_a_line_with_its_name():
    (chart,) = loss_charts([training(losses=points(40, "helpful", "refusals"))])
    assert chart.count("<title>") == 2
    assert "helpful from 2.00 to 0.05" in chart
    (plain,) = loss_charts([training(losses=points(5), kind="dpo")])
    assert plain.count("<title>") == 1


def test_of_rl_the_reward_is_shown():
    rewarded = [replace(point, reward=point.step / 10) for point in points(5)]
    (chart,) = loss_charts([training(losses=rewarded, kind="rl", stage="production")])
    assert "production (rl): mean reward" in chart
    assert "reward from 0.10 to 0.50" in chart


def test_long_trainings_are_averaged_and_short_ones_are_left_out():
    (chart,) = loss_charts([training(losses=points(5000, "helpful"))])
    path = re.search(r'class="loss" d="([^"]+)"', chart)
    assert path is not None
    assert path.group(1).count("L") < MOST_POINTS
    assert loss_charts([training(losses=points(1, "helpful")), training()]) == ()


def test_a_loss_that_is_no_number_is_not_drawn():
    broken = [LossPoint(1, 2.0, {"a": math.nan}), LossPoint(2, 1.0, {"a": 1.0}), LossPoint(3, 1.0, {"a": 0.5})]
    (chart,) = loss_charts([training(losses=broken)])
    assert "nan" not in chart


def onset(by, *parts):
    saved = [SavedPoint(part, level(f"sft@{part:g}", 0.4), -0.3, -0.4, -0.2, "changed_down") for part in parts]
    return Appearance("sft", tuple(saved), by)


def test_saved_points_and_elicitations_are_shown_where_there_are_any():
    plain = render_report(FULL, None)
    assert 'id="onset"' not in plain
    assert 'id="elicitations"' not in plain
    other = Elicited("base@urial_careful", "base", level("base@urial_careful", 0.5), "sft", rises=False)
    full = replace(FULL, results=(replace(UNSAFE, appearances=(onset(0.5, 0.1, 0.5),), elicitations=(other,)),))
    page = render_report(full, None)
    assert 'id="onset"' in page
    table = onset_table(full)
    assert [row.strong for row in table.rows] == [False, True]
    assert [row.cells[2] for row in table.rows] == ["10%", "50%"]
    (row,) = elicitation_table(full).rows
    assert "sft, lowers it" in row.cells


def test_items_that_a_stage_was_trained_on_are_a_warning():
    found = ContaminationRow(
        "family", "sft", "safety", items=380, found=4, exact=1, rows=9, removed=False, example="how?"
    )
    clean = replace(found, benchmark="dilemmas", found=0, exact=0, rows=0)
    away = replace(found, benchmark="odcv", removed=True)
    trained = [replace(training(source()), contamination=(found, clean, away))]
    (note,) = contamination_notes(trained)
    assert note == (
        "sft was trained on 9 rows that hold 4 of the 380 items of safety, verbatim or lightly edited: what it answers "
        "there may be remembered"
    )
    table = contamination_table(trained)
    assert [row.cells[1:3] for row in table.rows] == [("safety", "4 of 380"), ("odcv", "4 of 380")]
    assert [row.cells[table.heads.index("then")] for row in table.rows] == ["trained on", "left out"]
    assert "may be remembered" in render_report(FULL, ReportContext(notes=contamination_notes(trained)))


def test_names_from_data_are_escaped():
    hostile = "<script>alert(1)</script>"
    context = ReportContext(
        trainings=(training(source(hostile, teacher=hostile), losses=points(3, hostile), stage=hostile),),
        elsewhere=(("family", hostile),),
    )
    assert "<script" not in render_report(FULL, context)


def test_a_checkpoint_is_read_back(tmp_path: Path):
    assert read_training(tmp_path, "f", "sft", "sft") is None
    entry = {"name": "helpful", "rows": 9, "drawn": 4, "provenance": {"author": "human"}, "contaminated": {"safety": 0}}
    (tmp_path / "provenance.json").write_text(json.dumps({"sources": [entry]}))
    found = read_training(tmp_path, "f", "sft", "sft")
    assert found is not None
    assert (found.sources[0].drawn, found.sources[0].author, found.sources[0].contaminated) == (4, "human", {})
    assert found.losses == ()
    record = {"step": 2, "loss": 1.5, "sources": {"helpful": {"loss": 1.25, "tokens": 7}}}
    (tmp_path / "losses.json").write_text(json.dumps({"records": [record]}))
    again = read_training(tmp_path, "f", "sft", "sft")
    assert again is not None
    assert again.losses == (LossPoint(2, 1.5, {"helpful": 1.25}),)


@pytest.mark.parametrize("text", ["{", "[]", '{"records": [{"loss": 1}]}', '{"records": 3}'])
def test_a_damaged_file_is_named(tmp_path: Path, text: str):
    (tmp_path / "provenance.json").write_text("{}")
    (tmp_path / "losses.json").write_text(text)
    with pytest.raises(InputError, match=str(tmp_path)):
        read_training(tmp_path, "f", "sft", "sft")
