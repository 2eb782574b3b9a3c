"""What a log says about the answers as such: how many, how long, how many cut off, how many with thoughts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

CUT = ("max_tokens", "model_length")
"""Stop reasons of answers that were cut off."""


@dataclass(frozen=True, slots=True)
class AnswerSummary:
    """Counts over the answers of one stage; ``tokens`` are those generated, thoughts included."""

    answers: int = 0
    truncated: int = 0
    with_thoughts: int = 0
    tokens: int = 0

    @property
    def mean_tokens(self) -> float | None:
        """Tokens an answer; None of no answers."""
        return self.tokens / self.answers if self.answers else None

    def __add__(self, other: AnswerSummary) -> AnswerSummary:
        return AnswerSummary(
            self.answers + other.answers,
            self.truncated + other.truncated,
            self.with_thoughts + other.with_thoughts,
            self.tokens + other.tokens,
        )


def summarise_log(path: Path) -> AnswerSummary:
    """Count over an Inspect log. Samples that failed before an answer came do not count."""
    from inspect_ai.log import read_eval_log
    from inspect_ai.model import ContentReasoning

    total = AnswerSummary()
    log = read_eval_log(str(path), exclude_fields={"messages", "events", "store", "attachments"})
    for sample in log.samples or []:
        if not sample.output.choices:
            continue
        content = sample.output.choices[0].message.content
        thoughts = not isinstance(content, str) and any(isinstance(part, ContentReasoning) for part in content)
        total += AnswerSummary(
            answers=1,
            truncated=int(sample.output.stop_reason in CUT),
            with_thoughts=int(thoughts),
            tokens=sample.output.usage.output_tokens if sample.output.usage else 0,
        )
    return total
