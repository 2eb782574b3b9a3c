"""Human labels of a run: the sheet that is drawn, and the verdicts once it has been filled in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from stagelens.analysis import analyze
from stagelens.engine.collect import decide
from stagelens.engine.folder import RunFolder
from stagelens.engine.runs import run_name
from stagelens.errors import InputError
from stagelens.outcomes.answer_files import answer_files
from stagelens.outcomes.inspect_logs import Transcript
from stagelens.outcomes.label_sheets import KEY, SHEET, Answer, read_key, read_sheet, write_key, write_sheet
from stagelens.outcomes.labels import draw_sample, label_ranges, with_labels, without_labels
from stagelens.outcomes.table import read_table, write_table
from stagelens.report.folder import write_analysis
from stagelens.study.spec import Study


def draw_labels(
    root: Path, *, total: int, per_stratum: int | None = None, measures: Sequence[str] = (), seed: int = 0
) -> str:
    """Draw answers of a run for humans to label, and write the sheet and its key; returns what to do with them.

    Raises:
        InputError: the folder has no outcomes or holds a sheet already, or a measure is not known.
    """
    folder = RunFolder(root)
    table = _outcomes(folder)
    key = draw_sample(table, total=total, per_stratum=per_stratum, measures=measures, seed=seed)
    transcripts = _transcripts(key, folder)
    write_sheet(key, transcripts, root)
    shown = "" if transcripts else " It has no texts, as this folder has no logs: fill them in by the key."
    return (
        f"Wrote {root / SHEET}: {key.height} answers to label, whatever stage they came from.{shown} Fill the column "
        f"value, keep {KEY} from the labellers, then: stagelens label {root} --read {root / SHEET}"
    )


def read_labels(root: Path, sheet: Path) -> str:
    """Read a filled sheet, add its labels to the outcome table, decide and report again; returns what was read.

    Rows of the sheet replace what was read for them before, an empty one takes it back; labels of other rows stay.
    Partly filled sheets are read as far as they are filled.

    Raises:
        InputError: nothing was drawn for this folder, or the sheet or a label in it cannot be.
    """
    folder = RunFolder(root)
    with folder.claimed():
        table, key = _outcomes(folder), read_key(root)
        if key is None:
            raise InputError(f"{root} has no {KEY}: draw the sample first, with stagelens label {root}.")
        labels = read_sheet(sheet, key, label_ranges(table))
        values = [labels.get(name, before) for name, before in key.select("label_id", "value").iter_rows()]
        table = without_labels(table, key)
        key = key.with_columns(value=pl.Series(values, dtype=pl.Float64))
        write_table(with_labels(table, key), folder.outcomes)
        write_key(key, root)
        if folder.study.is_file():
            decide(Study.load(folder.study), folder)
        else:
            write_analysis(analyze(folder.outcomes), root)
    return f"{key['value'].count()} of {key.height} drawn answers are labelled. Report: {folder.report}"


def _outcomes(folder: RunFolder) -> pl.DataFrame:
    if not folder.outcomes.is_file():
        raise InputError(f"{folder.root} has no {folder.outcomes.name}: name the folder of a run.")
    return read_table(folder.outcomes)


def _transcripts(key: pl.DataFrame, folder: RunFolder) -> dict[Answer, Transcript]:
    """What the drawn answers say, from the logs that hold them."""
    found: dict[Answer, Transcript] = {}
    study = Study.load(folder.study) if folder.study.is_file() else None
    drawn = key.group_by("family", "stage", "benchmark", "seed", maintain_order=True).agg("item", "epoch")
    for family, stage, benchmark, seed, items, epochs in drawn.iter_rows():
        attempts = set(zip(items, epochs, strict=True))
        name = stage if study is None else run_name(study, family, stage, seed)
        for file in answer_files(folder.logs(family, name)):
            if file.benchmark == benchmark:
                for answer in file.answers(attempts):
                    found[family, stage, benchmark, answer.item, answer.epoch, seed] = answer
    return found
