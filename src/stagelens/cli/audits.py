"""The command that finds which data of a stage carry a measure."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from stagelens.cli.app import app
from stagelens.cli.options import JsonOption, StudyArgument
from stagelens.cli.show import print_json, reporter


@app.command()
def audit(
    study: StudyArgument,
    measure: Annotated[
        str,
        typer.Option("--measure", metavar="BENCHMARK/MEASURE", help="What the audit is about.", show_default=False),
    ],
    family: Annotated[
        str | None, typer.Option(metavar="NAME", help="Of the stage, where there are several.", show_default=False)
    ] = None,
    stage: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Whose data. [default: the first of kind sft or dpo]", show_default=False),
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, metavar="N", help="Training runs of every mixture.")] = 2,
    source: Annotated[
        list[str] | None,
        typer.Option("--source", metavar="NAME", help="Leave out only this one; repeatable.", show_default=False),
    ] = None,
    keep: Annotated[
        float, typer.Option(min=0, max=0.99, metavar="SHARE", help="The share of a source's rows that stays.")
    ] = 0.0,
    mixtures: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="N random mixtures, and a regression. [default: beyond 20 sources]",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="DIR", help="The audit's folder. [default: audit, in the run folder]", show_default=False
        ),
    ] = None,
    run: Annotated[
        Path | None,
        typer.Option(
            "--run", metavar="DIR", help="The study's run folder: what is there is taken.", show_default=False
        ),
    ] = None,
    plan: Annotated[bool, typer.Option("--plan", help="Print what it would cost, and stop.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Which data carry a measure: the stage trained again without each source. Resumable."""
    from stagelens.audit.run import plan_audit, run_audit
    from stagelens.audit.showing.terminal import print_audit, print_audit_plan
    from stagelens.study.spec import Study

    planned = plan_audit(
        Study.load(study),
        measure,
        family=family,
        stage=stage,
        seeds=seeds,
        sources=tuple(source or ()),
        kept=keep,
        mixtures=mixtures,
    )
    print_audit_plan(planned, Console(stderr=as_json))
    if plan:
        return
    found = run_audit(planned, out=out, known=run, reporter=reporter(aside=as_json))
    if as_json:
        print_json(found.to_dict())
    else:
        print_audit(found, Console())
