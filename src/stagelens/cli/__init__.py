"""The command line: arguments in, one call, an exit code out.

Exit codes: 0 done; 1 a fault of ours; 2 bad input or usage, or a machine without room, memory or
permission; 3 a run ended with items that another run could fill.
Everything heavy is imported inside the commands, so that ``--help``, ``import`` and ``analyze`` start at once.
"""

from __future__ import annotations

import os
import sys
from typing import NoReturn

from rich.console import Console

from stagelens.cli.app import app
from stagelens.errors import InputError, lack_of

# isort: off
# Importing a module registers its commands, in the order in which ``--help`` lists them.
from stagelens.cli import studies  # noqa: F401
from stagelens.cli import tables  # noqa: F401
from stagelens.cli import runs  # noqa: F401
from stagelens.cli import episodes  # noqa: F401
from stagelens.cli import dilemmas  # noqa: F401
from stagelens.cli import organisms  # noqa: F401
from stagelens.cli import audits  # noqa: F401
from stagelens.cli import rules  # noqa: F401
# isort: on


def main() -> None:
    """The ``stagelens`` command."""
    # Threads that wait by spinning slow training up to tenfold when another process wants the same cores; this has to
    # be said before torch is imported.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        app()
    except InputError as error:
        _refuse(str(error))
    except Exception as error:
        lack = lack_of(error)
        if lack is None:
            raise
        _refuse(lack)


def _refuse(sentence: str) -> NoReturn:
    Console(stderr=True).print(f"stagelens: {sentence}", highlight=False, markup=False, soft_wrap=True)
    sys.exit(2)
