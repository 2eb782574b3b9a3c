"""Drawing answers to label, the blind sheet and its key, and labels as rows of the outcome table."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from stagelens.errors import InputError
from stagelens.outcomes.inspect_logs import Transcript
from stagelens.outcomes.label_sheets import Answer, labelled, read_key, read_sheet, write_key, write_sheet
from stagelens.outcomes.labels import ANSWER, draw_sample, label_ranges, with_labels
from stagelens.outcomes.table import read_table

RANGES = {("safety", "over_refusal"): (0.0, 1.0), ("odcv", "severity"): (0.0, 5.0)}


def outcomes(n: int = 300, **changes: object) -> pl.DataFrame:
    """Two stages of one family, 300 items, one in ten a refusal at either."""
    rng = np.random.default_rng(0)
    rows = [
        {
            "family": "f",
            "stage": stage,
            "benchmark": "safety",
            "measure": "over_refusal",
            "item": f"i{item}",
            "value": float(rng.random() < 0.1),
            "judge": "rule:refusal",
        }
        | changes
        for stage in ("sft", "production")
        for item in range(n)
    ]
    return read_table(pl.DataFrame(rows))


def filled(key: pl.DataFrame, value: float = 1.0) -> pl.DataFrame:
    return key.with_columns(value=pl.lit(value))


def test_every_stratum_is_drawn_at_both_stages_with_its_probability() -> None:
    table = outcomes()
    key = draw_sample(table, total=60)
    by_attempt = key.group_by("item", "epoch", "seed").agg(pl.col("stage").n_unique(), pl.col("stratum").n_unique())
    assert by_attempt["stage"].to_list() == [2] * by_attempt.height
    assert by_attempt["stratum"].to_list() == [1] * by_attempt.height
    assert by_attempt.height == pytest.approx(60, abs=2)
    signs = {
        item: "".join("+" if value else "-" for value in values)
        for item, values in table.group_by("item", maintain_order=True).agg("value").iter_rows()
    }
    for stratum, drawn in key.group_by("stratum"):
        items = set(drawn["item"])
        assert {signs[item] for item in items} == set(stratum)
        there = sum(sign == stratum[0] for sign in signs.values())
        assert drawn["probability"].to_list() == pytest.approx([len(items) / there] * drawn.height)


def test_a_number_for_each_stratum() -> None:
    key = draw_sample(outcomes(), total=60, per_stratum=5)
    counts = key.filter(pl.col("stage") == "sft")["stratum"].value_counts()
    assert counts["count"].max() == 5


def test_the_draw_depends_on_seed_and_content_alone() -> None:
    table = outcomes()
    key = draw_sample(table, total=40, seed=3)
    assert key.equals(draw_sample(table.sample(fraction=1, shuffle=True, seed=1), total=40, seed=3))
    assert not key.equals(draw_sample(table, total=40, seed=4))


def test_ids_and_order_say_nothing_of_the_stage() -> None:
    key = draw_sample(outcomes(), total=200)
    first = key.head(key.height // 2)
    assert 0.35 < (first["stage"] == "sft").mean() < 0.65  # type: ignore[operator]
    assert key["label_id"].to_list() == sorted(key["label_id"].to_list())


def test_only_what_a_judge_scored_is_drawn_and_never_a_human_s_row() -> None:
    table = outcomes(20)
    rows = table.with_columns(
        value=pl.when((pl.col("item") == "i3") & (pl.col("stage") == "sft")).then(None).otherwise("value"),
        status=pl.when((pl.col("item") == "i3") & (pl.col("stage") == "sft"))
        .then(pl.lit("ungraded"))
        .otherwise("status"),
    )
    human = table.head(5).with_columns(judge=pl.lit("human"))
    key = draw_sample(pl.concat([rows, human]), total=40)
    third = key.filter(pl.col("item") == "i3")
    assert third.select("stage", "stratum").rows() == [("production", ".-")]
    assert key.height == 39


def test_unknown_measures_and_empty_tables_are_refused() -> None:
    with pytest.raises(InputError, match=r"no measure 'safety/over_refusals'.*over_refusal"):
        draw_sample(outcomes(), total=10, measures=["safety/over_refusals"])
    with pytest.raises(InputError, match="nothing to label"):
        draw_sample(outcomes(value=None), total=10)


def test_labels_become_human_rows_beside_the_judge_s() -> None:
    table = outcomes()
    key = draw_sample(table, total=60)
    both = with_labels(table, filled(key))
    human = both.filter(pl.col("judge") == "human")
    assert both.height == table.height + key.height
    assert human["value"].to_list() == [1.0] * key.height
    assert set(human["status"]) == {"scored"}
    joined = human.join(key, on=list(ANSWER), suffix=" drawn")
    assert joined["probability"].to_list() == pytest.approx(joined["probability drawn"].to_list())
    assert both.filter(pl.col("judge") != "human")["probability"].null_count() == table.height
    # Reading again replaces, it does not pile up.
    again = with_labels(both, filled(key, 0.0))
    assert again.height == both.height
    assert again.filter(pl.col("judge") == "human")["value"].to_list() == [0.0] * key.height


def test_an_unfilled_answer_counts_as_not_drawn() -> None:
    table = outcomes()
    key = filled(draw_sample(table, total=60))
    common = key.filter((pl.col("stratum") == "--") & (pl.col("stage") == "sft"))
    skipped = common["label_id"].to_list()[: common.height // 2]
    key = key.with_columns(value=pl.when(pl.col("label_id").is_in(skipped)).then(None).otherwise("value"))
    human = with_labels(table, key).filter(pl.col("judge") == "human")
    there = common.height / common["probability"][0]
    kept = human.filter((pl.col("stage") == "sft") & pl.col("item").is_in(common["item"].to_list()))
    assert kept.height == common.height - len(skipped)
    assert kept["probability"].to_list() == pytest.approx([kept.height / there] * kept.height)
    other = human.filter((pl.col("stage") == "production") & pl.col("item").is_in(common["item"].to_list()))
    assert other["probability"].to_list() == pytest.approx([common["probability"][0]] * other.height)


def test_a_stratum_without_any_label_is_named_by_its_ids() -> None:
    table = outcomes()
    key = filled(draw_sample(table, total=60))
    rare = pl.col("stratum") == "++"
    emptied = key.with_columns(value=pl.when(rare).then(None).otherwise("value"))
    names = key.filter(rare)["label_id"].to_list()
    with pytest.raises(InputError) as caught:
        with_labels(table, emptied)
    assert any(name in str(caught.value) for name in names)
    assert with_labels(table, key.with_columns(value=pl.lit(None, pl.Float64))).equals(table)


def transcripts(key: pl.DataFrame) -> dict[Answer, Transcript]:
    return {
        (row["family"], row["stage"], row["benchmark"], row["item"], row["epoch"], row["seed"]): Transcript(
            row["item"], f"ask {row['item']}", f'line one,\nline "two" of {row["stage"][0]}', None, None, row["epoch"]
        )
        for row in key.iter_rows(named=True)
    }


@pytest.fixture
def sheet(tmp_path: Path) -> tuple[Path, pl.DataFrame]:
    key = draw_sample(outcomes(), total=20)
    write_sheet(key, transcripts(key), tmp_path)
    return tmp_path, key


def fill(folder: Path, values: dict[int, str], name: str = "labels.csv") -> Path:
    """The sheet with these values in its rows (from 0)."""
    with (folder / "labels.csv").open(newline="") as stream:
        rows = list(csv.reader(stream))
    for row, value in values.items():
        rows[row + 1][-1] = value
    with (folder / name).open("w", newline="") as stream:
        csv.writer(stream).writerows(rows)
    return folder / name


def test_the_sheet_is_blind(sheet: tuple[Path, pl.DataFrame]) -> None:
    folder, key = sheet
    with (folder / "labels.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert list(rows[0]) == ["label_id", "benchmark", "measure", "prompt", "answer", "value"]
    assert [row["label_id"] for row in rows] == key["label_id"].to_list()
    assert {row["value"] for row in rows} == {""}
    assert rows[0]["prompt"] == f"ask {key['item'][0]}"
    assert rows[0]["answer"].startswith("line one,\nline")
    assert "production" not in (folder / "labels.csv").read_text()
    stored = read_key(folder)
    assert stored is not None
    assert stored.equals(key)


def test_a_sheet_is_never_overwritten(sheet: tuple[Path, pl.DataFrame]) -> None:
    folder, key = sheet
    with pytest.raises(InputError, match="is there already"):
        write_sheet(key, {}, folder)


def test_filled_values_come_back(sheet: tuple[Path, pl.DataFrame]) -> None:
    folder, key = sheet
    labels = read_sheet(fill(folder, {0: "1", 1: " 0 ", 2: "0.5"}), key, RANGES)
    assert [labels[name] for name in key["label_id"].to_list()[:4]] == [1.0, 0.0, 0.5, None]
    write_key(key.with_columns(value=pl.Series([1.0] + [None] * (key.height - 1))), folder)
    stored = read_key(folder)
    assert stored is not None
    assert stored["value"].to_list()[:2] == [1.0, None]


@pytest.mark.parametrize("value", ["2", "-0.1", "yes", "nan", "1,5"])
def test_a_value_that_cannot_be_is_named_with_its_line(sheet: tuple[Path, pl.DataFrame], value: str) -> None:
    folder, key = sheet
    path = fill(folder, {2: value})
    # The header is line 1, and every answer has two lines: the third record starts on line 6.
    with pytest.raises(InputError, match=rf"labels.csv, line 6: the value is '{value}', and over_refusal goes from 0"):
        read_sheet(path, key, RANGES)


def test_unknown_repeated_and_broken_rows_are_named(sheet: tuple[Path, pl.DataFrame]) -> None:
    folder, key = sheet
    other = folder / "other.csv"
    other.write_text("label_id,value\nL999,1\n")
    with pytest.raises(InputError, match="line 2: the label 'L999' was not drawn"):
        read_sheet(other, key, RANGES)
    name = key["label_id"][0]
    other.write_text(f"value,label_id\n1,{name}\n0,{name}\n")
    with pytest.raises(InputError, match=r"line 3: the label .* stands there twice"):
        read_sheet(other, key, RANGES)
    other.write_text(f"label_id,value\n{name}\n")
    with pytest.raises(InputError, match="line 2: 1 fields"):
        read_sheet(other, key, RANGES)
    other.write_text("label_id;value\n")
    with pytest.raises(InputError, match="columns label_id and value"):
        read_sheet(other, key, RANGES)
    with pytest.raises(InputError, match="There is no file"):
        read_sheet(folder / "absent.csv", key, RANGES)
    other.write_bytes(b"label_id,value\n\xff\xfe,1\n")
    with pytest.raises(InputError, match="save it as CSV in UTF-8"):
        read_sheet(other, key, RANGES)


def test_a_damaged_key_is_refused(sheet: tuple[Path, pl.DataFrame]) -> None:
    folder, _ = sheet
    (folder / "labels-key.csv").write_text("label_id,family\nL1,f\n")
    with pytest.raises(InputError, match="put the original back"):
        read_key(folder)


def test_labels_lie_in_the_measure_s_range() -> None:
    assert label_ranges(outcomes(20)) == {("safety", "over_refusal"): (0.0, 1.0)}
    unknown = outcomes(20, measure="tone", value=3.0)
    human = unknown.with_columns(judge=pl.lit("human"), value=pl.lit(9.0))
    assert label_ranges(pl.concat([unknown, human])) == {("safety", "tone"): (3.0, 3.0)}


def test_a_table_made_again_has_its_labels_again(sheet: tuple[Path, pl.DataFrame]) -> None:
    folder, key = sheet
    table = outcomes()
    assert labelled(table, folder).equals(table)
    write_key(filled(key), folder)
    assert labelled(table, folder).filter(pl.col("judge") == "human").height == key.height
    assert labelled(table, folder / "elsewhere").equals(table)
