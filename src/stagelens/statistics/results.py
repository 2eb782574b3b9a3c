"""What the analysis decides, as immutable records; their fields are those of ``verdicts.json``.

Nothing here computes. A field that cannot be known is ``None``, never a number that stands for "unknown".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

VerdictWord = Literal["changed_up", "changed_down", "equivalent", "below_margin", "inconclusive", "uninformative"]
Pattern = Literal["additive", "eroded", "cancelling", "overshoot"]
SetKind = Literal["bounded", "exterior", "all"]


@dataclass(frozen=True, slots=True)
class Level:
    """One stage's level on one measure.

    ``n`` counts attempts (item × epoch × seed) and is the sum of the four status counts. ``estimate`` is the mean over
    items of what was scored (epochs averaged within an item first); ``low`` and ``high`` bound it at 1 − alpha with
    every answer that is not scored placed at whichever end of the measure's range is worse for the bound.
    ``competence`` is the share of plain control prompts that the stage answered, where the benchmark asks any.
    """

    stage: str
    n: int
    items: int
    clusters: int
    scored: int
    incapable: int
    ungraded: int
    unattempted: int
    estimate: float | None
    low: float
    high: float
    competence: float | None = None


@dataclass(frozen=True, slots=True)
class Contrast:
    """A later stage minus an earlier one, paired by item, epoch and seed.

    ``low``, ``high`` bound the difference at 1 − alpha, ``equivalence_low``, ``equivalence_high`` at 1 − 2 alpha; both
    are marginal and already hold for every value that unscored answers might have had. The ratio pair bounds
    ``to / from`` at 1 − 2 alpha and is ``None`` for severities and where it is unbounded. ``p_difference`` tests "no
    difference", ``p_equivalence`` tests "outside the margin" (TOST); unsuffixed they are Holm-adjusted.
    ``p_noninferiority_raw`` tests "worse by the margin or more", worse being the measure's own direction.
    ``pairs`` counts pairs scored at both stages. ``tipping_point``: the verdict would not stand if the judge erred on
    that share of the range more at one stage than at the other; ``None`` where there is no verdict to overturn.
    """

    from_stage: str
    to_stage: str
    headline: bool
    pairs: int
    clusters: int
    method: str
    difference: float | None
    low: float
    high: float
    equivalence_low: float
    equivalence_high: float
    ratio_low: float | None
    ratio_high: float | None
    p_difference: float
    p_equivalence: float
    p_difference_raw: float
    p_equivalence_raw: float
    verdict: VerdictWord
    clusters_needed: int | None
    minimum_detectable_difference: float | None
    smallest_certifiable_margin: float | None
    p_noninferiority_raw: float = 1.0
    tipping_point: float | None = None


@dataclass(frozen=True, slots=True)
class Share:
    """A step's part of the base → production change, as a Fieller set at 1 − alpha.

    ``bounded``: the interval [low, high]. ``exterior``: everything outside (low, high). ``all``: the whole line, and
    then ``low`` and ``high`` are ``None``.
    """

    stage: str
    share: float | None
    low: float | None
    high: float | None
    set: SetKind


@dataclass(frozen=True, slots=True)
class StratumResult:
    """The headline contrast inside one stratum: exploratory.

    ``p_difference`` is adjusted over the measure's strata by Benjamini and Hochberg (1995); ``verdict`` rests on it.
    """

    stratum: str
    items: int
    clusters: int
    difference: float | None
    low: float
    high: float
    p_difference: float
    p_difference_raw: float
    verdict: VerdictWord


@dataclass(frozen=True, slots=True)
class Exceedance:
    """The headline change in the rate of answers with a severity of ``at_least`` or more."""

    at_least: float
    difference: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Ordinal:
    """A severity's headline change without treating its scale as equidistant.

    ``superiority``: P(later > earlier) - P(later < earlier) of a pair, -1 to 1.
    """

    superiority: float
    superiority_low: float
    superiority_high: float
    exceedances: tuple[Exceedance, ...]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """The headline contrast with one judge left out of the panel."""

    judge: str
    difference: float | None
    low: float
    high: float
    verdict: VerdictWord


@dataclass(frozen=True, slots=True)
class Screened:
    """What a cascade's judge said of the answers that a screen had graded.

    ``judge``: who it was. ``certain``: answers that were sure to be asked about, ``drawn``: those of the others that
    were; both count what it graded. Shares of all answers, 0 to 1, each graded one weighted by what it stands for:
    ``agreement``, where it says what the screen says; ``missed``, where it graded higher; ``alarms``, where lower.
    """

    judge: str
    certain: int
    drawn: int
    agreement: float
    missed: float
    alarms: float


@dataclass(frozen=True, slots=True)
class Judging:
    """What is known about a measure's judges.

    ``krippendorff_alpha`` and its interval: agreement of the panel's judges at the ``level`` of measurement, ``None``
    where no two judges graded. ``labelled``: how many answers humans labelled; ``correction``: how differences were
    corrected by labels, ``None`` where they were not; ``screened``: of a cascade, ``None`` where there is none.
    """

    judges: tuple[str, ...]
    level: str
    krippendorff_alpha: float | None
    alpha_low: float | None
    alpha_high: float | None
    left_out: tuple[LeftOut, ...]
    labelled: int
    correction: str | None
    screened: Screened | None = None


@dataclass(frozen=True, slots=True)
class Effect:
    """A contrast of counterfactual stages; ``name`` is one of ``counterfactual.EFFECTS``."""

    name: str
    difference: float | None
    low: float
    high: float
    p_difference: float
    p_equivalence: float
    verdict: VerdictWord


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """What stages that are not steps show: their levels, and the effects that they identify."""

    stages: tuple[Level, ...]
    effects: tuple[Effect, ...]


@dataclass(frozen=True, slots=True)
class SavedPoint:
    """A stage at a ``part`` of its training, 0 to 1: its level, and the finished stage minus it."""

    part: float
    level: Level
    difference: float | None
    low: float
    high: float
    verdict: VerdictWord


@dataclass(frozen=True, slots=True)
class Appearance:
    """The saved points of a stage in order. ``appears_by``: the first part from which on all agree with its end."""

    stage: str
    points: tuple[SavedPoint, ...]
    appears_by: float | None


@dataclass(frozen=True, slots=True)
class Elicited:
    """Stage ``of``, asked under another few-shot prompt as ``stage``: its level, and the cause that this one gives.

    ``rises``: whether the step of that cause goes up; ``None`` where the cause is not one stage.
    """

    stage: str
    of: str
    level: Level
    cause: str | None
    rises: bool | None = None


@dataclass(frozen=True, slots=True)
class MeasureResult:
    """Everything decided about one measure of one family.

    ``scope``: what the intervals speak of, ``these checkpoints`` or, with two or more training ``runs``, ``this
    recipe``. ``look`` of ``looks``: where a group-sequential design stopped; 1 of 1 for a fixed one.
    """

    family: str
    benchmark: str
    measure: str
    higher_is_worse: bool
    margin: float
    stages: tuple[Level, ...]
    contrasts: tuple[Contrast, ...]
    established_by: str | None
    cause: str | None
    pattern: Pattern | None
    sensitivity: str
    shares: tuple[Share, ...]
    why: str
    warnings: tuple[str, ...]
    scope: str = "these checkpoints"
    runs: int = 1
    look: int = 1
    looks: int = 1
    strata: tuple[StratumResult, ...] = ()
    ordinal: Ordinal | None = None
    judging: Judging | None = None
    counterfactual: Counterfactual | None = None
    appearances: tuple[Appearance, ...] = ()
    elicitations: tuple[Elicited, ...] = ()


@dataclass(frozen=True, slots=True)
class ClaimResult:
    """A claim that the study fixed beforehand: certified at the study's alpha, or not.

    ``holds_for`` and ``fails_for`` name ``family/benchmark/measure``.
    """

    text: str
    certified: bool
    p: float
    holds_for: tuple[str, ...]
    fails_for: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Control:
    """A benchmark's positive control: whether a behaviour that was planted in a small model was seen to change.

    ``found``: the planted step was called changed, as planted, beyond the ``margin``; ``None`` where that is not known,
    and then ``text`` says why. ``measure``: in which it was planted; ``None`` where nothing can be. ``difference``,
    ``low`` and ``high`` are of the planted step, as in ``Contrast``, over ``items`` in ``clusters``. ``judges``: the
    models that graded it; empty where rules did. ``text``: one clause that a reader can quote.
    """

    benchmark: str
    measure: str | None
    found: bool | None
    difference: float | None
    low: float | None
    high: float | None
    margin: float | None
    items: int | None
    clusters: int | None
    judges: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Verdicts:
    """A study's verdicts: a pure function of outcomes, study and, where there are any, its positive controls."""

    study: str
    alpha: float
    claims: tuple[ClaimResult, ...]
    results: tuple[MeasureResult, ...]
    controls: tuple[Control, ...] = ()

    def to_dict(self) -> dict[str, object]:
        """The content of ``verdicts.json``: plain JSON types, numbers rounded to six significant digits."""
        from stagelens.statistics.serialise import verdicts_to_dict

        return verdicts_to_dict(self)

    def to_json(self) -> str:
        """``verdicts.json`` as text: keys sorted, two-space indent, a newline at the end."""
        from stagelens.statistics.serialise import verdicts_to_json

        return verdicts_to_json(self)
