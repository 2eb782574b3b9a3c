"""The command line: arguments in, one call, an exit code out.

Exit codes: 0 done; 1 a fault of ours; 2 bad input or usage; 3 a run ended with items that another run could fill.
Everything heavy is imported inside the commands, so that ``--help``, ``import`` and ``analyze`` start at once.
"""

from __future__ import annotations

import json
import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from stagelens.errors import InputError

if TYPE_CHECKING:
    from stagelens.engine import Outcome
    from stagelens.study.spec import Study

app = typer.Typer(
    name="stagelens",
    help="Which training stage gave this model its safety properties?",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
imports = typer.Typer(help="Turn other people's results into an outcome table.", no_args_is_help=True)
app.add_typer(imports, name="import")


class EngineName(StrEnum):
    """Where a run's work is done."""

    local = "local"


class MethodName(StrEnum):
    """How differences of rates are read."""

    tango_neff = "tango_neff"
    cluster_t = "cluster_t"
    bootstrap = "bootstrap"
    betting = "betting"


StudyArgument = Annotated[Path, typer.Argument(metavar="STUDY", help="A study file.", show_default=False)]
OutOption = Annotated[
    Path | None,
    typer.Option(
        "--out", metavar="DIR", help="The run folder. [default: runs/<study> beside the study file]", show_default=False
    ),
]
LimitOption = Annotated[
    int | None,
    typer.Option("--limit", min=1, metavar="N", help="Ask at most N items of each benchmark, spread over its groups."),
]
SequentialOption = Annotated[
    bool,
    typer.Option("--sequential", help="Ask in five looks, and no more items of measures that are decided."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")]


@app.command()
def demo(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="The run folder.")] = Path("runs/pocket"),
) -> None:
    """The main job on the embedded default: build the pocket family, ask it, decide, report."""
    from stagelens.engine import run
    from stagelens.organisms.pocket import write_pocket

    study = _load(write_pocket(out))
    outcome = run(study, out=out, reporter=_reporter())
    _show(outcome, as_json=False)


@app.command()
def init(
    template: Annotated[
        str, typer.Argument(help="minimal, xstest, full, or pocket (the demo's, with its data).")
    ] = "minimal",
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="Where to write it.")] = Path(
        "study.yaml"
    ),
) -> None:
    """Write a commented study file to start from."""
    from stagelens.organisms.pocket import write_pocket
    from stagelens.study.templates import names
    from stagelens.study.templates import template as text_of

    if output.exists():
        raise InputError(f"{output} is already there: name another file with -o, or remove it first.")
    if template == "pocket":
        write_pocket(output.parent, study_file=output.name)
    elif template in names():
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(text_of(template), encoding="utf-8")
    else:
        raise InputError(f"There is no template {template!r}: choose one of {', '.join([*names(), 'pocket'])}.")
    Console().print(f"Wrote {output}. Next: stagelens check {output}", highlight=False, markup=False)


@app.command()
def check(
    study: StudyArgument,
    offline: Annotated[bool, typer.Option("--offline", help="Ask no model hub whether a model exists.")] = False,
) -> None:
    """Everything that can be known to be wrong before money is spent."""
    from stagelens.engine import check as check_study

    console = Console()
    for line in check_study(_load(study), offline=offline):
        console.print(f"ok  {line}", highlight=False, markup=False)


