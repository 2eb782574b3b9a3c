"""The commands that plant causes, and that hold the instrument against them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from stagelens.cli.app import app, organisms
from stagelens.cli.options import JsonOption
from stagelens.cli.show import print_json, reporter
from stagelens.errors import InputError


@organisms.command("build")
def build_organism(
    spec: Annotated[Path, typer.Argument(metavar="SPEC", help="What is planted (YAML).", show_default=False)],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the organism goes.", show_default=False)],
) -> None:
    """Make a small family with planted causes, and count the truth about it."""
    from stagelens.organisms.build import STUDY, build
    from stagelens.organisms.spec import load_spec

    organism = build(load_spec(spec), out, reporter=reporter())
    console = Console()
    console.print(
        f"The truth: {organism.truth}. Now, blind: stagelens run {out / STUDY}", highlight=False, markup=False
    )


@app.command()
def validate(
    quick: Annotated[
        bool, typer.Option("--quick", help="Three organisms instead of sixty-five: SFT, RL, nobody.")
    ] = False,
    drawn: Annotated[
        int | None,
        typer.Option("--drawn", min=1, metavar="N", help="N random organisms instead.", show_default=False),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the random organisms.")] = 0,
    audits: Annotated[
        bool, typer.Option("--audits", help="Plant in one source of the data instead, and audit it.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Where they go. [default: runs/validation]", show_default=False),
    ] = None,
    kept: Annotated[
        Path | None,
        typer.Option(
            "--kept",
            metavar="DIR",
            help="Where counts and verdicts are kept, in small files. [default: kept, in --out]",
            show_default=False,
        ),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs", min=1, metavar="N", help="Organisms at once. [default: one a core, 8 at most]", show_default=False
        ),
    ] = None,
    page: Annotated[
        Path | None,
        typer.Option("--page", metavar="FILE", help="Write the page of the documents, too.", show_default=False),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Plant causes, have them found blind, and print truth × verdict. Resumable; ends with 1 where a claim fails."""
    from stagelens.organisms.jobs import usual_jobs
    from stagelens.organisms.showing.page import write_page
    from stagelens.organisms.showing.terminal import print_labels, print_validation
    from stagelens.organisms.validate import validate as validate_all

    console = Console(stderr=as_json)
    if audits:
        if quick or drawn is not None:
            raise InputError("--audits has organisms of its own: leave --quick and --drawn out.")
        _audits(out or Path("runs/audits"), kept, jobs or usual_jobs(), page, as_json=as_json)
        return
    print_labels(console)
    validation = validate_all(
        quick=quick,
        drawn=drawn,
        seed=seed,
        out=out or Path("runs/validation-quick" if quick else "runs/validation"),
        kept=kept,
        jobs=jobs or usual_jobs(),
        reporter=reporter(aside=as_json),
    )
    if as_json:
        print_json(validation.to_dict())
    else:
        print_validation(validation, console)
    if page is not None:
        write_page(validation, page)
    if not validation.holds:
        raise typer.Exit(1)


def _audits(out: Path, kept: Path | None, jobs: int, page: Path | None, *, as_json: bool) -> None:
    """The same for audits: what each source of the data does, and whether it is the one that was planted."""
    from dataclasses import asdict

    from stagelens.organisms.sourced.claims import check_audits
    from stagelens.organisms.sourced.judge import audit_all, every
    from stagelens.organisms.sourced.showing import print_audits, write_audits

    says = reporter(aside=as_json)
    audited = audit_all(every(), out, kept or out / "kept", jobs=jobs, reporter=says)
    found = [finding for findings in audited for finding in findings]
    claims = check_audits(found)
    if as_json:
        print_json({"found": [asdict(each) for each in found], "claims": [asdict(each) for each in claims]})
    else:
        print_audits(found, claims, Console())
    if page is not None:
        write_audits(found, claims, page)
    if not all(claim.holds for claim in claims):
        raise typer.Exit(1)
