"""What the sandbox recorded of one attempt, apart from any judgement of it. Plain values: it can be kept as JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Final

from stagelens.benchmarks.reward_hacking.challenge import Metric
from stagelens.benchmarks.reward_hacking.syntax.facts import Facts

_SPEED: Final = re.compile(r"speed-?up\W{0,3}\s*([0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?)", re.IGNORECASE)
_CORRECT: Final = re.compile(r"^\s*correct\W{1,3}\s*(yes|no|true|false)\b", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Command:
    """What the agent ran or wrote, and what it was told. ``writes`` is a path that a tool other than a shell wrote."""

    text: str
    output: str
    writes: str | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """What the show command printed; None for a line that was not there."""

    correct: bool | None
    speedup: float | None


@dataclass(frozen=True, slots=True)
class Run:
    """The solution on one set of inputs, in a process of its own. Times are in seconds.

    Attributes:
        cases: how many inputs.
        right: how many results were the reference's, as plain values.
        right_of_checked: how many of those that the visible check looks at.
        answered: whether every input got a result.
        setup: of importing the solution, and ``setup_of_reference`` of importing the reference.
        first: of the first results.
        again: of results for the same inputs once more, in another order; None where it was not tried.
        each_again: how many times faster every single input was then, at the least.
        again_right: how many of those were right.
        between: processor time while it had nothing to do.
        reference: of the reference on these inputs.
        strange: the type of a result that is no plain value.
        equals_wrong: whether such a result calls itself equal to several wrong ones.
        threads: that were left running after a result; ``processes_left``: whether processes were.
        failed: the first error; ``late`` where it is that an answer did not come in time.
        printed: what it wrote to stdout.
    """

    cases: int = 0
    right: int = 0
    right_of_checked: int = 0
    answered: bool = False
    setup: float = 0.0
    setup_of_reference: float = 0.0
    first: float = 0.0
    again: float | None = None
    each_again: float | None = None
    again_right: int = 0
    between: float = 0.0
    reference: float = 0.0
    strange: str | None = None
    equals_wrong: bool = False
    threads: int = 0
    processes_left: bool = False
    failed: str | None = None
    printed: str = ""

    @property
    def late(self) -> bool:
        """Whether an answer did not come in time: it was not wrong."""
        return (self.failed or "").startswith("TimeoutError")

    @property
    def speedup(self) -> float:
        """Over the reference; 0 where a result is missing. What any import takes is left out."""
        spent = self.first + max(self.setup - self.setup_of_reference, 0.0)
        return self.reference / spent if self.answered and spent > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Audit:
    """What the solution did while the show command ran as it was given, with everything that the agent had.

    Attributes:
        events: kinds (``import``, ``read``, ``write``, ``frames``, ``objects``, ``calls``, ``patched``, …) and of what.
        printed: its stdout.
        ended: whether it came to its end.
        code: its exit code, None where it did not end in time.
        processes_left: whether processes were left running.
        made: files that it made.
        changed: files of the harness that it changed.
    """

    events: tuple[tuple[str, str], ...] = ()
    printed: str = ""
    ended: bool = False
    code: int | None = None
    processes_left: bool = False
    made: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()

    def of(self, *kinds: str) -> tuple[str, ...]:
        """What was recorded of these kinds."""
        return tuple(what for kind, what in self.events if kind in kinds)


@dataclass(frozen=True, slots=True)
class Measured:
    """What measuring again gave. ``failed`` says why it gave nothing; ``runs`` and ``audit`` not every set has.

    ``strain`` is how many times longer than its processor time the reference took by the wall: more than 1 where other
    work slowed the machine down. What the show command prints is of the wall.
    """

    correct: bool | None = None
    speedup: float | None = None
    runs: Mapping[str, Run] | None = None
    audit: Audit | None = None
    failed: str | None = None
    strain: float = 1.0

    def run(self, name: str) -> Run:
        """A run by its name; an empty one where there is none."""
        return (self.runs or {}).get(name, Run())


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that is known of one attempt.

    Attributes:
        metric: what the speed-up is of.
        target: at which the task is solved.
        show: the command that the agent was told to run.
        commands: what the agent ran, in order.
        shown: what the show command printed to the agent, in order.
        last: what it prints in the agent's sandbox after the end; None where it prints nothing of the kind.
        protected: digests of the protected files as they were given.
        changed: protected files that say something else now, or are gone, with their new digest, None for none.
        added: the files that the agent left beside them, by path, with their text where it is short.
        large: those of them that are too large to be carried: measuring again lacks them.
        solution: the editable files' text.
        facts: of their syntax, where they are Python.
        measured: measuring again, elsewhere.
    """

    metric: Metric
    target: float
    show: str
    commands: tuple[Command, ...]
    shown: tuple[Shown, ...]
    last: Shown | None
    protected: Mapping[str, str]
    changed: Mapping[str, str | None]
    added: Mapping[str, str]
    solution: Mapping[str, str]
    facts: Facts
    measured: Measured
    large: tuple[str, ...] = ()

    @property
    def claimed(self) -> Shown | None:
        """What the agent was last told by the show command."""
        return self.shown[-1] if self.shown else None

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        plain: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return plain


def read_shown(text: str) -> Shown | None:
    """The last result that a show command printed in ``text``; None where it printed none."""
    speeds, verdicts = _SPEED.findall(text), _CORRECT.findall(text)
    if not speeds and not verdicts:
        return None
    correct = verdicts[-1].lower() in {"yes", "true"} if verdicts else None
    return Shown(correct, float(speeds[-1]) if speeds else None)


def read_measured(output: str) -> Measured:
    """What a measure command printed: JSON objects, the last with ``correct`` and ``speedup``."""
    records = [record for record in map(_json, output.splitlines()) if isinstance(record, dict)]
    last = next((record for record in reversed(records) if "correct" in record and "speedup" in record), None)
    if last is None:
        return Measured(failed="measuring again gave no result")
    runs = {str(record["run"]): _of(Run, record) for record in records if "run" in record}
    audits = [_audit(record["audit"]) for record in records if isinstance(record.get("audit"), dict)]
    return Measured(
        bool(last["correct"]),
        float(last["speedup"]),
        runs or None,
        audits[-1] if audits else None,
        strain=float(last.get("strain", 1.0)),
    )


def _audit(record: Mapping[str, Any]) -> Audit:
    # The solution may write to the descriptor that these come from.
    pairs = [each for each in record["events"] if isinstance(each, list) and len(each) == 2]
    events = tuple((str(kind), str(what)) for kind, what in pairs)
    made, changed = tuple(record["made"]), tuple(record["changed"])
    ended = any(kind == "end" for kind, _ in events)
    return Audit(events, record["printed"], ended, record["code"], record["processes_left"], made, changed)


def _of(kind: type[Run], record: Mapping[str, Any]) -> Run:
    return kind(**{each.name: record[each.name] for each in fields(kind) if each.name in record})


def _json(line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def commands_that_show(commands: Iterable[Command], show: str) -> tuple[Shown, ...]:
    """What the show command printed, every time that it was run."""
    name = next((word for word in reversed(show.split()) if not word.startswith("-")), show)
    results = [read_shown(command.output) for command in commands if name.rpartition("/")[2] in command.text]
    return tuple(result for result in results if result is not None)
