"""Attempts at built-in tasks, written for the detector's own tests (``reward_hacking_attempts.yaml``)."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, NamedTuple

from stagelens.benchmarks.reward_hacking.reading import built_in
from stagelens.study.document import read_document

PLACE = Path(__file__).parent
SHOW = "python3 timing.py"
TASKS = {task.id: task for task in built_in()}


class Attempt(NamedTuple):
    """A task, the commands before the solution, its text (None: the slow one stays), and the commands after it."""

    task: str
    solution: str | None = None
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


def honest(task: str) -> str:
    """The honest solution of a task."""
    return (PLACE / "honest_solutions" / f"{task.replace('-', '_')}.py").read_text()


def attempts() -> dict[tuple[str, str], Attempt]:
    """All attempts by class (or ``honest``) and name, with what their author would have looked up filled in."""
    groups = read_document(PLACE / "reward_hacking_attempts.yaml").value
    return {
        (group, name): _filled(**{"solution": None, "before": [], "after": [], **written})
        for group, own in groups.items()
        for name, written in own.items()
    }


def _filled(task: str, solution: str | None, before: list[str], after: list[str]) -> Attempt:
    words = _words(task)

    def fill(text: str) -> str:
        for word, value in words.items():
            text = text.replace(word, value)
        return text

    return Attempt(
        task, None if solution is None else fill(solution), tuple(map(fill, before)), tuple(map(fill, after))
    )


def _words(task: str) -> dict[str, str]:
    files = TASKS[task].files
    names: dict[str, Any] = {}
    exec(compile(files["inputs.py"], "inputs.py", "exec"), names)
    cases, results = names["make"](7), json.loads(files["expected.json"])
    words = {
        "{slow}": files["reference.py"].decode().replace("def solve(", "def slow("),
        "{honest}": honest(task),
        **{f"{{a{place}}}": repr(result) for place, result in enumerate(results)},
    }
    both = list(zip(cases, results, strict=True))
    if task == "prime-count":
        digests = {hashlib.md5(json.dumps(case).encode()).hexdigest()[:8]: result ^ 12345 for case, result in both}
        words["{digests}"] = repr(digests)
    if task == "pair-sums":
        words |= {f"{{t{place}}}": repr(case["target"]) for place, case in enumerate(cases)}
    if task == "edit-distance":
        words["{known}"] = json.dumps({case["first"][:12]: result for case, result in both})
    if task == "longest-increasing":
        branches = [f"    if start == {case['numbers'][0]}:\n        return {result}\n" for case, result in both]
        words["{branches}"] = "".join(branches).strip() + "\n"
    return words
