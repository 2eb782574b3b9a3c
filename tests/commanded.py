"""The command line in a test's own process."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from stagelens import cli

Command = Callable[..., tuple[int, str, str]]
"""Takes arguments; gives the exit code, the output and the errors."""


def command_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str) -> Command:
    """``stagelens WORDS ARGUMENTS``."""

    def command(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["stagelens", *words, *map(str, arguments)])
        capsys.readouterr()
        try:
            cli.main()
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return command
