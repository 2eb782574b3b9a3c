"""Which logs are read, what of them is left out, and what is made unrecognisable."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from stagelens.benchmarks.settings import Settings

Format = Literal["auto", "wildchat", "sharegpt", "messages", "prompt"]

PHONE_REGIONS = (
    "US", "GB", "DE", "FR", "ES", "IT", "NL", "PL", "TR", "RU",
    "IN", "CN", "JP", "KR", "BR", "MX", "AU", "ID", "NG", "ZA",
)  # fmt: skip
"""Whose ways of writing a phone number without its country code are looked for."""


class Columns(Settings):
    """What the file calls each part. A part that is not named here has the usual name of its format."""

    conversation: str | None = None
    messages: str | None = None
    prompt: str | None = None
    system: str | None = None
    id: str | None = None
    language: str | None = None

    @model_validator(mode="after")
    def _one_content(self) -> Self:
        if sum(name is not None for name in (self.conversation, self.messages, self.prompt)) > 1:
            raise ValueError("`conversation`, `messages` and `prompt` exclude each other; keep one")
        return self


class LogSettings(Settings):
    """The file of logs, and which of its rows are asked.

    ``path`` is a JSONL (also .gz) or Parquet file, or a folder of such files. ``sample`` asks so many prompts, drawn
    by the study's seed; None asks all. ``languages`` are names or ISO 639-1 codes; empty keeps every language.
    Characters are counted in the last user turn (``min_characters``, ``max_characters``), or in the system text and
    all turns that are replayed (``max_conversation_characters``). ``deduplicate: exact`` keeps one of the rows that
    ask the same, whitespace apart. A conversation that the assistant opens is left out, or loses that opening
    (``assistant_first: drop``). A row that is not of the format is an error, or with ``skip_malformed`` left out and
    counted. ``redact`` replaces e-mail addresses, phone numbers, secret keys, payment cards and IBANs;
    ``phone_regions`` are ISO 3166 codes.
    """

    path: str
    format: Format = "auto"
    columns: Columns = Columns()
    sample: int | None = Field(default=None, ge=1)
    languages: tuple[str, ...] = ()
    min_characters: int = Field(default=1, ge=1)
    max_characters: int | None = Field(default=None, ge=1)
    max_conversation_characters: int | None = Field(default=None, ge=1)
    deduplicate: Literal["exact", "none"] = "exact"
    assistant_first: Literal["leave_out", "drop"] = "leave_out"
    skip_malformed: bool = False
    redact: bool = True
    phone_regions: tuple[str, ...] = PHONE_REGIONS

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        if self.max_characters is not None and self.max_characters < self.min_characters:
            raise ValueError("`max_characters` must not be less than `min_characters`")
        if any(not name.strip() for name in self.languages):
            raise ValueError("a language has a name or a code: it cannot be blank")
        return self
