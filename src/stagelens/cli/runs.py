"""Commands that take a run folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from stagelens.cli.app import app
from stagelens.cli.options import RunArgument
from stagelens.cli.show import reporter
from stagelens.errors import InputError


@app.command()
def label(
    run_folder: RunArgument,
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
def judge(
    run_folder: RunArgument,
    judges: Annotated[
        list[str],
        typer.Option(
            "--judge", metavar="MODEL", help="A model, named as in a study file; repeated: a panel.", show_default=False
        ),
    ],
    benchmark: Annotated[
        list[str] | None, typer.Option(metavar="BENCHMARK", help="Only this benchmark's answers; may be repeated.")
    ] = None,
    thoughts: Annotated[bool, typer.Option("--thoughts", help="Show judges what the stages thought.")] = False,
    flagged: Annotated[
        float | None,
        typer.Option("--cascade-flagged", metavar="SHARE", help="Of what rules flag, judge this share: by default 1."),
    ] = None,
    rest: Annotated[
        float | None,
        typer.Option(
            "--cascade-rest",
            metavar="SHARE",
            help="Judge only what the benchmark's rules flag and this share of the rest, and correct the rules by it.",
        ),
    ] = None,
) -> None:
    """Grade a run's stored answers again by other judges; nothing is asked of its stages."""
    from stagelens.engine.regrade import judge_again
    from stagelens.report.judging import agreement_lines

    shares = {name: share for name, share in (("flagged", flagged), ("rest", rest)) if share is not None}
    for name, share in shares.items():
        if not 0 < share <= 1:
            raise InputError(f"--cascade-{name} is {share:g}: give a share above 0 and at most 1.")
    done = judge_again(
        run_folder,
        judges,
        benchmarks=benchmark or (),
        thoughts=thoughts,
        cascade=shares or None,
        reporter=reporter(),
    )
    lines = [*(done.changes or ["No verdict changed."]), *agreement_lines(done.verdicts)]
    console = Console()
    console.print("\n".join(lines), highlight=False, markup=False, soft_wrap=True)
    console.print(f"Report: {done.folder.report}", highlight=False, markup=False, soft_wrap=True)
    if done.missing:
        Console(stderr=True).print("\n".join(done.missing), highlight=False, markup=False, soft_wrap=True)
        raise typer.Exit(3)


@app.command()
def report(
    run_folder: RunArgument,
    export: Annotated[
        Path | None,
        typer.Option(
            "--export",
            metavar="DIR",
            help="Write its figures (SVG, PNG) and tables (CSV, LaTeX) there as well.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Write a run's report.html again, from its verdicts and logs."""
    from stagelens.report.folder import rewrite_report

    lines = [f"Report: {rewrite_report(run_folder)}"]
    if export is not None:
        from stagelens.report.export import export_report

        notes = export_report(run_folder, export)
        lines += [f"Figures and tables: {export}", *notes]
    Console().print("\n".join(lines), highlight=False, markup=False, soft_wrap=True)


@app.command()
def view(
    run_folder: RunArgument,
    port: Annotated[
        int, typer.Option(min=0, max=65535, metavar="N", help="Where to listen; 0 takes a port that is free.")
    ] = 0,
    no_open: Annotated[bool, typer.Option("--no-open", help="Print the address, and open no browser.")] = False,
) -> None:
    """Show a run in the browser, with the transcripts beside the verdicts; on this machine alone."""
    import webbrowser

    from stagelens.view.run import Run
    from stagelens.view.server import Viewer, serve

    run = Run(run_folder)
    study = run.verdicts.study
    viewer = Viewer(run, port)
    console = Console()
    console.print(f"{study}: {viewer.address}\nCtrl-C ends it.", highlight=False, markup=False, soft_wrap=True)
    if not no_open:
        webbrowser.open(viewer.address)
    serve(viewer)
