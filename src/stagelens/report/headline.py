"""What the whole study says, in a few sentences at the top."""

from __future__ import annotations

from typing import Final

from stagelens.report.controls import missed_sentence
from stagelens.report.pairs import is_side_by_side, pairs_sentence
from stagelens.report.words import certified_word, families, headline_contrast, measure_word, stage_word
from stagelens.statistics.results import ClaimResult, MeasureResult, Verdicts

_MOST_PAIRED: Final = 4


def headline(verdicts: Verdicts) -> tuple[str, ...]:
    """What the whole study says: a sentence per family, one on controls that were missed, then one on the claims."""
    names = families(verdicts)
    sentences = []
    for family in names:
        results = [result for result in verdicts.results if result.family == family]
        paired = [result for result in results if is_side_by_side(result)]
        ladder = [result for result in results if not is_side_by_side(result)]
        own = [_pair_sentence(result) for result in paired[:_MOST_PAIRED]]
        if len(paired) > _MOST_PAIRED:
            own.append(f"{len(paired) - _MOST_PAIRED} more measures are compared in pairs below.")
        if ladder:
            own.insert(0, _family_sentence(ladder))
        sentences += [f"{family}: {sentence}" if len(names) > 1 else sentence for sentence in own]
    missed = missed_sentence(verdicts)
    return (
        *(sentences or ["No measure was analysed."]),
        *(() if missed is None else (missed,)),
        *_claim_sentences(verdicts.claims),
    )


def _pair_sentence(result: MeasureResult) -> str:
    text = pairs_sentence(result)
    return f"{measure_word(result.measure).capitalize()}: {text[:1].lower()}{text[1:]}"


def _family_sentence(results: list[MeasureResult]) -> str:
    contrasts = [headline_contrast(result) for result in results]
    words = [None if contrast is None else contrast.verdict for contrast in contrasts]
    starts = {contrast.from_stage for contrast in contrasts if contrast is not None}
    inside = words.count("below_margin")
    alike = words.count("equivalent") + inside
    changed = words.count("changed_up") + words.count("changed_down")
    dumb = words.count("uninformative")
    open_ = len(words) - alike - changed
    parts = [
        f"{_level_of(starts)} on {_some(alike)} of {len(words)} {'measure' if len(words) == 1 else 'measures'}"
        + (f" ({inside} of them only below the margin)" if inside else ""),
        f"{_some(changed)} changed",
    ]
    if open_:
        parts.append(f"{open_} cannot be told" + (f" ({dumb} of them uninformative)" if dumb else ""))
    return "; ".join(parts) + "."


def _level_of(starts: set[str]) -> str:
    if len(starts) != 1:
        return "Production-level already"
    start = next(iter(starts))
    word = stage_word(start)
    return f"{word}-level already" if word != start else f"Already at the level of {start}"


def _claim_sentences(claims: tuple[ClaimResult, ...]) -> tuple[str, ...]:
    if len(claims) > 2:
        certified = sum(claim.certified for claim in claims)
        return (f"{_some(certified).capitalize()} of {len(claims)} claims certified.",)
    return tuple(f"Claim “{claim.text.rstrip('.')}”: {certified_word(claim)}." for claim in claims)


def _some(number: int) -> str:
    return str(number) if number else "none"
