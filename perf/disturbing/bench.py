"""What every fault is tried on: two short studies, what they come to undisturbed, and how an end is judged."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from disturbed import Chat, Command, Products, leftovers, products, write_asked, write_made

DONE, REFUSED, INCOMPLETE = 0, 2, 3


Trial = tuple[str, Callable[[], str]]
"""A fault in words, and what tries it and says how a run ended."""


class BrokenPromiseError(Exception):
    """A run that met a fault ended in neither of the ways that are promised."""


@dataclass
class Study:
    """A study on the bench.

    Attributes:
        path: its file.
        stages: how many it asks.
        whole: its undisturbed run folder.
        verdicts: what it came to there.
        asked: how often the server was sent each text by it: (model, text).
    """

    path: Path
    stages: int
    whole: Path
    verdicts: bytes = b""
    asked: Counter[tuple[str, str]] = field(default_factory=Counter)


@dataclass
class Bench:
    """Where faults are tried: ``made`` trains its stages here, ``asked`` has them behind a server that counts."""

    root: Path
    chat: Chat
    made: Study
    asked: Study
    runs: int = 0

    @classmethod
    def built(cls, root: Path, chat: Chat) -> Bench:
        """Both studies, and their undisturbed runs."""
        bench = cls(
            root,
            chat,
            Study(write_made(root / "made"), 3, root / "made-whole"),
            Study(write_asked(root / "asked"), 2, root / "asked-whole"),
        )
        for study in (bench.made, bench.asked):
            before = chat.asked.copy()
            bench.expect(bench.run(study, study.whole), DONE)
            study.asked = chat.asked - before
            study.verdicts = (study.whole / "verdicts.json").read_bytes()
        return bench

    def command(self, study: Study, out: Path, *words: str, cache: str | None = None, **more: Any) -> Command:
        """``stagelens run``; ``cache``: a name, for runs that share the answers of paid models."""
        environment = self.chat.environment(self.root / "caches" / (cache or out.name), **more.pop("variables", {}))
        return Command(
            ["run", str(study.path), "--out", str(out), *words], self.root / f"{out.name}.said", environment, **more
        )

    def run(self, study: Study, out: Path, **more: Any) -> tuple[int, str]:
        """Its exit code and the last line that it said."""
        command = self.command(study, out, **more)
        return command.finish(), command.sentence

    def fresh(self, study: Study | None = None, *, name: str = "run") -> Path:
        """A run folder of its own: not there yet, or a copy of the study's undisturbed one."""
        self.runs += 1
        out = self.root / f"{name}-{self.runs}"
        if study is not None:
            shutil.copytree(study.whole, out)
        return out

    def expect(self, ended: tuple[int, str], *codes: int) -> str:
        """The sentence of an end with one of these codes; a traceback is none."""
        code, sentence = ended
        if code not in codes:
            raise BrokenPromiseError(f"exit code {code}: {sentence[:300]}")
        if code == REFUSED and not (sentence.startswith("stagelens: ") and sentence.endswith(".")):
            raise BrokenPromiseError(f"no sentence: {sentence[:300]}")
        return sentence.removeprefix("stagelens: ")

    def same(self, study: Study, out: Path, **more: Any) -> None:
        """The same command again: it ends well, in the undisturbed run's bytes, and leaves nothing half made."""
        self.expect(self.run(study, out, **more), DONE)
        if (out / "verdicts.json").read_bytes() != study.verdicts:
            raise BrokenPromiseError("other verdicts")
        if leftovers(out):
            raise BrokenPromiseError(f"left over: {leftovers(out)[0].name}")

    @staticmethod
    def kept(out: Path, before: Products) -> None:
        """Every finished piece of ``before`` is the file that it was."""
        after = products(out)
        changed = [name for name, state in before.items() if after.get(name) != state]
        if changed:
            raise BrokenPromiseError(f"made again or gone: {changed[0]}")
