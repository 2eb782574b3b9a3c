"""Examples by their words: the baseline that every other ranking has to beat."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from stagelens.audit.inventory.example import Example
from stagelens.audit.ranking.queries import Queries
from stagelens.errors import InputError


def by_words(examples: Sequence[Example], queries: Queries) -> NDArray[np.float64]:
    """How much nearer each example's words are to answers with the source than to those without it.

    The mean cosine of TF-IDF vectors (sublinear frequencies, words and pairs of words) over the queries of either side.

    Args:
        examples: of one source.
        queries: what the source changed.

    Returns:
        One score an example, −1 to 1: the higher, the more it looks like what the source brings about.

    Raises:
        InputError: scikit-learn is not installed.
    """
    try:
        from sklearn.feature_extraction.text import TfidfVectorizer
    except ImportError as error:
        raise InputError("Ranking by words needs scikit-learn: pip install 'stagelens[audit]'.") from error
    texts = [example.text for example in examples]
    with_it, without = ([said.text for said in side] for side in (queries.with_it, queries.without))
    vectorizer = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2), token_pattern=r"(?u)\b\w+\b")
    vectors = vectorizer.fit_transform([*texts, *with_it, *without])
    own = vectors[: len(texts)]
    near = np.asarray(vectors[len(texts) : len(texts) + len(with_it)].mean(axis=0)).ravel()
    far = np.asarray(vectors[len(texts) + len(with_it) :].mean(axis=0)).ravel()
    return np.asarray(own @ (near - far), dtype=np.float64)
