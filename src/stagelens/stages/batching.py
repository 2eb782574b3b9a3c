"""Batches without padding: the examples of a batch side by side in one row, and none of them sees another.

What is learned stays the same: every optimizer step has the examples that it would have had, and their losses are those
of each example alone; only the order of sums differs. TRL lays batches out so where ``padding_free`` is set, and then
has sdpa attend over the whole row under a mask, which on a CPU costs more than it saves. Here attention runs example by
example, causal and without a mask.
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from stagelens.stages.preflight import IGNORED, Rendered

ATTENTION: Final = "stagelens_by_example"
"""The name under which transformers knows ``attend_by_example``."""
TOLERANCE: Final = 1e-4
"""Greatest difference between hidden states, as a share of the greatest of them, that passes for rounding.

Rounding in float32 leaves some 1e-6; an example that sees another, or a wrong mask, some 1e-2.
"""


@dataclass(frozen=True, slots=True)
class Layout:
    """The rows to train on, and whether a batch of them is one row in which attention runs example by example."""

    rows: list[Rendered]
    by_example: bool


def lay_out(rendered: Sequence[Rendered], model: Any, args: Any, recipe: Mapping[str, Any]) -> Layout:
    """How batches are laid out: without padding where that is right, and ``args`` and ``model`` are then set so.

    It is on a CPU, for a recipe that leaves ``padding_free`` open, and a model that gives examples side by side the
    hidden states of each alone; this is tried on a few rows. Elsewhere nothing changes, and TRL lays the batches out.

    Args:
        rendered: the rows; without padding, they come back cut to ``max_length``.
        model: the model to train, before an adapter is added; it gets ``ATTENTION``.
        args: an ``SFTConfig`` before its trainer is made; ``padding_free`` is set, and what it then demands.
        recipe: the stage's recipe as written.
    """
    if "padding_free" in recipe or args.device.type != "cpu" or not separates(model, rendered, args.max_length):
        return Layout(list(rendered), by_example=False)
    model.set_attn_implementation(ATTENTION)
    args.padding_free = True
    if args.packing:
        return Layout(list(rendered), by_example=True)  # packing cuts them itself
    rows = cut(rendered, args.max_length)
    args.max_length = None
    args.dataset_kwargs = {"skip_prepare_dataset": True}
    return Layout(rows, by_example=True)


def cut(rendered: Sequence[Rendered], max_length: int | None) -> list[Rendered]:
    """Rows of at most ``max_length`` tokens, without those that have no trained token left, as TRL cuts them."""
    if max_length is None:
        return list(rendered)
    rows = (
        replace(each, input_ids=each.input_ids[:max_length], labels=each.labels[:max_length])
        if len(each.input_ids) > max_length
        else each
        for each in rendered
    )
    return [each for each in rows if any(label != IGNORED for label in each.labels)]


def separates(model: Any, rendered: Sequence[Rendered], max_length: int | None) -> bool:
    """Whether a model gives the longest row, the shortest and the first the same hidden states together as alone.

    One may look back in other ways than by attention, or have an attention of its own. ``model`` is left as it is.
    """
    import torch
    from transformers import AttentionInterface

    AttentionInterface.register(ATTENTION, attend_by_example)
    by_length = sorted(rendered, key=lambda each: len(each.input_ids))
    rows = [each.input_ids[:max_length] for each in (by_length[-1], by_length[0], rendered[0])]
    shared = {id(tensor): tensor for tensor in itertools.chain(model.parameters(), model.buffers())}
    alike = copy.deepcopy(model, shared).eval()  # its settings are its own, its weights are not copied
    try:
        with torch.no_grad():
            expected = torch.cat([_hidden(alike, [row]) for row in rows], dim=1)
            alike.set_attn_implementation(ATTENTION)
            together = _hidden(alike, rows)
    except (TypeError, ValueError, RuntimeError):
        return False  # it takes no places of tokens, or another kind of attention function
    return bool((together - expected).abs().max() <= TOLERANCE * expected.abs().max())


def attend_by_example(
    module: Any,
    query: Any,
    key: Any,
    value: Any,
    attention_mask: Any,
    *,
    cu_seq_lens_q: Any = None,
    sliding_window: int | None = None,
    **options: Any,
) -> tuple[Any, None]:
    """Causal attention within each example of a row; an attention function as transformers' ``AttentionInterface`` has.

    Args:
        module: the attention layer.
        query: of shape (1, heads, tokens, width), ``key`` and ``value`` likewise.
        key: see ``query``.
        value: see ``query``.
        attention_mask: not used: a row has no padding.
        cu_seq_lens_q: where each example begins, and the last one ends. None: the row is one example.
        sliding_window: how many tokens back, itself included, a token sees; None: all of them.
        options: passed on to transformers' ``sdpa``.
    """
    import torch
    from transformers import AttentionInterface

    sdpa = AttentionInterface()["sdpa"]
    ends = [0, query.shape[2]] if cu_seq_lens_q is None else cu_seq_lens_q.tolist()
    lengths = [end - start for start, end in itertools.pairwise(ends)]
    pieces = zip(*(states.split(lengths, dim=2) for states in (query, key, value)), strict=True)
    attended = [sdpa(module, *piece, _window(piece[0], sliding_window), **options)[0] for piece in pieces]
    return torch.cat(attended, dim=1), None


def _window(query: Any, width: int | None) -> Any:
    """Which tokens each token sees where a window is shorter than the example; None where it sees all before it."""
    import torch

    length = query.shape[2]
    if width is None or length <= width:
        return None
    seen = torch.ones(length, length, dtype=torch.bool, device=query.device)
    return (seen.tril() & seen.triu(1 - width))[None, None]


def _hidden(model: Any, rows: Sequence[Sequence[int]]) -> Any:
    """The hidden states of rows side by side, as TRL's collator lays them."""
    from trl.trainer.sft_trainer import DataCollatorForLanguageModeling

    batch = DataCollatorForLanguageModeling(pad_token_id=0, padding_free=True)([{"input_ids": row} for row in rows])
    del batch["labels"]
    return model.base_model(**batch, use_cache=False).last_hidden_state
