"""The command that finds which data of a stage carry a measure."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from stagelens.cli.app import app
from stagelens.cli.options import JsonOption, StudyArgument
from stagelens.cli.show import print_json, reporter
from stagelens.errors import InputError


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
        list[float] | None,
        typer.Option(
            min=0,
            max=0.99,
            metavar="SHARE",
            help="A share of a source's rows that stays; repeatable. [default: 0]",
            show_default=False,
        ),
    ] = None,
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
    propose: Annotated[
        bool, typer.Option("--propose", help="Propose a smaller mixture that brings the measure to --target.")
    ] = False,
    target: Annotated[
        float | None,
        typer.Option(metavar="LEVEL", help="Where an edit is to bring it. [default: half]", show_default=False),
    ] = None,
    replace: Annotated[
        list[str] | None,
        typer.Option(metavar="SOURCE=FILE", help="Rows that come in a source's place; repeatable.", show_default=False),
    ] = None,
    test: Annotated[
        bool, typer.Option("--test", help="Train on the best edit, and lay what comes out beside.")
    ] = False,
    within: Annotated[
        str | None,
        typer.Option(metavar="SOURCE", help="Rank the examples of this source, too.", show_default=False),
    ] = None,
    by: Annotated[
        list[str] | None,
        typer.Option(
            metavar="METHOD",
            help="words, activation or influence; repeatable, the first is shown. [default: words, activation]",
            show_default=False,
        ),
    ] = None,
    judge: Annotated[
        int | None,
        typer.Option(
            min=3, metavar="N", help="Judge the rankings by N retrainings on random halves.", show_default=False
        ),
    ] = None,
    top: Annotated[int, typer.Option(min=1, metavar="N", help="Examples that --judge leaves out.")] = 20,
    plan: Annotated[bool, typer.Option("--plan", help="Print what it would cost, and stop.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Which data carry a measure: the stage trained again without each source. Resumable."""
    from stagelens.audit.editing import check_wish, propose_edits, try_edit
    from stagelens.audit.run import plan_audit, run_audit
    from stagelens.audit.showing.edits import print_edits, print_trials
    from stagelens.audit.showing.terminal import print_audit, print_audit_plan
    from stagelens.audit.showing.within import print_judgements, print_ranking
    from stagelens.audit.within import DEFAULT, check_source, judge_rankings, rank_within
    from stagelens.study.spec import Study

    if judge is not None and within is None:
        raise InputError("--judge is for the rankings inside a source: name it with --within.")
    if by and within is None:
        raise InputError("--by is for the rankings inside a source: name it with --within.")
    if not (propose or test) and (target is not None or replace):
        raise InputError("--target and --replace are for --propose and --test: add one of the two.")
    replacements = _replacements(replace or ())
    planned = plan_audit(
        Study.load(study),
        measure,
        family=family,
        stage=stage,
        seeds=seeds,
        sources=tuple(source or ()),
        kept=keep or ((0.0, 0.5) if propose or test else (0.0,)),
        mixtures=mixtures,
    )
    if propose or test:
        check_wish(planned, replacements)
    if within is not None:
        check_source(planned, within, top=top if judge is not None else None, by=by or DEFAULT)
    print_audit_plan(planned, Console(stderr=as_json))
    if plan:
        return
    found = run_audit(planned, out=out, known=run, reporter=reporter(aside=as_json))
    if as_json:
        print_json(found.to_dict())
    else:
        print_audit(found, Console())
    places = {"out": out, "known": run}
    console = Console(stderr=as_json)
    if within is not None:
        ranking = rank_within(planned, within, by=by or DEFAULT, **places, reporter=reporter(aside=as_json))
        print_ranking(ranking, console)
        if judge is not None:
            judged = judge_rankings(
                planned, ranking, subsets=judge, top=top, **places, reporter=reporter(aside=as_json)
            )
            print_judgements(judged, top, found, console)
    if propose or test:
        edits = propose_edits(planned, found, target, replacements=replacements, **places)
        print_edits(edits, found, console)
        if test:
            print_trials(try_edit(planned, found, edits[0], **places, reporter=reporter(aside=as_json)), console)


def _replacements(given: Sequence[str]) -> dict[str, str]:
    """Files by source."""
    found = {}
    for each in given:
        source, equals, file = each.partition("=")
        if not (source and equals and file):
            raise InputError(f"--replace {each}: write SOURCE=FILE, the name of a source and the file in its place.")
        found[source] = file
    return found
