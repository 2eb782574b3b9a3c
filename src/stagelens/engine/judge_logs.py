"""Asks a judge what is due: one Inspect log of judgements, whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from stagelens.engine.judgements import Judgements
from stagelens.engine.judges import Judge, Panel
from stagelens.engine.logs import METADATA_KEY, begin_log, end_log
from stagelens.judges.order import Turn
from stagelens.study.fingerprint import fingerprint

if TYPE_CHECKING:
    from inspect_ai.model import Model

Question = tuple[str, str]
"""A message to a judge, and the item's group."""


@contextmanager
def loaded(judge: Judge, content: dict[str, Any]) -> Iterator[Model]:
    """The judge of this ``content`` as a model, which is let go of afterwards."""
    from stagelens.models import release

    model = judge.load(content)
    try:
        yield model
    finally:
        release(model)


def ask_judge(
    model: Model, panel: Panel, store: Judgements, due: Sequence[Turn], questions: Mapping[str, Question]
) -> None:
    """Put what is due to a loaded judge, and write the log in its place."""
    from inspect_ai import eval as evaluate

    from stagelens.judges.task import judging_task
    from stagelens.models import LOCAL_PROVIDER, expect

    local = str(model).startswith(f"{LOCAL_PROVIDER}/")
    version = fingerprint(store.inputs)
    task = judging_task(
        panel.rubric,
        due,
        questions,
        max_tokens=panel.max_tokens,
        # The answers of paid models are kept as they come; one made here is cheaper than its entry in a cache.
        scopes=None if local else {"judging": version},
        version=version[:16],
    )
    expect(model, len(due))
    place = store.next_log
    partial = begin_log(place)
    (log,) = evaluate(
        task,
        model=model,
        log_dir=str(partial),
        metadata={METADATA_KEY: {"judge": store.judge, "inputs": dict(store.inputs)}},
        display="none",
        fail_on_error=False,
        # All at once for a local judge, which forms its batches from the whole set; else a few, in their order.
        max_samples=len(due) if local else None,
        log_realtime=False,
        score_display=False,
        log_buffer=len(due),
    )
    if log.status == "cancelled":
        raise KeyboardInterrupt
    end_log(partial, place, log)
