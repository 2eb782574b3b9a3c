"""What stops a training before it costs anything: masks that teach nothing, or not how to stop."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from stagelens.errors import InputError
from stagelens.stages.preflight.rendering import IGNORED, Rendered
from stagelens.stages.preflight.template import Template


def check(rendered: Sequence[Rendered], *, stop_ids: frozenset[int], max_length: int | None, where: str) -> None:
    """InputError where a mixture, or one of its sources, would teach nothing, or would not teach to stop."""
    if not any(learns(each.labels) for each in rendered):
        raise InputError(
            f"{where}: the chat template yields no assistant tokens, so the loss mask is empty; put the assistant's "
            "turn between {% generation %} and {% endgeneration %} in the template, or give the mixture such turns."
        )
    if not any(stop_ids & set(each.labels) for each in rendered):
        raise InputError(
            f"{where}: the end-of-turn token is outside the loss mask, so the model would not learn to stop; put it "
            "inside {% generation %} … {% endgeneration %} in the chat template."
        )
    # Rows that are shown and not trained on say so themselves.
    rows = Counter(each.source for each in rendered if learns(each.labels) or not each.muted)
    marked = Counter(each.source for each in rendered if learns(each.labels))
    kept = Counter(each.source for each in rendered if learns(each.labels[:max_length]))
    ended = Counter(each.source for each in rendered if stop_ids & set(each.labels))
    for source in rows:
        if not marked[source]:
            raise InputError(f"{where}: source {source!r} has no assistant turn in any of its {rows[source]} rows.")
        if not kept[source]:
            raise InputError(
                f"{where}: in source {source!r} every answer starts after `max_length` {max_length} and is cut away; "
                "raise `max_length`."
            )
        if not ended[source]:
            raise InputError(
                f"{where}: in source {source!r} no answer is followed by an end-of-turn token, so it teaches not to "
                "stop; let the chat template end every turn."
            )


def stop_ids(model: Any, tokenizer: Any) -> frozenset[int]:
    """The tokens at which generation stops: those that the model and its tokenizer name, and what closes a turn."""
    configured = model.generation_config.eos_token_id
    several = configured if isinstance(configured, list) else [configured]
    return ends(several, tokenizer)


def ends(configured: Sequence[int | None], tokenizer: Any) -> frozenset[int]:
    """``configured`` with the tokenizer's end token and the one that closes a turn in its chat template."""
    closing = Template(tokenizer, "The tokenizer").end_of_turn if tokenizer.chat_template else None
    closes = None if closing is None else tokenizer.convert_tokens_to_ids(closing)
    return frozenset(token for token in (*configured, tokenizer.eos_token_id, closes) if token is not None)


def learns(labels: Sequence[int]) -> bool:
    """Whether any token is trained on. The first is never predicted, so a label there teaches nothing."""
    return any(label != IGNORED for label in labels[1:])
