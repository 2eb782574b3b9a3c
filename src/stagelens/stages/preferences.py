"""Pairs of a preferred and a rejected answer: as chats, and what of them teaches nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from stagelens.errors import InputError
from stagelens.stages.mixture import Row

SIDES: Final = ("chosen", "rejected")

LOSSES: Final = frozenset(
    {
        *("sigmoid", "sigmoid_norm", "hinge", "ipo", "exo_pair", "nca_pair", "robust", "bco_pair", "sppo_hard"),
        *("aot", "aot_unpaired", "apo_zero", "apo_down", "discopop", "sft"),
    }
)
"""Of DPOConfig's ``loss_type``, which TRL itself looks at in the first step only."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One row as trained on: the tokens of both answers after their common prompt of ``prompt_tokens`` tokens."""

    source: str
    prompt_tokens: int
    chosen: Sequence[int]
    rejected: Sequence[int]

    def kept(self, max_length: int | None) -> tuple[Sequence[int], Sequence[int]]:
        """What is left of both answers where prompt and answer are cut to ``max_length`` tokens."""
        room = None if max_length is None else max(max_length - self.prompt_tokens, 0)
        return self.chosen[:room], self.rejected[:room]


def check_settings(args: Any, where: str) -> None:
    """InputError where a DPOConfig would teach nothing, or has what TRL refuses in the first step only."""
    for loss in args.loss_type:
        if loss not in LOSSES:
            raise InputError(f"{where}: there is no `loss_type` {loss!r}; known: {', '.join(sorted(LOSSES))}.")
    if not args.beta > 0:
        raise InputError(f"{where}: `beta` must be above 0, not {args.beta}: with 0 no answer is preferred to another.")


def as_chats(row: Row, where: str) -> dict[str, list[dict[str, Any]]]:
    """A row's ``prompt``, ``chosen`` and ``rejected`` as messages.

    InputError where an answer is not the assistant's from its first turn on.
    """
    return {"prompt": _turns(row["prompt"], "user")} | {side: _answer(row, side, where) for side in SIDES}


def check_pairs(
    drawn: Counter[str], pairs: Iterable[Pair], *, stop_ids: frozenset[int], max_length: int | None, where: str
) -> dict[str, dict[str, int]]:
    """What each source teaches; InputError where that is nothing, or not how to stop.

    Args:
        drawn: how many rows were drawn from each source.
        pairs: all that is trained on; rows whose prompt fills ``max_length`` may be left out.
        stop_ids: the tokens at which generation stops.
        max_length: to how many tokens prompt and answer are cut together; None does not cut.
        where: what an error begins with.

    Returns:
        For each source, what is left after the cut, its ``tokens`` (prompts count with both answers) and the
        ``trained_tokens`` of its answers; and how many rows have the ``same_answers``, so that they teach nothing, are
        ``cut``, or ``left_out``.
    """
    found = {source: Counter[str]() for source in drawn}
    for pair in pairs:
        chosen, rejected = pair.kept(max_length)
        differs = list(pair.chosen) != list(pair.rejected)
        found[pair.source].update(
            kept=1,
            differs=differs,
            teaches=list(chosen) != list(rejected),
            tokens=2 * pair.prompt_tokens + len(chosen) + len(rejected),
            trained_tokens=len(chosen) + len(rejected),
            cut=(len(chosen), len(rejected)) != (len(pair.chosen), len(pair.rejected)),
            chosen=not stop_ids.isdisjoint(pair.chosen),
            rejected=not stop_ids.isdisjoint(pair.rejected),
        )
    for source, counts in found.items():
        _check_source(source, counts, max_length, where)
    return {
        source: {
            "tokens": counts["tokens"],
            "trained_tokens": counts["trained_tokens"],
            "same_answers": counts["kept"] - counts["differs"],
            "cut": counts["cut"],
            "left_out": drawn[source] - counts["kept"],
        }
        for source, counts in found.items()
    }


def _check_source(source: str, counts: Mapping[str, int], max_length: int | None, where: str) -> None:
    at = f"{where}: in source {source!r}"
    if not counts["kept"]:
        raise InputError(f"{at} every prompt fills `max_length` {max_length}; raise `max_length`.")
    if not counts["differs"]:
        raise InputError(f"{at} `chosen` and `rejected` say the same in every row, so there is nothing to prefer.")
    for side in SIDES:
        if not counts[side]:
            raise InputError(
                f"{at} no answer of `{side}` has the token at which the model stops, so its end would not be trained; "
                "let the chat template write it after the assistant's turn."
            )
    if not counts["teaches"]:
        raise InputError(
            f"{at} `max_length` {max_length} cuts away all that tells `chosen` from `rejected`; raise `max_length`."
        )


def _answer(row: Row, side: str, where: str) -> list[dict[str, Any]]:
    turns = _turns(row[side], "assistant")
    if turns[0]["role"] != "assistant":
        raise InputError(
            f"{where}: in source {row['source']!r} a `{side}` begins with the {turns[0]['role']}'s turn; what stands "
            "before the answer belongs into `prompt`."
        )
    return turns


def _turns(content: Any, role: str) -> list[dict[str, Any]]:
    return [{"role": role, "content": content}] if isinstance(content, str) else list(content)
