"""Commands that take a study file, and the demo."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from stagelens.cli.app import app
from stagelens.cli.options import JsonOption, LimitOption, OutOption, SequentialOption, StudyArgument
from stagelens.cli.show import end, print_json, reporter, show, show_left_out
from stagelens.errors import InputError

if TYPE_CHECKING:
    from stagelens.study.spec import Study


class EngineName(StrEnum):
    """Where a run's work is done."""

    local = "local"
    ray = "ray"


EngineOption = Annotated[
    EngineName, typer.Option(help="Where the work is done: by this process, or on the Ray cluster of RAY_ADDRESS.")
]


@app.command()
def demo(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="The run folder.")] = Path("runs/pocket"),
) -> None:
    """The main job on the embedded default: build the pocket family, ask it, decide, report."""
    from stagelens.engine import run
    from stagelens.organisms.pocket import write_pocket

    study = _load(write_pocket(out, run="."))
    outcome = run(study, out=out, reporter=reporter())
    show(outcome, as_json=False)


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
    from stagelens.engine.checking import Notice

    console = Console()
    loaded = _load(study)
    for line in check_study(loaded, offline=offline):
        mark = "--" if isinstance(line, Notice) else "ok"
        console.print(f"{mark}  {line}", highlight=False, markup=False, soft_wrap=True)
    show_left_out(loaded, console)


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
    tokens_per_second: Annotated[
        float, typer.Option(min=1, metavar="N", help="Tokens that one worker is assumed to read and generate.")
    ] = 1000,
    as_json: JsonOption = False,
) -> None:
    """What would run: cells, tokens, hours; what could be detected and certified, by simulation."""
    from stagelens.engine import plan as plan_study
    from stagelens.report.plan import print_plan

    loaded = _load(study)
    planned = plan_study(loaded, limit=limit, pilot=pilot, tokens_per_second=tokens_per_second)
    if as_json:
        print_json(planned.to_dict())
    else:
        print_plan(planned, Console())
    show_left_out(loaded, Console(stderr=as_json))


@app.command()
def run(
    study: StudyArgument,
    out: OutOption = None,
    engine: EngineOption = EngineName.local,
    limit: LimitOption = None,
    sequential: SequentialOption = False,
    with_controls: Annotated[
        bool,
        typer.Option(
            "--with-controls",
            help="Train a small model with a planted change as well: do the study's judges see it?",
        ),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """All of it, resumable: the same command goes on where it stopped."""
    from stagelens.running import run as run_study

    outcome = run_study(
        _asked(study, sequential),
        out=out,
        limit=limit,
        with_controls=with_controls,
        reporter=reporter(aside=as_json),
        engine=engine.value,
    )
    end(outcome, as_json=as_json)


@app.command()
def train(study: StudyArgument, out: OutOption = None, engine: EngineOption = EngineName.local) -> None:
    """The first half of a run: make the stages that are missing."""
    from stagelens.engine import train as train_study

    train_study(_load(study), out=out, reporter=reporter(), engine=engine.value)


@app.command()
def evaluate(
    study: StudyArgument,
    out: OutOption = None,
    engine: EngineOption = EngineName.local,
    limit: LimitOption = None,
    sequential: SequentialOption = False,
    as_json: JsonOption = False,
) -> None:
    """The second half of a run: ask every stage, decide, report."""
    from stagelens.engine import evaluate as evaluate_study

    outcome = evaluate_study(
        _asked(study, sequential),
        out=out,
        limit=limit,
        reporter=reporter(aside=as_json),
        engine=engine.value,
    )
    end(outcome, as_json=as_json)


def _load(path: Path) -> Study:
    from stagelens.study.spec import Study

    return Study.load(path)


def _asked(path: Path, sequential: bool) -> Study:
    """The study as it is to be asked."""
    study = _load(path)
    return study.sequential() if sequential else study
