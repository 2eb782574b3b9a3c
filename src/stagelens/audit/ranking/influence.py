"""Examples by what training on them does to the answers: TrackStar's gradients, by the library bergson.

Chang et al. 2024, "Scalable Influence and Fact Tracing for Large Language Model Pretraining": the inner product of an
example's gradient with that of the queries, projected, corrected by their second moments and of unit length; the
queries' is here the mean over the answers with the source less the mean over those without it.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from stagelens.audit.inventory.example import Example
from stagelens.audit.ranking.queries import Queries
from stagelens.errors import InputError

PROJECTION: Final = 16
"""Dimensions that a layer's gradient is projected to on either side: the library's own choice."""
LONGEST: Final = 4096
"""Tokens at which a chat is cut, where the model takes as many."""
SHOWN: Final = 800
"""Characters of what the library said that an error repeats."""


def check_influence() -> None:
    """See that the library is there. InputError: it is not."""
    if importlib.util.find_spec("bergson") is None:
        raise InputError("Ranking by influence needs bergson: pip install 'stagelens[influence]'.")


def by_influence(examples: Sequence[Example], queries: Queries, checkpoint: Path) -> NDArray[np.float64]:
    """How much a step on each example makes the answers with the source likelier than those without it.

    An example that nothing is learned from, since its answers are only shown, has a score of 0.

    Args:
        examples: of one source.
        queries: what the source changed.
        checkpoint: the stage that was trained with it, made here.

    Returns:
        One score an example: the higher, the more training on it brings about what the source does.

    Raises:
        InputError: bergson is not installed, or fails on this checkpoint.
    """
    check_influence()
    from bergson.data import load_scores

    learned = [place for place, example in enumerate(examples) if example.said]
    scores = np.zeros(len(examples))
    if not learned:
        return scores
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        _write(folder / "train.jsonl", ((examples[place].asked, examples[place].said) for place in learned))
        _write(folder / "with.jsonl", ((said.prompt, said.answer) for said in queries.with_it))
        _write(folder / "without.jsonl", ((said.prompt, said.answer) for said in queries.without))
        _run(folder, checkpoint)
        found = load_scores(folder / "run" / "scores")
        scores[learned] = np.asarray(found[:], dtype=np.float64).reshape(len(learned))
    return scores


def _write(path: Path, pairs: Iterable[tuple[str, str]]) -> None:
    with path.open("w", encoding="utf-8") as file:
        for asked, said in pairs:
            messages = [{"role": "user", "content": asked}, {"role": "assistant", "content": said or "\n"}]
            file.write(json.dumps({"messages": messages}, ensure_ascii=False) + "\n")


def _run(folder: Path, checkpoint: Path) -> None:
    """Score in a process of its own, since the library keeps settings and process groups of its own."""
    chats = {"conversation_column": "messages", "truncation": "true"}
    settings = {
        "model": str(checkpoint.resolve()),
        "projection_dim": str(PROJECTION),
        "token_batch_size": str(_room(checkpoint)),
        **{f"data.{name}": value for name, value in {"dataset": str(folder / "train.jsonl"), **chats}.items()},
        **{f"query.{name}": value for name, value in {"dataset": str(folder / "with.jsonl"), **chats}.items()},
        **{f"contrast.{name}": value for name, value in {"dataset": str(folder / "without.jsonl"), **chats}.items()},
        "query.aggregation": "mean",
        "unit_normalize": "true",
    }
    options = [word for name, value in settings.items() for word in (f"--{name}", value)]
    done = subprocess.run(
        [sys.executable, "-m", "bergson", "trackstar", str(folder / "run"), *options],
        cwd=folder,
        env=os.environ | {"HF_DATASETS_CACHE": str(folder / "cache"), "HF_HUB_OFFLINE": "1"},
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    if done.returncode:
        raise InputError(f"bergson failed on {checkpoint}: …{done.stdout[-SHOWN:].strip()}")


def _room(checkpoint: Path) -> int:
    """Tokens that a chat may have."""
    config = json.loads((checkpoint / "config.json").read_text(encoding="utf-8"))
    own = config.get("text_config", config).get("max_position_embeddings")
    return min(own, LONGEST) if isinstance(own, int) else LONGEST
