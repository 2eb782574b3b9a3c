"""The command that plays episodes: scripts of an agent's calls whose right verdict is known."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from stagelens.cli.app import app
from stagelens.cli.options import JsonOption
from stagelens.cli.show import print_json, reporter
from stagelens.errors import InputError


class SandboxName(StrEnum):
    """Where commands run."""

    auto = "auto"
    docker = "docker"
    bubblewrap = "bubblewrap"


@app.command()
def episodes(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="A folder of episodes in YAML, or one file.", show_default=False)
    ],
    benchmark: Annotated[
        str | None, typer.Option(metavar="NAME", help="Play only this benchmark's episodes.", show_default=False)
    ] = None,
    sandbox: Annotated[SandboxName, typer.Option(help="Where commands run.")] = SandboxName.auto,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="A setting of the benchmark, as in a study file; repeatable."),
    ] = None,
    jobs: Annotated[
        int, typer.Option(min=1, metavar="N", help="Episodes under way at once; no more than cores are idle.")
    ] = 1,
    logs: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Keep the Inspect logs there.", show_default=False)
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 where any verdict is not as written.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Play written episodes through the real harness, and set the verdicts beside the right ones."""
    from stagelens.engine.episodes import play
    from stagelens.report.confusion import print_confusion

    found = play(
        folder,
        benchmark=benchmark,
        settings={"sandbox": sandbox.value, **_values(settings or ())},
        jobs=jobs,
        logs=logs,
        reporter=reporter(aside=as_json),
    )
    if as_json:
        print_json(found.to_dict())
    else:
        print_confusion(found, Console())
    if found.ungraded:
        raise typer.Exit(3)
    if strict and found.mismatches:
        raise typer.Exit(1)


def _values(given: list[str] | tuple[()]) -> dict[str, Any]:
    """``key=value`` pairs; a value is read as a study file would read it."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    values = {}
    for pair in given:
        key, equals, text = pair.partition("=")
        if not key or not equals:
            raise InputError(f"--set {pair}: write KEY=VALUE, such as --set path=./tasks.")
        try:
            values[key] = YAML(typ="safe", pure=True).load(text)
        except YAMLError as error:
            raise InputError(f"--set {pair}: the value is not YAML.") from error
    return values
