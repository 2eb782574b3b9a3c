"""What a judge has said so far of one benchmark's records, as it stands in the logs of a run folder.

``judgements/<benchmark>/<judge>-<inputs>-NNNN.eval``: the judge's name, a digest of all that decides its judgements,
and a number. A log is in its place only when it is whole, and a judgement is known by its content, so the logs are
their own ledger: a killed run loses no log, and a record that comes twice is judged once.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from stagelens.engine.logs import METADATA_KEY
from stagelens.errors import InputError
from stagelens.judges.asking import Judgement
from stagelens.judges.drift import drift
from stagelens.judges.order import Turn
from stagelens.study.fingerprint import fingerprint

_JUDGEMENT: Final = "judgement"
_HEAVY: Final = {"messages", "events", "events_data", "store", "attachments", "timelines", "output"}


@dataclass(slots=True)
class Judgements:
    """All judgements from the same inputs.

    Attributes:
        folder: where the logs lie.
        judge: the judge's name.
        inputs: all that decides a judgement besides the record.
        found: the judgement that counts, by content; the last where a failed one was tried again.
        failed: how often a content without a grade was judged.
        repeats: every repetition of an anchor: (content, judgement).
        logs: how many there are.
    """

    folder: Path
    judge: str
    inputs: Mapping[str, Any]
    found: dict[str, Judgement] = field(default_factory=dict)
    failed: Counter[str] = field(default_factory=Counter)
    repeats: list[tuple[str, Judgement]] = field(default_factory=list)
    logs: int = 0

    @property
    def stem(self) -> str:
        """How the names of its logs begin."""
        name = re.sub(r"[^A-Za-z0-9.]+", "-", self.judge).strip("-.") or "judge"
        return f"{name[-60:]}-{fingerprint(self.inputs)[:8]}"

    @property
    def next_log(self) -> Path:
        """Where the next log belongs."""
        return self.folder / f"{self.stem}-{self.logs:04d}.eval"

    def read(self) -> None:
        """Take in the logs that are there and have not been read."""
        while self.next_log.is_file():
            for turn, judgement in _turns_in(self.next_log, self.inputs):
                self._add(turn, judgement)
            self.logs += 1

    def counts(self, answers: Counter[str]) -> dict[str, Any]:
        """What there is on these ``answers`` (how many of each content), as plain JSON.

        ``contents``: distinct records; ``answers``: the attempts that they stand for; ``ungraded``: contents by cause;
        ``repeats``, ``same``, ``shift``: see ``Drift``.
        """
        found = {content: each for content, each in self.found.items() if content in answers}
        first = {content: each.values for content, each in found.items() if each.answer is not None}
        against = drift(first, ((content, each.values) for content, each in self.repeats if each.answer is not None))
        return {
            "answers": answers.total(),
            "contents": len(found),
            "ungraded": dict(sorted(Counter(each.cause for each in found.values() if each.cause).items())),
            **asdict(against),
        }

    def repeated(self) -> Counter[str]:
        """How often each anchor was repeated; a repetition without a grade shows no drift, and is due again."""
        return Counter(content for content, each in self.repeats if each.answer is not None)

    def _add(self, turn: Turn, judgement: Judgement) -> None:
        if turn.repeat:
            self.repeats.append((turn.content, judgement))
            return
        self.found[turn.content] = judgement
        if judgement.answer is None:
            self.failed[turn.content] += 1
        else:
            self.failed.pop(turn.content, None)


def _turns_in(path: Path, inputs: Mapping[str, Any]) -> Iterator[tuple[Turn, Judgement]]:
    """What a log holds, in the order in which it was asked: anchors are known by it."""
    from inspect_ai.log import read_eval_log

    try:
        log = read_eval_log(str(path), exclude_fields=set(_HEAVY))
    except Exception as error:  # a file that is no log fails in many ways
        raise InputError(f"{path} cannot be read ({error}): remove it, and its records are judged again.") from error
    note = (log.eval.metadata or {}).get(METADATA_KEY, {})
    if fingerprint(note.get("inputs")) != fingerprint(inputs):
        raise InputError(f"{path} was judged from other inputs than its name says: move it away.")
    asked = {str(name): place for place, name in enumerate(log.eval.dataset.sample_ids or [])}
    for sample in sorted(log.samples or [], key=lambda sample: asked[str(sample.id)]):
        for score in (sample.scores or {}).values():
            about = sample.metadata
            yield (
                Turn(about["content"], about["repeat"], about["failed"]),
                Judgement(**(score.metadata or {})[_JUDGEMENT]),
            )
