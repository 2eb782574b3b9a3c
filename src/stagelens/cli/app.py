"""The application that every command registers with."""

from __future__ import annotations

import typer

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
dilemmas = typer.Typer(help="Make sets of alignment dilemmas.", no_args_is_help=True)
app.add_typer(dilemmas, name="dilemmas")
organisms = typer.Typer(help="Plant causes in small families.", no_args_is_help=True)
app.add_typer(organisms, name="organism")