@app.command()
def plan(
    study: StudyArgument,
    limit: LimitOption = None,
    pilot: Annotated[
        Path | None,
        typer.Option(
            metavar="OUTCOMES", help="An outcome table to draw on, in place of assumptions.", show_default=False
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """What would run: cells, tokens, hours; what could be detected and certified, by simulation."""
    from stagelens.engine import plan as plan_study
    from stagelens.report.plan import print_plan

    planned = plan_study(_load(study), limit=limit, pilot=pilot)
    if as_json:
        _print_json(planned.to_dict())
    else:
        print_plan(planned, Console())


@app.command()
def run(
    study: StudyArgument,
    out: OutOption = None,
    engine: Annotated[EngineName, typer.Option(help="Where the work is done.")] = EngineName.local,
    limit: LimitOption = None,
    sequential: SequentialOption = False,
    as_json: JsonOption = False,
) -> None:
    """All of it, resumable: the same command goes on where it stopped."""
    from stagelens.engine import run as run_study

    del engine  # one engine so far: the option fixes the name that a script may rely on
    _end(run_study(_asked(study, sequential), out=out, limit=limit, reporter=_reporter(aside=as_json)), as_json=as_json)


@app.command()
def train(study: StudyArgument, out: OutOption = None) -> None:
    """The first half of a run: make the stages that are missing."""
    from stagelens.engine import train as train_study

    train_study(_load(study), out=out, reporter=_reporter())


@app.command()
def evaluate(
    study: StudyArgument,
    out: OutOption = None,
    limit: LimitOption = None,
    sequential: SequentialOption = False,
    as_json: JsonOption = False,
) -> None:
    """The second half of a run: ask every stage, decide, report."""
    from stagelens.engine import evaluate as evaluate_study

    _end(
        evaluate_study(_asked(study, sequential), out=out, limit=limit, reporter=_reporter(aside=as_json)),
        as_json=as_json,
    )


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


@app.command()
def label(
    run_folder: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.", show_default=False)],
    total: Annotated[
        int, typer.Option("-n", "--total", min=2, metavar="N", help="Attempts to draw from each measure of a family.")
    ] = 100,
    per_stratum: Annotated[
        int | None,
        typer.Option(min=2, metavar="N", help="Attempts to draw from each stratum instead.", show_default=False),
    ] = None,
    measure: Annotated[
        list[str] | None, typer.Option(metavar="BENCHMARK/MEASURE", help="Only this measure; may be repeated.")
    ] = None,
    seed: Annotated[int, typer.Option(help="The draw's seed.")] = 0,
    read: Annotated[
        Path | None, typer.Option("--read", metavar="FILE", help="Read a filled sheet instead.", show_default=False)
    ] = None,
) -> None:
    """Draw answers for humans to label, blind; read their labels back and decide again."""
    from stagelens.engine.labelling import draw_labels, read_labels

    if read is not None:
        said = read_labels(run_folder, read)
    else:
        said = draw_labels(run_folder, total=total, per_stratum=per_stratum, measures=measure or (), seed=seed)
    Console().print(said, highlight=False, markup=False, soft_wrap=True)


@app.command()
def report(
    run_folder: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.", show_default=False)],
) -> None:
    """Write a run's report.html again, from its verdicts and logs."""
    from stagelens.report.folder import rewrite_report

    path = rewrite_report(run_folder)
    Console().print(f"Report: {path}", highlight=False, markup=False, soft_wrap=True)


TableOption = Annotated[Path, typer.Option("-o", "--output", metavar="TABLE", help="The outcome table to write.")]


@imports.command("odcv")
def import_odcv(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder of scores_<judge>.csv.", show_default=False)],
    output: TableOption = Path("outcomes.parquet"),
) -> None:
    """ODCV-Bench's published judge scores."""
    from stagelens.outcomes.odcv import import_odcv as read

    _write_import(read(folder), output)


@imports.command("csv")
def import_csv(
    table: Annotated[
        Path, typer.Argument(metavar="FILE", help="CSV, JSONL or Parquet, one row an answer.", show_default=False)
    ],
    columns: Annotated[
        list[str] | None,
        typer.Option(
            "--map", metavar="COLUMN=THEIRS", help="Where a column comes from; COLUMN:=WORD gives every row that word."
        ),
    ] = None,
    output: TableOption = Path("outcomes.parquet"),
) -> None:
    """Anyone's long table, its columns renamed."""
    from stagelens.outcomes.csv import import_csv as read

    _write_import(read(table, columns or []), output)


def _write_import(frame: Any, output: Path) -> None:
    from stagelens.outcomes.table import count_statuses, write_table

    write_table(frame, output)
    counts = ", ".join(f"{count} {status}" for status, count in count_statuses(frame).items())
    Console().print(f"Wrote {output}: {frame.height} rows ({counts}).", highlight=False, markup=False, soft_wrap=True)


def _load(path: Path) -> Study:
    from stagelens.study.spec import Study

    return Study.load(path)


def _asked(path: Path, sequential: bool) -> Study:
    """The study as it is to be asked."""
    study = _load(path)
    return study.sequential() if sequential else study


def _reporter(*, aside: bool = False) -> Any:
    """What says how the work goes; ``aside``: on the error stream, where the output is for a program to read."""
    from stagelens.engine.progress import Reporter

    return Reporter(Console(stderr=aside))


def _print_json(value: object) -> None:
    sys.stdout.write(json.dumps(value, indent=2, sort_keys=True) + "\n")


def _from_here(path: Path) -> Path:
    """The path as one would type it here."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _show(outcome: Outcome, *, as_json: bool) -> None:
    """Print what a run decided, and what it could not fill."""
    from stagelens.report.terminal import print_verdicts

    if as_json:
        sys.stdout.write(outcome.verdicts.to_json())
    else:
        console = Console()
        print_verdicts(outcome.verdicts, console)
        console.print(f"Report: {_from_here(outcome.folder.report)}", highlight=False, markup=False, soft_wrap=True)
    if outcome.missing:
        Console(stderr=True).print("\n".join(outcome.missing), highlight=False, markup=False, soft_wrap=True)


def _end(outcome: Outcome, *, as_json: bool) -> None:
    """Show a run's end; exit with 3 where another run could fill what is missing."""
    _show(outcome, as_json=as_json)
    if outcome.missing:
        raise typer.Exit(3)


def main() -> None:
    """The ``stagelens`` command."""
    # Threads that wait by spinning slow training up to tenfold when another process wants the same cores; this has to
    # be said before torch is imported.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        app()
    except InputError as error:
        Console(stderr=True).print(f"stagelens: {error}", highlight=False, markup=False, soft_wrap=True)
        sys.exit(2)
