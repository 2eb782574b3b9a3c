"""Which mixtures an audit trains on, and what that costs, known before anything is spent. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from stagelens.audit.regression import check_apart
from stagelens.audit.variants import Variant, in_part, leave_one_out, subsets, together
from stagelens.errors import InputError
from stagelens.study.problems import nearest
from stagelens.study.spec import Provenance

MOST_ONE_BY_ONE: Final = 20
"""Sources beyond which each is not left out by itself: random mixtures then tell of all of them at once."""
MIXTURES_A_SOURCE: Final = 2
"""Random mixtures drawn for every source, where nobody says how many."""
RL_TAUGHT: Final = "rl-taught"
OTHERS: Final = "not-rl-taught"


@dataclass(frozen=True, slots=True)
class Design:
    """The mixtures of an audit, each trained ``seeds`` times beside the whole.

    Attributes:
        seeds: training runs of each mixture.
        one_by_one: each lacks one source, or a part of it.
        drawn: random mixtures, which a regression reads.
        taught: one without the sources that models wrote which had been through RL, one without the others; empty where
            provenance does not tell the two apart.
    """

    seeds: int
    one_by_one: tuple[Variant, ...] = ()
    drawn: tuple[Variant, ...] = ()
    taught: tuple[Variant, ...] = ()

    @property
    def variants(self) -> tuple[Variant, ...]:
        """Every mixture once, in a fixed order."""
        return tuple({variant.name: variant for variant in self._all()}.values())

    def trainings(self, amounts: Mapping[str, int]) -> float:
        """What it costs to train the whole and every mixture, in trainings of the whole; a row costs what a row does.

        Args:
            amounts: rows by source.
        """
        rows = sum(amounts.values())
        kept = sum(variant.kept.get(name, 1.0) * count for variant in self.variants for name, count in amounts.items())
        return self.seeds * (1 + kept / rows)

    def _all(self) -> Iterator[Variant]:
        yield from self.one_by_one
        yield from self.drawn
        yield from self.taught


def design(
    amounts: Mapping[str, int],
    provenance: Mapping[str, Provenance],
    *,
    seeds: int,
    sources: Sequence[str] = (),
    kept: Sequence[float] = (0.0,),
    mixtures: int | None = None,
    seed: int = 0,
) -> Design:
    """The mixtures that tell what each source does.

    Args:
        amounts: rows by source, of those that give any.
        provenance: by source, who wrote it.
        seeds: training runs of each mixture.
        sources: those that are left out; all of them where none is named.
        kept: shares of a source's rows that stay, one mixture each: 0 leaves it out whole, each is below 1.
        mixtures: so many random mixtures in place of leaving out one source at a time; where None, one at a time up to
            twenty sources, and two mixtures a source beyond.
        seed: of the random mixtures.

    Raises:
        InputError: a source is not there or has too few rows, or so many different mixtures cannot be drawn.
    """
    for name in sources:
        if name not in amounts:
            raise InputError(f"The stage has no source {name!r} that gives rows: {nearest(name, amounts)}")
    taught = _taught(amounts, provenance)
    wanted = list(sources or amounts)
    if mixtures is None and len(wanted) > MOST_ONE_BY_ONE:
        mixtures = MIXTURES_A_SOURCE * len(amounts)
    if mixtures is not None:
        if sources or any(kept):
            raise InputError(
                "Random mixtures, which more than twenty sources get, have a source wholly or not at all: to leave out "
                "some of them, or parts, name up to twenty with --source and leave --mixtures out."
            )
        drawn = subsets(list(amounts), mixtures, seed)
        check_apart(drawn, list(amounts), seeds)
        return Design(seeds, drawn=drawn, taught=taught)
    one_by_one = [
        variant for share in sorted(set(kept)) for variant in _at(wanted, share, amounts, named=bool(sources))
    ]
    if not one_by_one:
        raise InputError("Every source has one row, of which no part can stay: leave sources out whole.")
    return Design(seeds, tuple(one_by_one), taught=_unlike(taught, one_by_one))


def taught_by_rl(source: Provenance) -> bool | None:
    """Whether a model wrote it that had been through RL; None where the study does not say."""
    if source.author in ("human", "template"):
        return False
    if source.teacher_stage in (None, "unknown"):
        return None
    return source.teacher_stage == "rl"


def _at(sources: Sequence[str], share: float, amounts: Mapping[str, int], *, named: bool) -> tuple[Variant, ...]:
    """One variant a source, of which that share stays; those that are too small for it are not tried, or refused."""
    if not share:
        return leave_one_out(sources)
    small = [name for name in sources if round(share * amounts[name]) in (0, amounts[name])]
    if small and named:
        raise InputError(
            f"The source {small[0]!r} gives {amounts[small[0]]} row(s), of which {share:g} is all or nothing; leave it "
            "out whole, or name other sources."
        )
    return in_part([name for name in sources if name not in small], share)


def _taught(amounts: Mapping[str, int], provenance: Mapping[str, Provenance]) -> tuple[Variant, ...]:
    by_rl = [name for name in amounts if taught_by_rl(provenance[name])]
    others = [name for name in amounts if name not in by_rl]
    return together({RL_TAUGHT: by_rl, OTHERS: others}) if by_rl and others else ()


def _unlike(taught: Sequence[Variant], others: Sequence[Variant]) -> tuple[Variant, ...]:
    """A group of one source is left out already, under that source's name."""
    made = {tuple(sorted(each.kept.items())): each for each in others}
    return tuple(made.get(tuple(sorted(each.kept.items())), each) for each in taught)
