"""Mixtures with a part of one source's examples: random halves, or all but those that a ranking puts first."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stagelens.audit.target import Target
from stagelens.audit.variants import Variant, changed
from stagelens.files import write_text
from stagelens.stages.mixture.rows import Row
from stagelens.study.spec import Mixture, Source


def rows_of(target: Target, source: str) -> list[Row]:
    """The different rows that a source gives, in the order in which they are first drawn."""
    found: dict[str, Row] = {}
    for row in target.rows():
        if row["source"] == source:
            own = {key: value for key, value in row.items() if key != "source"}
            found.setdefault(json.dumps(own, sort_keys=True, ensure_ascii=False), own)
    return list(found.values())


def halves(number: int, subsets: int, seed: int) -> NDArray[np.bool_]:
    """Random halves of ``number`` examples, shape (subsets, number)."""
    rng = np.random.default_rng([seed, number])
    kept = np.zeros((subsets, number), dtype=np.bool_)
    for row in kept:
        row[rng.choice(number, size=number // 2, replace=False)] = True
    return kept


def without_first(scores: NDArray[np.float64], top: int) -> NDArray[np.bool_]:
    """All but the ``top`` examples with the highest scores; ties go to the earlier one. Shape (N,)."""
    kept = np.ones(len(scores), dtype=np.bool_)
    kept[np.argsort(-scores, kind="stable")[:top]] = False
    return kept


def part_of(target: Target, source: str, rows: Sequence[Row], kept: NDArray[np.bool_], folder: Path) -> Mixture:
    """The mixture in which a source has only the rows where ``kept`` holds, written to a file in ``folder``."""
    text = "".join(
        json.dumps(row, ensure_ascii=False) + "\n" for row, stays in zip(rows, kept.tolist(), strict=True) if stays
    )
    file = folder / f"{hashlib.sha256(text.encode()).hexdigest()[:16]}.jsonl"
    if not file.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        write_text(file, text)
    whole = changed(target.mixture, target.amounts, Variant("part", {}))
    # A source that goes round its rows more than once goes round those that stay as often.
    count = max(round(target.amounts[source] * int(kept.sum()) / len(rows)), 1)
    own = Source(name=source, path=str(file.resolve()), count=count)
    return whole.model_copy(update={"sources": tuple(own if each.name == source else each for each in whole.sources)})
