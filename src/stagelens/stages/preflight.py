"""Render chats into tokens and a loss mask, and stop before training what would teach nothing, or not how to stop."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from stagelens.errors import InputError
from stagelens.stages.mixture import Row

IGNORED: Final = -100
"""The label of a token that carries no loss."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """One chat as trained on: token ids and labels of equal length, ``IGNORED`` outside the assistant's turns."""

    input_ids: list[int]
    labels: list[int]
    source: str


def as_messages(row: Row) -> list[dict[str, Any]]:
    """A row as one chat: its messages, or its prompt as the user's turn and its completion as the assistant's."""
    if "messages" in row:
        return list(row["messages"])
    return _turns(row["prompt"], "user") + (_turns(row["completion"], "assistant") if "completion" in row else [])


def render(rows: Sequence[Row], tokenizer: Any, where: str) -> list[Rendered]:
    """Every row through the chat template, the loss on the assistant's tokens only.

    InputError where there is no template, it does not render a chat, or it marks no assistant tokens.
    """
    if not tokenizer.chat_template:
        raise InputError(f"{where}: the checkpoint it starts from has no chat template; name one as `chat_template`.")
    _apply(tokenizer, rows[0], where, tokenize=False)  # else a template that never renders passes for an unmarked one
    options = {"tokenize": True, "return_dict": True, "return_assistant_tokens_mask": True}
    template = _training_template(tokenizer, where)
    rendered = []
    for row in rows:
        encoded = _apply(tokenizer, row, where, chat_template=template, **options)
        ids, mask = encoded["input_ids"], encoded["assistant_masks"]
        labels = [token if masked else IGNORED for token, masked in zip(ids, mask, strict=True)]
        rendered.append(Rendered(ids, labels, row["source"]))
    return rendered


def check(rendered: Sequence[Rendered], *, stop_ids: frozenset[int], max_length: int | None, where: str) -> None:
    """InputError where a mixture, or one of its sources, would teach nothing, or would not teach to stop."""
    if not any(_learns(each.labels) for each in rendered):
        raise InputError(
            f"{where}: the chat template yields no assistant tokens, so the loss mask is empty; put the assistant's "
            "turn between {% generation %} and {% endgeneration %} in the template, or give the mixture such turns."
        )
    if not any(stop_ids & set(each.labels) for each in rendered):
        raise InputError(
            f"{where}: the end-of-turn token is outside the loss mask, so the model would not learn to stop; put it "
            "inside {% generation %} … {% endgeneration %} in the chat template."
        )
    rows = Counter(each.source for each in rendered)
    marked = Counter(each.source for each in rendered if _learns(each.labels))
    kept = Counter(each.source for each in rendered if _learns(each.labels[:max_length]))
    for source in rows:
        if not marked[source]:
            raise InputError(f"{where}: source {source!r} has no assistant turn in any of its {rows[source]} rows.")
        if not kept[source]:
            raise InputError(
                f"{where}: in source {source!r} every answer starts after `max_length` {max_length} and is cut away; "
                "raise `max_length`."
            )


def stop_ids(model: Any, tokenizer: Any) -> frozenset[int]:
    """The tokens at which generation stops."""
    configured = model.generation_config.eos_token_id
    several = configured if isinstance(configured, list) else [configured]
    return frozenset(token for token in (*several, tokenizer.eos_token_id) if token is not None)


def _learns(labels: Sequence[int]) -> bool:
    # The first token is never predicted, so a label there teaches nothing.
    return any(label != IGNORED for label in labels[1:])


def _turns(content: Any, role: str) -> list[dict[str, Any]]:
    return [{"role": role, "content": content}] if isinstance(content, str) else list(content)


def _apply(tokenizer: Any, row: Row, where: str, **options: Any) -> Any:
    try:
        return tokenizer.apply_chat_template(as_messages(row), **options)
    except Exception as error:  # a template is a program: it may raise whatever it likes
        raise InputError(
            f"{where}: the chat template does not render a chat of source {row['source']!r} ({error})."
        ) from error


def _training_template(tokenizer: Any, where: str) -> str | None:
    """A template that marks assistant tokens: the tokenizer's own (None), or TRL's marked version of a known one."""
    from trl import get_training_chat_template

    try:
        template: str | None = get_training_chat_template(tokenizer)
    except ValueError:
        raise InputError(
            f"{where}: the chat template yields no assistant tokens; put the assistant's turn between "
            "{% generation %} and {% endgeneration %} in it and name the file as `chat_template`."
        ) from None
    return template
