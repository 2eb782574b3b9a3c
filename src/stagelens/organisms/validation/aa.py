"""A/A studies: one checkpoint's answers against its own, of which any difference that is called a change is false."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from stagelens.errors import InputError
from stagelens.organisms.validation.matrix import Rate, share_of
from stagelens.organisms.validation.sampling import Design, Places, draws, study_of
from stagelens.statistics.contrasts.words import CHANGED
from stagelens.statistics.data import MeasureData, Rules
from stagelens.statistics.decide import decide

STUDIES = 200


@dataclass(frozen=True, slots=True)
class AA:
    """How many studies called any headline changed: ``changed`` after Holm, ``uncorrected`` without it.

    ``headlines``: of all studies together; ``checkpoints``: that took part.
    """

    changed: Rate
    uncorrected: Rate
    headlines: int
    checkpoints: tuple[str, ...]


def aa_studies(
    checkpoints: Mapping[str, Sequence[MeasureData]],
    designs: Mapping[str, Design],
    rules: Rules,
    *,
    studies: int = STUDIES,
    seed: int = 0,
) -> AA:
    """Draw studies of two answer sets of one checkpoint, and decide them as a whole.

    A study has all measures of one checkpoint, and Holm runs over its headlines. Checkpoints take turns. Measures of
    one benchmark that were asked on the same prompts are drawn on the same prompts.

    Args:
        checkpoints: by name, a census a measure; its stages are the checkpoint's answer sets (values of shape (2, N)).
        designs: by benchmark.
        rules: of the study: the error rate, the margins, the method.
        studies: how many.
        seed: of the draws.

    Raises:
        InputError: no checkpoint or no measure, a benchmark without a design, or a census that is too small.
    """
    if not checkpoints or not all(checkpoints.values()) or studies < 1:
        raise InputError("A/A studies need one checkpoint or more with one measure or more, and one study or more.")
    turns = {name: _studies(name, measures, designs, seed) for name, measures in checkpoints.items()}
    names = tuple(checkpoints)
    corrected = uncorrected = headlines = 0
    for number in range(studies):
        results = decide(next(turns[names[number % len(names)]]), rules).results
        found = [contrast for result in results for contrast in result.contrasts if contrast.headline]
        corrected += any(contrast.verdict in CHANGED for contrast in found)
        uncorrected += any(contrast.p_difference_raw < rules.alpha for contrast in found)
        headlines += len(found)
    return AA(share_of(corrected, studies), share_of(uncorrected, studies), headlines, names[:studies])


def _studies(
    name: str, measures: Sequence[MeasureData], designs: Mapping[str, Design], seed: int
) -> Iterator[list[MeasureData]]:
    for measure in measures:
        if measure.benchmark not in designs:
            raise InputError(f"{measure.benchmark} of checkpoint {name!r} has no design; say how many prompts to draw.")
    streams = [_places(name, measure, designs[measure.benchmark], seed) for measure in measures]
    return (
        [study_of(measure, places, designs[measure.benchmark]) for measure, places in zip(measures, drawn, strict=True)]
        for drawn in zip(*streams, strict=True)
    )


def _places(name: str, measure: MeasureData, design: Design, seed: int) -> Iterator[Places]:
    """Seeded by the benchmark and not by the measure, so that measures of the same prompts are drawn alike."""
    digest = blake2b(f"{name}/{measure.benchmark}".encode(), digest_size=8).digest()
    return draws(measure, design, np.random.default_rng([seed, int.from_bytes(digest)]))
