"""What reading gives: prompts that know where they stood, and a count of everything that was not kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

Role = Literal["user", "assistant"]
Turns = tuple[tuple[Role, str], ...]

Reason = Literal[
    "malformed", "no_user_turn", "empty", "assistant_first", "tool_use", "not_text", "language",
    "too_short", "too_long", "conversation_too_long", "duplicate",
]  # fmt: skip
"""Why a row is left out. A row that has several is counted once, under the first in this order."""

Kind = Literal["key", "email", "iban", "card", "phone"]
"""What is redacted."""

_REASONS: Final[Mapping[Reason, str]] = {
    "malformed": "malformed",
    "no_user_turn": "without a user turn",
    "empty": "with nothing but blank user turns",
    "assistant_first": "opened by the assistant",
    "tool_use": "with tool calls",
    "not_text": "with images or other parts that are not text",
    "language": "in another language",
    "too_short": "too short",
    "too_long": "too long",
    "conversation_too_long": "in too long a conversation",
    "duplicate": "duplicates",
}
_KINDS: Final[Mapping[Kind, str]] = {
    "key": "secret keys",
    "email": "e-mail addresses",
    "iban": "IBANs",
    "card": "payment cards",
    "phone": "phone numbers",
}


@dataclass(frozen=True, slots=True)
class LoggedPrompt:
    """One prompt as a user sent it, with what came before it.

    ``turns`` alternate and end with a user turn; the assistant turns are the log's own. ``place`` is ``line 12`` or
    ``row 12``, after the file's name where a folder is read.
    """

    id: str
    system: str | None
    turns: Turns
    language: str | None
    place: str


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of each row: ``read`` is the sum of ``kept``, ``not_drawn`` and all of ``left_out``.

    ``redactions`` counts replacements in the prompts that are kept. Reasons and kinds that did not occur are not in the
    mappings.
    """

    read: int
    kept: int
    not_drawn: int
    left_out: Mapping[Reason, int]
    redactions: Mapping[Kind, int]

    def notices(self) -> tuple[str, ...]:
        """What a user should know, a sentence each; none where every row is kept as it stands."""
        lines = []
        if self.left_out:
            reasons = ", ".join(f"{count:,} {_REASONS[reason]}" for reason, count in self.left_out.items())
            lines.append(f"{sum(self.left_out.values()):,} of {self.read:,} rows are left out: {reasons}.")
        if self.not_drawn:
            lines.append(f"{self.kept:,} prompts are drawn by the seed; {self.not_drawn:,} more could have been.")
        if self.redactions:
            kinds = ", ".join(f"{count:,} {_KINDS[kind]}" for kind, count in self.redactions.items())
            lines.append(f"Replaced in the prompts that are asked: {kinds}.")
        return tuple(lines)


@dataclass(frozen=True, slots=True)
class Logs:
    """The prompts in the order of their draw, so that a smaller sample is the start of a larger one; the counts."""

    prompts: tuple[LoggedPrompt, ...]
    counts: Counts
