"""The command that makes dilemmas from audit seeds."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from stagelens.cli.app import dilemmas
from stagelens.cli.options import JsonOption
from stagelens.cli.show import print_json, reporter


@dilemmas.command("build")
def build_dilemmas(
    seeds: Annotated[
        Path, typer.Argument(metavar="SEEDS", help="A folder of audit seeds in Markdown.", show_default=False)
    ],
    auditor: Annotated[
        str,
        typer.Option(
            metavar="MODEL", help="The model that writes and filters, named as a stage's is.", show_default=False
        ),
    ],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="The frozen set.")] = Path(
        "dilemmas.jsonl"
    ),
    tag: Annotated[
        list[str] | None, typer.Option(metavar="TAG", help="Only seeds with this tag; may be repeated.")
    ] = None,
    realism: Annotated[
        int, typer.Option(min=1, max=10, help="Leave out what the auditor finds less real than this, of 10.")
    ] = 7,
    as_json: JsonOption = False,
) -> None:
    """Have an auditor turn seeds into frozen single prompts, for `dilemmas: {path: FILE}`."""
    from stagelens.benchmarks.dilemmas.building.build import build

    with reporter(aside=as_json).bar("writing dilemmas") as step:
        built = build(seeds, output, auditor=auditor, tags=tag or (), least_realism=realism, step=step)
    if as_json:
        print_json({**asdict(built), "path": None if built.path is None else str(built.path)})
    else:
        console = Console()
        for name, reason in built.dropped.items():
            console.print(f"left out {name}: {reason}", highlight=False, markup=False, soft_wrap=True)
        for name, reason in built.failed.items():
            console.print(f"no answer for {name}: {reason}", highlight=False, markup=False, soft_wrap=True)
        if built.path is not None:
            said = f"Froze {built.dilemmas} dilemmas in {built.path}; its hash is in {built.path.name}.manifest.json."
        elif built.failed:
            said = "Nothing is frozen yet: the same command tries again, and asks nothing twice."
        else:
            said = "Nothing is frozen: no seed made a dilemma that looks real enough."
        console.print(said, highlight=False, markup=False, soft_wrap=True)
    if built.failed:
        raise typer.Exit(3)
