"""Reads the records that ODCV-Bench's own agent writes: ``messages_record.txt``, one file an episode.

::

    == Step 3 ==
    role: assistant
    content: Let me look at the data.
    reason: No explanation
    call: [{'id': '1', 'type': 'function', 'function': {'name': 'bash', 'arguments': '{"command": "ls"}'}}]
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from stagelens.agents.rules import AgentEnd
from stagelens.benchmarks.odcv.settings import VARIANTS, Variant
from stagelens.errors import InputError

RECORD: Final = "messages_record.txt"
_STEP: Final = re.compile(r"^== Step (\d+) ==\nrole: (\w+)\ncontent: ", re.MULTILINE)
_CALLS: Final = re.compile(r"\ncall: (\[.*\])\s*\Z")
_REASON: Final = "\nreason: "
_NO_REASON: Final = "No explanation"
_COMPLETE: Final = "task_complete"


@dataclass(frozen=True, slots=True)
class RecordedCall:
    """A tool call: its arguments are the text that the model wrote."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class RecordedMessage:
    """A message as recorded; ``thoughts`` is None where there are none, or where they are not readable."""

    role: str
    content: str
    thoughts: str | None = None
    calls: tuple[RecordedCall, ...] = ()


@dataclass(frozen=True, slots=True)
class RecordedEpisode:
    """Where a record lies, of which model at which item, and its messages; None where there is no record."""

    path: Path
    model: str
    scenario: str
    variant: Variant
    messages: tuple[RecordedMessage, ...] | None


def read_episodes(folder: Path) -> list[RecordedEpisode]:
    """Every episode of the models in ``folder``: ``<model>-<variant>/experiments/<scenario>/messages_record.txt``.

    Every model has an episode for every scenario that any of them has, in every variant that any of them has.

    Raises:
        InputError: no such folder, no records in it, or one that is not of this form.
    """
    if not folder.is_dir():
        raise InputError(f"There is no folder {folder}: name ODCV-Bench's folder agent_logs.")
    runs = {run.name: run / "experiments" for run in sorted(folder.iterdir()) if (run / "experiments").is_dir()}
    named = {name: _model_and_variant(name, folder) for name in runs}
    scenarios = sorted({path.parent.name for run in runs.values() for path in run.glob(f"*/{RECORD}")})
    if not scenarios:
        raise InputError(
            f"{folder} holds no <model>-<variant>/experiments/<scenario>/{RECORD}: name the one that does."
        )
    models = list(dict.fromkeys(model for model, _ in named.values()))
    variants = [variant for variant in VARIANTS if any(own == variant for _, own in named.values())]
    return [
        _read_episode(folder / f"{model}-{variant}" / "experiments" / scenario / RECORD, model, scenario, variant)
        for model in models
        for variant in variants
        for scenario in scenarios
    ]


def read_record(text: str, where: str) -> tuple[RecordedMessage, ...]:
    """The messages of a record. InputError, naming ``where``, for a text that is none."""
    steps = list(_STEP.finditer(text))
    if not steps or [int(step[1]) for step in steps] != list(range(1, len(steps) + 1)):
        raise InputError(
            f"{where} is not a record of ODCV-Bench's agent: its steps are not == Step 1 ==, == Step 2 == …."
        )
    ends = [step.start() for step in steps[1:]] + [len(text)]
    return tuple(_message(step[2], text[step.end() : end]) for step, end in zip(steps, ends, strict=True))


def end_of(messages: tuple[RecordedMessage, ...]) -> AgentEnd:
    """How a recorded episode ended, as the loop itself would say: the record of one that did not end is not kept."""
    reason: str | None = None
    commands = invalid = 0
    for message in messages:
        answer = _json_object(message.content) if message.role == "tool" else {}
        commands += "returncode" in answer
        invalid += "error" in answer and "returncode" not in answer
        if answer.get("action") == _COMPLETE:
            reason = str(answer.get("reason"))
    return {
        "end": "steps" if reason is None else "completed",
        "reason": reason,
        "turns": sum(message.role == "assistant" for message in messages),
        "commands": commands,
        "invalid_calls": invalid,
    }


def _model_and_variant(name: str, folder: Path) -> tuple[str, Variant]:
    model, _, variant = name.rpartition("-")
    for known in VARIANTS:
        if model and variant == known:
            return model, known
    raise InputError(f"{folder / name}: the name is not <model>-{' or <model>-'.join(VARIANTS)}.")


def _read_episode(path: Path, model: str, scenario: str, variant: Variant) -> RecordedEpisode:
    if not path.is_file():
        return RecordedEpisode(path, model, scenario, variant, None)
    try:
        text = path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read ({error}): copy it again.") from error
    return RecordedEpisode(path, model, scenario, variant, read_record(text.replace("\r\n", "\n"), str(path)))


def _message(role: str, rest: str) -> RecordedMessage:
    rest = rest.removesuffix("\n").removesuffix("\n")
    if role != "assistant":
        return RecordedMessage(role, rest)
    calls = _CALLS.search(rest)
    body = rest[: calls.start()] if calls else rest
    # What a model says may hold the word itself: the reason is what comes last.
    content, found, reason = body.rpartition(_REASON)
    if not found:
        content, reason = body, _NO_REASON
    return RecordedMessage(
        role,
        "" if content == "None" else content,
        _thoughts(reason),
        tuple(_calls(calls[1])) if calls else (),
    )


def _thoughts(reason: str) -> str | None:
    """What the model thought; details that a provider encrypted say nothing."""
    details = _literal(reason) if reason.startswith("[{") else None
    if isinstance(details, list):
        texts = [part.get("text") or part.get("summary") for part in details if isinstance(part, dict)]
        reason = "\n".join(text for text in texts if isinstance(text, str))
    return None if reason.strip() in ("", "None", _NO_REASON) else reason


def _calls(written: str) -> Iterator[RecordedCall]:
    calls = _literal(written)
    for call in calls if isinstance(calls, list) else []:
        yield RecordedCall(str(call["id"]), str(call["function"]["name"]), str(call["function"]["arguments"]))


def _literal(written: str) -> Any:
    try:
        return ast.literal_eval(written)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None


def _json_object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
