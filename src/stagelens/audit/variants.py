"""What is taken out of a mixture, wholly or in part, to see what it does. Pure."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import comb
from typing import Final

from stagelens.errors import InputError
from stagelens.study.spec import Mixture, Source

HALF: Final = 0.5


@dataclass(frozen=True, slots=True)
class Variant:
    """A mixture with less of some sources.

    ``name``: that of its stage, unlike any other's. ``kept``: by source, the share of its rows that stay, 0 to 1;
    sources that are not named stay whole.
    """

    name: str
    kept: Mapping[str, float]


def leave_one_out(sources: Sequence[str]) -> tuple[Variant, ...]:
    """One variant a source: everything but that."""
    return _named((f"without-{source}", {source: 0.0}) for source in sources)


def in_part(sources: Sequence[str], share: float) -> tuple[Variant, ...]:
    """One variant a source: that one's share, 0 to 1, beside everything else."""
    return _named((f"{source}-at-{share:g}", {source: share}) for source in sources)


def subsets(sources: Sequence[str], count: int, seed: int, share: float = HALF) -> tuple[Variant, ...]:
    """Random sets of sources to train on, all of one size, no two alike (datamodels; Ilyas et al. 2022, section 2).

    Args:
        sources: two or more.
        count: of variants.
        seed: the same seed draws the same sets.
        share: of the sources that stay, 0 to 1; rounded to a whole number of them, at least one and not all.

    Raises:
        InputError: there are not so many sets of that size.
    """
    size = min(max(round(share * len(sources)), 1), len(sources) - 1)
    if not 0 < count <= comb(len(sources), size):
        raise InputError(
            f"{count} different sets of {size} of {len(sources)} sources cannot be drawn; there are "
            f"{comb(len(sources), size)}."
        )
    rng, drawn = random.Random(f"subsets:{seed}"), dict[frozenset[str], None]()
    while len(drawn) < count:
        drawn[frozenset(rng.sample(list(sources), size))] = None
    return _named(
        (f"subset-{number}", {source: 0.0 for source in sources if source not in kept})
        for number, kept in enumerate(drawn, start=1)
    )


def changed(mixture: Mixture, amounts: Mapping[str, int], variant: Variant) -> Mixture:
    """The mixture of a variant: each source gives the rows that it gave, or the first of these, and nothing else comes.

    What a source gives is drawn from the seed and its own name, so what stays is the same rows as before; where the
    mixture deduplicates, a row that repeats one of a source that is gone may come in another's place.

    Args:
        mixture: of the whole, without ``replace``.
        amounts: by source, how many rows it gives there.
        variant: what of it stays.

    Raises:
        InputError: nothing stays.
    """
    counts = {name: round(variant.kept.get(name, 1.0) * amount) for name, amount in amounts.items()}
    sources = tuple(_counted(source, counts[source.name]) for source in mixture.sources if counts.get(source.name))
    if not sources:
        raise InputError(f"The variant {variant.name!r} leaves nothing to train on; name a mixture of more sources.")
    return mixture.model_copy(update={"sources": sources, "examples": None})


def _counted(source: Source, count: int) -> Source:
    """The source with a count in place of a weight."""
    written = source.model_dump(exclude_unset=True, exclude={"weight"})
    return Source.model_validate({**written, "count": count})


def _named(changes: Iterable[tuple[str, Mapping[str, float]]]) -> tuple[Variant, ...]:
    """Variants under names that stages may have; where two would be alike, the later one is numbered."""
    made: dict[str, Variant] = {}
    for wanted, kept in changes:
        name = plain = re.sub(r"[^A-Za-z0-9._-]+", "-", wanted)
        number = 2
        while name in made:
            name, number = f"{plain}-{number}", number + 1
        made[name] = Variant(name, kept)
    return tuple(made.values())
