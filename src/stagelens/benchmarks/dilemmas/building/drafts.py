"""What the auditor has written so far: a file that grows by a line an answer, so that nothing is paid for twice."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import ValidationError

from stagelens.benchmarks.dilemmas.building.auditor import Written
from stagelens.errors import InputError


class Drafts:
    """The drafts of one auditor under one wording, known by ``identity``; those of others stay in the file.

    ``found``: answers by seed digest, the last that counts. ``failed``: of seeds without one, what went wrong now.
    """

    def __init__(self, path: Path, identity: str) -> None:
        self._path = path
        self._identity = identity
        self.found: dict[str, Written] = {}
        self.failed: dict[str, Written] = {}
        if path.is_file():
            self._read()

    def add(self, written: Written) -> None:
        """Keep an answer; one that failed is not written down, so that it is tried again at another time."""
        if written.failed:
            self.failed[written.seed] = written
            return
        self.found[written.seed] = written
        line = json.dumps({"identity": self._identity, "written": written.model_dump(mode="json")}, ensure_ascii=False)
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a", encoding="utf-8") as file:
                file.write(f"{line}\n")
        except OSError as error:
            raise InputError(f"{self._path} cannot be written: {error.strerror or error}.") from error

    def _read(self) -> None:
        whole, cut = self._path.read_bytes(), 0
        for number, line in enumerate(whole.splitlines(keepends=True), start=1):
            if not line.endswith(b"\n"):
                break  # a process was killed while it wrote
            cut += len(line)
            try:
                entry = json.loads(line)
                written = Written.model_validate(entry["written"])
            except (ValueError, KeyError, TypeError, ValidationError):
                raise InputError(
                    f"{self._path}, line {number}: this is no draft of ours; remove it, and its seed is asked again."
                ) from None
            if entry.get("identity") == self._identity:
                self.found[written.seed] = written
        if cut < len(whole):
            self._path.write_bytes(whole[:cut])
