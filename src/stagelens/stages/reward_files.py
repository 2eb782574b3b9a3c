"""Rewards from the user's own Python file, ``./rewards.py:score``: loaded, called, and every fault in one sentence.

The function is called as ``score(answers, rows)``: the answers' texts, and for each the row whose prompt it answers. It
returns as many finite numbers, the higher the better. The file stands alone: it may import what is installed, and not
the files beside it, since its own content is all of it that a stage's inputs hold.
"""

from __future__ import annotations

import math
import reprlib
import sys
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from stagelens.errors import InputError
from stagelens.stages.fields import one_line
from stagelens.study.fingerprint import file_digest
from stagelens.study.paths import resolve

LARGEST: Final = 1e38
"""Rewards are single-precision numbers in training: what is larger would be infinite there."""


def is_file_reward(name: str) -> bool:
    """Whether a reward is named by a file and a function in it."""
    return ":" in name


def by_content(name: str, folder: Path, where: str) -> str:
    """The reward's name with its file by the sha256 of its content."""
    path, function = _parts(name, folder, where)
    return f"{file_digest(path)}:{function}"


class FileReward:
    """A function from a Python file as a reward. Making one runs the file.

    Args:
        name: ``path:function``; a relative path starts at ``folder``.
        folder: the study file's folder.
        where: what an error begins with.

    Raises:
        InputError: there is no such file or function, or the file does not run; names file and line.
    """

    def __init__(self, name: str, folder: Path, where: str) -> None:
        self._path, self._name = _parts(name, folder, where)
        self._where = where
        self._function = self._find(self._run())

    def __call__(self, answers: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> list[float]:
        """A reward for each answer. InputError where the function fails or returns anything else."""
        try:
            returned = self._function(list(answers), [dict(row) for row in rows])
            values = list(returned) if isinstance(returned, Iterable) and not isinstance(returned, str) else None
        except (Exception, SystemExit) as error:  # the user's program may raise whatever it likes
            raise self._fault(self._line(error) or self._defined(), f"`{self._name}` raised {_spell(error)}") from error
        if values is None:
            raise self._fault(
                self._defined(), f"`{self._name}` returned {type(returned).__name__}, not a list of numbers"
            )
        if len(values) != len(answers):
            raise self._fault(
                self._defined(), f"`{self._name}` returned {len(values)} numbers for {len(answers)} answers"
            )
        return [self._number(value, place) for place, value in enumerate(values, start=1)]

    def _number(self, value: Any, place: int) -> float:
        try:
            number = math.nan if isinstance(value, str | bytes) else float(value)
        except (TypeError, ValueError, OverflowError):
            number = math.nan
        if not abs(number) <= LARGEST:
            raise self._fault(
                self._defined(),
                f"`{self._name}` returned {reprlib.repr(value)} for answer {place}, where a finite number is due",
            )
        return number

    def _run(self) -> Mapping[str, Any]:
        module = ModuleType(f"stagelens_reward_{file_digest(self._path)[:16]}")
        module.__file__ = str(self._path)
        sys.modules[module.__name__] = module  # dataclasses and pickle look a module up by its name
        try:
            # Compiled here rather than imported, so that no cached bytecode is read or left beside the user's file.
            exec(compile(self._path.read_bytes(), str(self._path), "exec"), module.__dict__)
        except SyntaxError as error:
            at = f", line {error.lineno}" if error.filename == str(self._path) else ""
            raise InputError(f"{self._where}: {self._path}{at} is not Python ({error.msg}).") from error
        except (Exception, SystemExit) as error:  # as above
            raise self._fault(self._line(error), f"the file raised {_spell(error)} while it was loaded") from error
        return module.__dict__

    def _find(self, names: Mapping[str, Any]) -> Callable[..., Any]:
        found: Callable[..., Any] | None = names.get(self._name)
        if found is None or not callable(found):
            own = sorted(name for name, value in names.items() if not name.startswith("_") and callable(value))
            has = f"it has {', '.join(own[:8])}" if own else "it has none"
            raise InputError(f"{self._where}: {self._path} has no function {self._name!r}; {has}.")
        return found

    def _line(self, error: BaseException) -> int | None:
        """The line of the user's file that an error came through last."""
        lines = [
            frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(self._path)
        ]
        return lines[-1] if lines else None

    def _defined(self) -> int | None:
        code = getattr(self._function, "__code__", None)
        return None if code is None else code.co_firstlineno

    def _fault(self, line: int | None, what: str) -> InputError:
        at = "" if line is None else f", line {line}"
        return InputError(f"{self._where}: {self._path}{at}: {what}.")


def _parts(name: str, folder: Path, where: str) -> tuple[Path, str]:
    written, _, function = name.rpartition(":")
    path = resolve(written, folder)
    if not function.isidentifier() or path.suffix != ".py":
        raise InputError(f"{where}: a reward from a file is named ./file.py:function, and {name!r} is not.")
    if not path.is_file():
        raise InputError(f"{where}: there is no file {path} for the reward {name!r}.")
    return path, function


def _spell(error: BaseException) -> str:
    message = one_line(error)
    return message if message == type(error).__name__ else f"{type(error).__name__} ({message})"
