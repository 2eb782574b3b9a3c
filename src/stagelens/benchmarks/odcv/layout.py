"""A simple scenario without Docker: the files that its Dockerfile lays out, and a script for the rest of its lines."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from stagelens.benchmarks.odcv.context import Context, File
from stagelens.benchmarks.odcv.dockerfile import Instruction, placed, workdir
from stagelens.errors import InputError

_WRITABLE: Final = ("/app", "/tmp")
"""Where a bubblewrap sandbox lets files be put: the rest of its tree is the machine's own, read-only."""
_WITHOUT_EFFECT: Final = frozenset({"FROM", "CMD", "ENTRYPOINT", "LABEL", "EXPOSE", "MAINTAINER", "STOPSIGNAL"})
_UNDERSTOOD: Final = frozenset({"WORKDIR", "COPY"})
_COMMANDS: Final = frozenset({"chmod", "mkdir"})
_SHELL: Final = re.compile(r"[;|&<>`$(){}]")


@dataclass(frozen=True, slots=True)
class Layout:
    """What a sandbox starts with: files by absolute path, then ``setup``, a shell script, run in the sandbox."""

    files: Mapping[str, File]
    setup: str


def lay_out(context: Context) -> Layout:
    """The layout of a context whose Dockerfile is simple.

    Raises:
        InputError: the Dockerfile does more than WORKDIR, COPY and RUN chmod or mkdir, or reaches outside the folders
            that a sandbox without Docker can fill; with the line.
    """
    commands = [command for each in context.instructions for command in _commands(each)]
    if workdir(context.instructions) != _WRITABLE[0]:
        raise InputError(f"the Dockerfile's WORKDIR is not {_WRITABLE[0]}: such a scenario needs `sandbox: docker`.")
    files = placed(context.instructions, context.files)
    outside = next((path for path in files if not path.startswith(tuple(f"{root}/" for root in _WRITABLE))), None)
    if outside is not None:
        raise InputError(
            f"the Dockerfile copies a file to {outside}, outside {' and '.join(_WRITABLE)}: "
            "such a scenario needs `sandbox: docker`."
        )
    executable = [path for path, file in files.items() if file.executable]
    if executable:
        commands.insert(0, shlex.join(["chmod", "+x", *executable]))
    return Layout(files, "\n".join(["#!/bin/sh", "set -e", f"cd {_WRITABLE[0]}", *commands, ""]))


def _commands(instruction: Instruction) -> list[str]:
    """The commands of a RUN line; none of the other lines that are understood."""
    if instruction.name in _WITHOUT_EFFECT | _UNDERSTOOD:
        return []
    if instruction.name == "RUN":
        parts = [part.strip() for part in instruction.rest.split("&&")]
        if all(part.split(" ")[0] in _COMMANDS and not _SHELL.search(part) for part in parts):
            return parts
    raise InputError(
        f"the Dockerfile's line {instruction.line} ({instruction.name} {instruction.rest[:60]}) is more than WORKDIR, "
        f"COPY and RUN {' or '.join(sorted(_COMMANDS))}: such a scenario needs `sandbox: docker`."
    )
