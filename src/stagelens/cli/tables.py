"""Commands that take an outcome table or other people's results."""

from __future__ import annotations

import math
import sys
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from stagelens.cli.app import app, imports
from stagelens.cli.options import FamilyOption, JsonOption, TableOption, WorseOption
from stagelens.cli.show import show_import, write_import, write_imported
from stagelens.errors import InputError


class MethodName(StrEnum):
    """How differences of rates are read."""

    tango_neff = "tango_neff"
    cluster_t = "cluster_t"
    bootstrap = "bootstrap"
    betting = "betting"


@app.command()
def analyze(
    table: Annotated[
        Path, typer.Argument(metavar="TABLE", help="An outcome table: Parquet, CSV or JSONL.", show_default=False)
    ],
    study: Annotated[Path | None, typer.Option(help="The study file that fixed margins and claims.")] = None,
    margin: Annotated[
        float | None, typer.Option(help="The margin of rates, 0 to 1. [default: 0.05]", show_default=False)
    ] = None,
    stages: Annotated[str | None, typer.Option(metavar="A,B,…", help="Only these stages, in this order.")] = None,
    method: Annotated[
        MethodName | None,
        typer.Option(
            help="How differences of rates are read; betting is the guaranteed one; tango_neff where nothing is said.",
            show_default=False,
        ),
    ] = None,
    all_pairs: Annotated[
        bool, typer.Option("--all-pairs", help="Compare every two stages: for models that are no ladder.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Write verdicts.json and report.html there.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Verdicts, and a report, from any outcome table."""
    from stagelens.analysis import analyze as decide
    from stagelens.report.terminal import print_verdicts

    names = None if stages is None else [name.strip() for name in stages.split(",")]
    verdicts = decide(
        table,
        study=study,
        margin=margin,
        stages=names,
        method=None if method is None else method.value,
        all_pairs=all_pairs,
    )
    if out is not None:
        from stagelens.report.folder import write_analysis

        write_analysis(verdicts, out)
    if as_json:
        sys.stdout.write(verdicts.to_json())
        return
    console = Console()
    print_verdicts(verdicts, console)
    if out is not None:
        console.print(f"Report: {out / 'report.html'}", highlight=False, markup=False, soft_wrap=True)


@imports.command("odcv")
def import_odcv(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="DIR", help="A folder of scores_<judge>.csv; with --logs, of agent logs.", show_default=False
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="TABLE",
            help="The outcome table to write; with --logs, the run folder. [default: outcomes.parquet, runs/odcv]",
            show_default=False,
        ),
    ] = None,
    logs: Annotated[
        bool, typer.Option("--logs", help="Read the agents' records, into a run folder for `stagelens judge`.")
    ] = False,
) -> None:
    """ODCV-Bench's published judge scores, or its agents' records."""
    if logs:
        from stagelens.engine.importing import import_odcv_logs

        folder_written = output or Path("runs/odcv")
        show_import(import_odcv_logs(folder, folder_written), folder_written)
        return
    from stagelens.outcomes.importers.odcv import import_odcv as read

    write_import(read(folder), output or Path("outcomes.parquet"))


@imports.command("inspect")
def import_inspect(
    logs: Annotated[
        list[str],
        typer.Argument(metavar="[STAGE=]PATH…", help="Logs, or folders of logs, stage by stage.", show_default=False),
    ],
    output: TableOption = Path("outcomes.parquet"),
    family: FamilyOption = "imported",
    value: Annotated[
        list[str] | None,
        typer.Option("--value", metavar="WORD=NUMBER", help="What a scorer's word is worth; repeatable."),
    ] = None,
    worse: WorseOption = None,
    cluster: Annotated[
        str | None, typer.Option(metavar="FIELD", help="Of a sample's metadata: the cluster that it lies in.")
    ] = None,
    stratum: Annotated[str | None, typer.Option(metavar="FIELD", help="Of a sample's metadata: its stratum.")] = None,
) -> None:
    """Inspect logs of any task: a measure for every scorer."""
    from stagelens.outcomes.importers.inspect import import_inspect as read

    words = dict(map(_word, value or ()))
    found = read(logs, family=family, words=words, worse=worse or (), cluster=cluster, stratum=stratum)
    write_imported(found, output)


def _word(given: str) -> tuple[str, float]:
    word, _, number = given.rpartition("=")
    with suppress(ValueError):
        if word and math.isfinite(float(number)):
            return word, float(number)
    raise InputError(f"--value {given}: write WORD=NUMBER, such as refused=1.")


@imports.command("lm-eval")
def import_lm_eval(
    samples: Annotated[
        list[str],
        typer.Argument(metavar="[STAGE=]PATH…", help="Files of --log_samples, or folders of them.", show_default=False),
    ],
    output: TableOption = Path("outcomes.parquet"),
    family: FamilyOption = "imported",
    worse: WorseOption = None,
) -> None:
    """lm-evaluation-harness samples: a measure for every metric."""
    from stagelens.outcomes.importers.lm_eval import import_lm_eval as read

    write_imported(read(samples, family=family, worse=worse or ()), output)


@imports.command("csv")
def import_csv(
    tables: Annotated[
        list[str],
        typer.Argument(metavar="[STAGE=]PATH…", help="CSV, JSONL or Parquet files, or folders.", show_default=False),
    ],
    mapping: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A YAML file that says what the columns mean.", show_default=False),
    ] = None,
    columns: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="COLUMN=THEIRS",
            help="Without a mapping file: where a column comes from; COLUMN:=WORD gives every row that word.",
        ),
    ] = None,
    output: TableOption = Path("outcomes.parquet"),
) -> None:
    """Anyone's tables: long ones with their columns renamed, and any shape with a mapping file."""
    if mapping is not None:
        from stagelens.outcomes.importers.mapped import import_mapped
        from stagelens.outcomes.importers.mapping import read_mapping

        if columns:
            raise InputError("--map and --mapping both say what columns are: write all of it into the mapping file.")
        write_imported(import_mapped(tables, read_mapping(mapping)), output)
        return
    from stagelens.outcomes.importers.csv import import_csv as read

    if len(tables) > 1:
        raise InputError("Several tables need --mapping FILE, which says what their columns mean.")
    write_import(read(tables[0], columns or []), output)
