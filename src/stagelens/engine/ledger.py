"""The ledger: which pieces of work are done, and from exactly what.

A piece is a stage's checkpoint (``stage/<family>/<stage>``) or a shard of a cell
(``shard/<family>/<stage>/<benchmark>/<k>``).
Beside its name stand the *inputs* that decided its result, as plain JSON, so that a changed input can be named rather
than only noticed. The ledger is a convenience of the driver: everything in it also stands beside the work itself
(``recipe.json``, the logs' metadata), from which it is made again when it is lost.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stagelens.errors import InputError
from stagelens.study.fingerprint import explain_change, fingerprint

Inputs = Mapping[str, Any]

_SCHEMA = "CREATE TABLE IF NOT EXISTS done (piece TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, inputs TEXT NOT NULL)"
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_LOOKS = "analysis.looks"
"""The input of a sequential design (see ``identity.cell_inputs``): without it, everything is asked at once."""


class _DamagedError(Exception):
    """The file is no database any more."""


class Ledger:
    """An SQLite file with one row per finished piece. Every write is a transaction of its own."""

    def __init__(self, path: Path) -> None:
        """Open the ledger at ``path``; one that is damaged is begun anew, one that cannot be opened is left alone."""
        self._path = path
        try:
            self._connection = self._open()
        except _DamagedError:
            path.unlink()
            self._connection = self._open()

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path)
        try:
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute(_SCHEMA)
            sound = connection.execute("PRAGMA quick_check(1)").fetchone() == ("ok",)
        except sqlite3.DatabaseError as error:
            # A full disk and a folder that cannot be written come as errors of this kind too, and lose no ledger.
            if getattr(error, "sqlite_errorcode", None) not in _DAMAGED:
                raise
            sound = False
        except UnicodeDecodeError:
            sound = False
        if not sound:
            connection.close()
            raise _DamagedError
        connection.commit()
        return connection

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def knows(self, piece: str) -> bool:
        """Whether the piece is finished, from whatever inputs."""
        return self._connection.execute("SELECT 1 FROM done WHERE piece = ?", (piece,)).fetchone() is not None

    def is_done(self, piece: str, inputs: Inputs) -> bool:
        """Whether the piece is finished from these inputs.

        Raises:
            InputError: it is finished, but from other inputs; the sentence names what changed.
        """
        row = self._connection.execute("SELECT fingerprint, inputs FROM done WHERE piece = ?", (piece,)).fetchone()
        if row is None:
            return False
        if row[0] == fingerprint(inputs):
            return True
        before = json.loads(row[1])
        if _LOOKS in before and _LOOKS not in inputs:
            raise InputError(
                f"{self._path.parent} was asked in {before[_LOOKS]} looks: "
                "go on with --sequential or analysis.looks, or start a new run folder with --out."
            )
        if _LOOKS in inputs and _LOOKS not in before:
            raise InputError(
                f"{self._path.parent} was asked without looks, all at once: "
                "go on without --sequential, or start a new run folder with --out."
            )
        change = explain_change(before, dict(inputs))
        raise InputError(
            f"{self._path.parent} already holds {piece}, made from other inputs ({change}): "
            "undo the change, or start a new run folder with --out."
        )

    def record(self, piece: str, inputs: Inputs) -> None:
        """Note that the piece is finished, from these inputs."""
        text = json.dumps(inputs, sort_keys=True)
        self._connection.execute("INSERT OR REPLACE INTO done VALUES (?, ?, ?)", (piece, fingerprint(inputs), text))
        self._connection.commit()

    def forget(self, piece: str) -> None:
        """The piece's product is gone: it has to be made again."""
        self._connection.execute("DELETE FROM done WHERE piece = ?", (piece,))
        self._connection.commit()
