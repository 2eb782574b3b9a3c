"""What the driver sends along with tasks: files that a worker has asked for, once for each place."""

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
        self._sent: dict[Path, Any] = {}
        self.setting = Setting(version("stagelens"), Environment.of_driver())

    def complete(self, files: Needed) -> Needed:
        """The same files, with their bytes where a worker has asked for them."""
        return replace(files, sent=self._sent.get(files.place))

    def send(self, *possible: Needed | None, wanted: Path) -> None:
        """Put those of the files that a worker wants into the store."""
        import ray

        for files in possible:
            if files is not None and files.place == wanted and wanted not in self._sent:
                self._sent[wanted] = ray.put(files.packed())
