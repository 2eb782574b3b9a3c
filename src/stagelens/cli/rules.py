"""Commands that measure rule judges on people's labels."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from stagelens.cli.app import app
from stagelens.cli.options import JsonOption
from stagelens.cli.show import print_json
from stagelens.errors import InputError

if TYPE_CHECKING:
    from stagelens.benchmarks.safety.labelled import Other

rules = typer.Typer(help="Measure the rules that grade answers on people's labels.", no_args_is_help=True)
app.add_typer(rules, name="rules")


@rules.callback()
def _group() -> None:
    """Measure the rules that grade answers on people's labels."""


@rules.command()
def refusal(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="Labelled answers: CSV, JSONL or Parquet.", show_default=False)
    ],
    answer: Annotated[str, typer.Option(metavar="COLUMN", help="The column of the answers.", show_default=False)],
    label: Annotated[str, typer.Option(metavar="COLUMN", help="The column of people's labels.", show_default=False)],
    stratum: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Measure the rule inside each of its values as well.")
    ] = None,
    compare: Annotated[
        list[str] | None,
        typer.Option(metavar="[FILE:]COLUMN=NAME", help="Another judge's labels, here or in another file; repeatable."),
    ] = None,
    item: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="The column that joins the files of --compare.")
    ] = None,
    words: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="LABEL=CLASS",
            help="What a label means: full_compliance, partial_refusal, full_refusal or ungraded; repeatable.",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """How far the refusal rule agrees with people: its matrix, sensitivity and specificity, beside other judges."""
    from stagelens.benchmarks.safety.labelled import measure_rule
    from stagelens.report.refusals import print_measured

    found = measure_rule(
        file,
        answer=answer,
        label=label,
        stratum=stratum,
        item=item,
        others=[_other(pair) for pair in compare or ()],
        words=dict(_pair("--map", pair, "LABEL=CLASS") for pair in words or ()),
    )
    if as_json:
        print_json(found.to_dict())
        return
    console = Console()
    console.print(f"Version {found.version} of the rule, {found.rows} rows.", highlight=False)
    left_out = {"Rows without a label": found.unlabelled, "Labelled rows without an answer": found.empty}
    print_measured(found.judges, found.strata, left_out=left_out, notices=found.notices, console=console)


def _other(given: str) -> Other:
    """``[FILE:]COLUMN=NAME``; a colon before the last one belongs to the file's name."""
    from stagelens.benchmarks.safety.labelled import Other

    where, name = _pair("--compare", given, "[FILE:]COLUMN=NAME")
    file, colon, column = where.rpartition(":")
    if colon and not (file and column):
        raise InputError(f"--compare {given}: write [FILE:]COLUMN=NAME.")
    return Other(name, column, Path(file) if file else None)


def _pair(option: str, given: str, form: str) -> tuple[str, str]:
    left, equals, right = (part.strip() for part in given.rpartition("="))
    if not (left and equals and right):
        raise InputError(f"{option} {given}: write {form}.")
    return left, right
