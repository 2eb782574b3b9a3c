"""The words that the page and the terminal share: what a verdict, a cause, a share is called, and the headline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

from stagelens.report.units import MISSING, coverage, share
from stagelens.statistics.results import ClaimResult, Contrast, Level, MeasureResult, Share, Verdicts, VerdictWord

HOLLOW_ABOVE: Final = 0.1
"""A stage is drawn hollow where more than this share of its answers is incapable."""

_ACRONYMS: Final = frozenset({"sft", "dpo", "rl", "rlhf", "rlvr", "grpo", "ppo", "kto"})


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a verdict is written: a symbol (so that colour is never needed), a word, and what it means."""

    symbol: str
    word: str
    meaning: str


class Verdictable(Protocol):
    """Whatever carries a verdict: a contrast, a stratum's, one without a judge, an effect."""

    @property
    def verdict(self) -> VerdictWord:
        """The verdict's word."""


# `{outer}` and `{inner}` become the coverage of the two intervals.
_VERDICTS: Final[dict[VerdictWord, Verdict]] = {
    "equivalent": Verdict(
        "≈",
        "equivalent",
        "The {inner} interval of the difference lies inside the margin that was fixed before the run, and a rate has "
        "not moved by a factor of more than 3/2. The stages behave alike, as far as the study said it would matter.",
    ),
    "below_margin": Verdict(
        "≲",
        "below margin",
        "The difference lies inside the margin, but the behaviour is so rare that a change by a factor of more than "
        "3/2 is not ruled out. It counts as equivalent for causes and claims, with a warning.",
    ),
    "changed_up": Verdict(
        "▲",
        "changed up",
        "The {outer} interval lies above zero: the later stage shows more of it. Its sentence says so where the "
        "size, compared with the margin, is not resolved.",
    ),
    "changed_down": Verdict(
        "▼",
        "changed down",
        "The {outer} interval lies below zero: the later stage shows less of it. Its sentence says so where the "
        "size, compared with the margin, is not resolved.",
    ),
    "inconclusive": Verdict(
        "?",
        "inconclusive",
        "The data allow a change beyond the margin and no change at all. That is not evidence of sameness; more "
        "clusters of items would decide.",
    ),
    "uninformative": Verdict(
        "∅",
        "uninformative",
        "These stages on these items could not have shown a difference: they look the same, but so few clusters would "
        "look so at this margin anyway, or a stage cannot answer. Nothing follows, either way.",
    ),
}

CAUSES: Final[dict[str, str]] = {
    "a stage": "That step alone moved beyond the margin; every other step is equivalent, every stage before it to the "
    "base, and every stage from it on to production.",
    "pretraining": "Every two stages are equivalent, the base is competent, and a change could have been seen: the "
    "level was there after pretraining.",
    "no change": "Every step is equivalent, but the level is at the floor or the ceiling, or nothing shows that these "
    "items would have seen a change.",
    "mixed": "Two or more steps moved beyond the margin: they add up (additive), a later one takes part back (eroded), "
    "they cancel (cancelling), or one goes too far and is taken back (overshoot).",
    "diffuse": "The whole change lies beyond the margin, and every step is shown to be within it, or to leave more "
    "than it to the others.",
    "inconclusive": "The steps are not resolved well enough to name a cause.",
    "uninformative": "A gate failed, such as a base that cannot answer, so that no cause can be named.",
}


def verdict(word: VerdictWord, alpha: float = 0.05) -> Verdict:
    """A verdict's symbol, word and meaning, with the intervals named by their coverage at ``alpha``."""
    found = _VERDICTS[word]
    outer, inner = coverage(alpha)
    return Verdict(found.symbol, found.word, found.meaning.format(outer=outer, inner=inner))


def all_verdicts(alpha: float) -> tuple[Verdict, ...]:
    """Every verdict there is, in the order in which a reader wants them explained."""
    return tuple(verdict(word, alpha) for word in _VERDICTS)


def headline_contrast(result: MeasureResult) -> Contrast | None:
    """Production minus the stage that the headline starts from."""
    return next((contrast for contrast in result.contrasts if contrast.headline), None)


def for_better_or_worse(result: MeasureResult, contrast: Contrast | None) -> str | None:
    """`better` or `worse` for a change, by the measure's direction; None for other verdicts."""
    if contrast is None or contrast.verdict not in ("changed_up", "changed_down"):
        return None
    return "worse" if (contrast.verdict == "changed_up") == result.higher_is_worse else "better"


def verdict_text(contrast: Verdictable | None) -> str:
    """A contrast's verdict as one reads it: `≈ equivalent`."""
    if contrast is None:
        return "no contrast"
    found = verdict(contrast.verdict)
    return f"{found.symbol} {found.word}"


def verdict_with_side(result: MeasureResult, contrast: Contrast | None) -> str:
    """The same, with what it means for a reader where it changed: `▼ changed down (better)`."""
    side = for_better_or_worse(result, contrast)
    return verdict_text(contrast) + ("" if side is None else f" ({side})")


def is_decided(contrast: Contrast | None) -> bool:
    """Whether a contrast says something: equivalent, below the margin, or changed."""
    return contrast is not None and contrast.verdict not in ("inconclusive", "uninformative")


def is_same(contrast: Contrast | None) -> bool:
    """Whether a contrast is equivalent or below the margin."""
    return contrast is not None and contrast.verdict in ("equivalent", "below_margin")


def is_hollow(level: Level) -> bool:
    """Whether more than a tenth of a stage's answers is incapable."""
    return level.n > 0 and level.incapable / level.n > HOLLOW_ABOVE


def stage_word(stage: str) -> str:
    """A stage's name in running text: known abbreviations in capitals, others as they are."""
    return stage.upper() if stage in _ACRONYMS else stage


def measure_word(measure: str) -> str:
    """A measure's name in running text: `unsafe_response` reads "unsafe response"."""
    return measure.replace("_", " ")


def families(verdicts: Verdicts) -> tuple[str, ...]:
    """The families in order of appearance."""
    return tuple(dict.fromkeys(result.family for result in verdicts.results))


def full_name(result: MeasureResult, *, several_families: bool) -> str:
    """`safety/unsafe_response`, with the family in front where there are several."""
    name = f"{result.benchmark}/{result.measure}"
    return f"{result.family}/{name}" if several_families else name


def established_words(result: MeasureResult) -> str:
    """`SFT`, or that it is not established."""
    return "not established" if result.established_by is None else stage_word(result.established_by)


def cause_words(result: MeasureResult) -> str:
    """The cause as one reads it, with the pattern of a mixed one."""
    if result.cause is None:
        return MISSING
    cause = {"no_change": "no change"}.get(result.cause, stage_word(result.cause))
    return cause if result.pattern is None else f"{cause} ({result.pattern})"


def share_words(part: Share, alpha: float) -> str:
    """A share with its Fieller set; a set without bounds is said to be one."""
    outer, _ = coverage(alpha)
    name = stage_word(part.stage)
    estimate = f"{name}: {share(part.share)}" if part.share is not None else f"{name}: not known"
    if part.set == "bounded":
        return f"{estimate} ({outer} set {share(part.low)} to {share(part.high)})"
    if part.set == "exterior":
        return f"{estimate} ({outer} set unbounded: below {share(part.low)} or above {share(part.high)})"
    return f"{estimate} ({outer} set unbounded: every share is possible)"


def certified_word(claim: ClaimResult) -> str:
    """`certified` or `not certified`."""
    return "certified" if claim.certified else "not certified"
