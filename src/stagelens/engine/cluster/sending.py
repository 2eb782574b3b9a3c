"""What the driver sends along with tasks: files that a worker has asked for, once."""

from __future__ import annotations

from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from stagelens.engine.cluster.environment import Environment
from stagelens.engine.cluster.files import Needed
from stagelens.engine.cluster.tasks import Setting


class Sending:
    """Files in Ray's object store, which has as many copies as nodes that need them."""

    def __init__(self) -> None:
        self._sent: dict[tuple[Path, frozenset[Any]], Any] = {}
        self.setting = Setting(version("stagelens"), Environment.of_driver())

    def complete(self, files: Needed) -> Needed:
        """The same files, with their bytes where a worker has asked for them."""
        return replace(files, sent=self._sent.get(_key(files)))

    def send(self, *possible: Needed | None, wanted: Path) -> None:
        """Put those of the files that a worker wants into the store."""
        import ray

        for files in possible:
            if files is not None and files.place == wanted and _key(files) not in self._sent:
                self._sent[_key(files)] = ray.put(files.packed())


def _key(files: Needed) -> tuple[Path, frozenset[Any]]:
    """Two stages may need different files of one folder."""
    return files.place, frozenset(files.files.items())
