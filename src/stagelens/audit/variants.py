"""What is taken out of a mixture, wholly or in part, to see what it does. Pure."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
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


def together(groups: Mapping[str, Sequence[str]]) -> tuple[Variant, ...]:
    """One variant a group: everything but the sources of that group."""
    return _named((f"without-{name}", dict.fromkeys(sources, 0.0)) for name, sources in groups.items())


def subsets(sources: Sequence[str], count: int, seed: int) -> tuple[Variant, ...]:
    """Random sets of sources to train on, no two alike.

    Every source stays with a chance of one half, by itself: sets of one size, as datamodels (Ilyas et al. 2022) draw
    them, could not tell what a source adds from what the others take away.

    Args:
        sources: two or more.
        count: of variants.
        seed: the same seed draws the same sets, and more of them go on where fewer stopped.

    Raises:
        InputError: there are not so many sets.
    """
    there_are = 2 ** len(sources) - 2
    if not 0 < count <= there_are:
        raise InputError(
            f"{count} different sets of {len(sources)} sources cannot be drawn; there are {there_are:,} without the "
            "empty one and the whole."
        )
    rng, drawn = random.Random(f"subsets:{seed}"), dict[frozenset[str], None]()
    while len(drawn) < count:
        kept = frozenset(source for source in sources if rng.random() < HALF)
        if 0 < len(kept) < len(sources):
            drawn[kept] = None
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
