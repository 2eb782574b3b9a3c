"""Arguments and options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

StudyArgument = Annotated[Path, typer.Argument(metavar="STUDY", help="A study file.", show_default=False)]
OutOption = Annotated[
    str | None,
    typer.Option(
        "--out",
        metavar="DIR",
        help="The run folder, or a URL that fsspec knows (s3://…). [default: runs/<study> beside the study file]",
        show_default=False,
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
TableOption = Annotated[Path, typer.Option("-o", "--output", metavar="TABLE", help="The outcome table to write.")]
RunArgument = Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.", show_default=False)]
FamilyOption = Annotated[str, typer.Option("--family", metavar="NAME", help="What the stages are called together.")]
WorseOption = Annotated[
    list[str] | None,
    typer.Option(
        "--worse", metavar="MEASURE", help="Of which a higher value is worse; repeatable.", show_default=False
    ),
]
