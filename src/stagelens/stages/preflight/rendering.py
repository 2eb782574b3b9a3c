"""Chats as tokens and labels. The tokens are those of the whole rendered text, never of pieces of it."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from stagelens.stages.chats import Message, is_muted
from stagelens.stages.mixture import Row
from stagelens.stages.preflight import marks, mask
from stagelens.stages.preflight.memory import Chat, Remembered
from stagelens.stages.preflight.rows import as_messages, as_preference
from stagelens.stages.preflight.template import Span, Template

IGNORED: Final = -100
"""The label of a token that carries no loss."""

BATCH: Final = 256
"""Chats that are tokenised together."""
PROVED: Final = 8
"""Chats of each source on which a template's own marks are checked."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """One chat as trained on: token ids and labels of equal length, ``IGNORED`` outside the assistant's turns.

    ``spells`` says whether a message's own text spells a special token, which the tokenizer then takes for one.
    ``context`` counts the assistant's messages that carry no loss, since the template shows them otherwise than it asks
    for them, ``muted`` those whose row says that they are only shown.
    """

    input_ids: list[int]
    labels: list[int]
    source: str
    spells: bool = False
    context: int = 0
    muted: int = 0


@dataclass(frozen=True, slots=True)
class Pair:
    """A preference as trained on: the prompt with either answer, the loss on the answers only."""

    chosen: Rendered
    rejected: Rendered


@dataclass(frozen=True, slots=True)
class Written:
    """A chat as text, and the pieces of it that are trained on."""

    text: str
    spans: Sequence[Span]
    source: str
    spells: bool
    context: int = 0
    muted: int = 0


def render(rows: Sequence[Row], tokenizer: Any, where: str) -> list[Rendered]:
    """Every row through the chat template, the loss on the assistant's tokens only (see ``mask``).

    A token belongs to the piece that it begins in: one that begins in the generation prompt carries no loss.

    Raises:
        InputError: there is no template, it does not render a chat, or it does not show which tokens are the
            assistant's.
    """
    template, proved = Template(tokenizer, where), Counter[str]()
    remembered = Remembered(tokenizer, template.text)
    chats = [as_messages(row) for row in rows]
    known = [remembered.find(messages) for messages in chats]

    def written() -> Iterator[Written]:
        for row, messages, chat in zip(rows, chats, known, strict=True):
            if chat is not None:
                continue
            source = row["source"]
            if template.marked:
                if proved[source] < PROVED:
                    proved[source] += 1
                    mask.check_marks(template, messages, source)
                text, spans = mask.marked(template, messages, source)
            else:
                text, found = mask.answers(template, messages, source)
                spans = [(each.begin, each.end) for each in found if not is_muted(messages[each.message])]
            muted = sum(map(is_muted, messages))
            spoken = sum(message["role"] == "assistant" for message in messages) - muted
            yield Written(text, spans, source, _spells(messages, template), max(0, spoken - len(spans)), muted)

    fresh = iter(tokenised(list(written()), tokenizer))
    rendered = []
    for row, messages, chat in zip(rows, chats, known, strict=True):
        if chat is None:
            each = next(fresh)
            remembered.keep(messages, Chat(each.input_ids, each.labels, each.spells, each.context, each.muted))
        else:
            each = Rendered(list(chat.input_ids), list(chat.labels), row["source"], *chat[2:])
        rendered.append(each)
    return rendered


def render_pairs(rows: Sequence[Row], tokenizer: Any, where: str) -> list[Pair]:
    """Every preference through the chat template: ``prompt`` with ``chosen``, and with ``rejected``.

    Raises:
        InputError: as of ``render``.
    """
    template = Template(tokenizer, where)
    written = []
    for row in rows:
        prompt, *both = as_preference(row)
        for answer in both:
            messages = [*prompt, *answer]
            text, found = mask.answers(template, messages, row["source"])
            spans = [(each.begin, each.end) for each in found if each.message >= len(prompt)]
            written.append(Written(text, spans, row["source"], _spells(messages, template)))
    rendered = tokenised(written, tokenizer)
    return [Pair(chosen, rejected) for chosen, rejected in zip(rendered[::2], rendered[1::2], strict=True)]


def render_prompts(rows: Sequence[Row], tokenizer: Any, where: str) -> list[Rendered]:
    """Every prompt through the chat template, with the generation prompt behind it; nothing carries a loss.

    Raises:
        InputError: there is no template, or it does not render a prompt.
    """
    template = Template(tokenizer, where)
    written = [
        Written(
            template.write(as_messages(row), row["source"], ask=True),
            (),
            row["source"],
            _spells(as_messages(row), template),
        )
        for row in rows
    ]
    return tokenised(written, tokenizer)


def tokenised(written: Sequence[Written], tokenizer: Any) -> list[Rendered]:
    """The tokens of each text, and the labels of those that begin in a piece that is trained on."""
    rendered = []
    for begin in range(0, len(written), BATCH):
        batch = written[begin : begin + BATCH]
        encoded = tokenizer(
            [each.text for each in batch],
            add_special_tokens=False,
            return_attention_mask=False,
            return_offsets_mapping=True,
        )
        for chat, ids, offsets in zip(batch, encoded["input_ids"], encoded["offset_mapping"], strict=True):
            labels = _labels(ids, offsets, chat.spans)
            rendered.append(Rendered(ids, labels, chat.source, chat.spells, chat.context, chat.muted))
    return rendered


def _labels(ids: Sequence[int], offsets: Sequence[Span], spans: Sequence[Span]) -> list[int]:
    begins = [begin for begin, _ in offsets]
    labels = [IGNORED] * len(ids)
    for begin, end in spans:
        first, last = bisect_left(begins, begin), bisect_left(begins, end)
        labels[first:last] = ids[first:last]
    return labels


def _spells(messages: Sequence[Message], template: Template) -> bool:
    return any(special in text for text in marks.texts(messages) for special in template.special)
