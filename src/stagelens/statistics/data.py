"""What the analysis is given: aligned arrays for a measure, and the rules that a study fixed beforehand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from stagelens.statistics.design.looks import FIXED, Look

SCORED, INCAPABLE, UNGRADED, UNATTEMPTED = range(4)
"""Codes of ``MeasureData.status``, in the order of the outcome table's statuses."""

HUMANS: Final = "human"

Method = Literal["tango_neff", "cluster_t", "bootstrap", "betting"]
"""How differences of rates are read: Tango's score on the effective number of pairs, the cluster-robust t interval, the
cluster bootstrap, or the betting bound, which holds at any sample size and any dependence within clusters."""


@dataclass(frozen=True, slots=True)
class Labels:
    """What humans, or a judge that is taken to know better than the analysed one, said of some of the answers.

    ``values``: float64, shape (S, A), NaN where an answer has no label. ``probability``: the same shape, the chance
    with which the answer was drawn for labelling, in (0, 1]; NaN where there is no label, or where none was recorded,
    and then the labelled answers of a stage count as a simple random sample of those that the judge scored. ``by``:
    who said it.
    """

    values: NDArray[np.float64]
    probability: NDArray[np.float64]
    by: str = HUMANS

    @property
    def of_cascade(self) -> bool:
        """Whether a judge gave them: the analysed grades are then a mere screen, and levels are corrected too."""
        return self.by != HUMANS

    def part(self, index: Any) -> Labels:
        """Those of some stages or attempts, by an index into the arrays of shape (S, A)."""
        return Labels(self.values[index], self.probability[index], self.by)


@dataclass(frozen=True, slots=True)
class PanelGrades:
    """What every single judge of a panel said: ``grades``, shape (J, S, A), NaN where a judge gave no grade."""

    judges: tuple[str, ...]
    grades: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class MeasureData:
    """One measure of one family: S stages answered the same A attempts (item × epoch × seed).

    ``values``: float64, shape (S, A), NaN wherever ``status`` is not ``SCORED``.
    ``status``: int8, shape (S, A), codes above.
    ``item`` and ``cluster``: int64, shape (A,), dense codes from 0; every item lies in one cluster.
    ``low`` and ``high``: the measure's range, inside which unscored answers are bounded.
    ``competence``: per stage the share of plain control prompts answered, or None where the benchmark asks none.
    ``run``: int64, shape (A,), codes of the training seeds; None where every stage is one checkpoint. A stage with one
    seed only answers in every run alike.
    ``stratum``: int64, shape (A,), index into ``strata``, -1 where an item has none; None where the benchmark has none.
    ``labels`` and ``panel``: None where no one labelled anything, or no two judges graded.
    ``look``: how far a group-sequential design has come; a fixed design has one look.
    """

    family: str
    benchmark: str
    measure: str
    higher_is_worse: bool
    kind: Literal["rate", "severity"]
    low: float
    high: float
    stages: tuple[str, ...]
    values: NDArray[np.float64]
    status: NDArray[np.int8]
    item: NDArray[np.int64]
    cluster: NDArray[np.int64]
    competence: tuple[float | None, ...] | None = None
    warnings: tuple[str, ...] = ()
    run: NDArray[np.int64] | None = None
    stratum: NDArray[np.int64] | None = None
    strata: tuple[str, ...] = ()
    labels: Labels | None = None
    panel: PanelGrades | None = None
    look: Look = FIXED


@dataclass(frozen=True, slots=True)
class FamilyRules:
    """How a family's stages are read: which is the base (None where there is none), where the headline starts.

    ``descends`` is False where production does not descend from the stage the headline starts from, or the mixtures
    are not known to be the same: the sentences then speak of two recipes that agree or differ, not of a cause.
    ``counterfactuals`` names stages that are not steps, by role: ``format`` (the base with the SFT recipe, safety
    sources replaced by benign ones), and the corners of the 2×2 {SFT safety data} × {RL safety reward}: ``neither``,
    ``sft_only``, ``rl_only``, ``both`` (production, where nothing else is named). ``points`` are saved points of a
    stage's training with their part of it, ``elicitations`` second ways of asking a stage, by their names, and so are
    ``templates``, stages that are asked under production's chat template as well: no steps either.
    """

    headline_from: str
    base: str | None
    descends: bool = True
    counterfactuals: Mapping[str, str] = field(default_factory=dict)
    points: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    elicitations: Mapping[str, str] = field(default_factory=dict)
    templates: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Claim:
    """At least ``at_least`` of ``measures`` ("benchmark/measure") are established by ``established_by``."""

    measures: tuple[str, ...]
    established_by: str
    at_least: int
    scope: Literal["every_family", "any_family"] = "every_family"


@dataclass(frozen=True, slots=True)
class Rules:
    """What is fixed before the run: the error rate, the margins, the claims, the families' roles.

    ``margins`` keys: ``default`` (rates), a benchmark, or ``benchmark/measure``. ``families`` without an entry for a
    family of the data: the roles follow the stage names (``FamilyRules`` by convention, see ``default_roles``).
    ``method`` reads differences of rates; ``all_pairs`` also compares every two stages that are neither a step nor end
    in production, for families that are no ladder.
    """

    study: str = "outcomes"
    alpha: float = 0.05
    margins: Mapping[str, float] = field(default_factory=dict)
    claims: tuple[Claim, ...] = ()
    families: Mapping[str, FamilyRules] = field(default_factory=dict)
    method: Method = "tango_neff"
    all_pairs: bool = False

    def margin(self, benchmark: str, measure: str, kind: Literal["rate", "severity"]) -> float:
        """A measure's margin: its own key, else (rates) its benchmark's, else the default (0.05; severities 0.5)."""
        own = self.margins.get(f"{benchmark}/{measure}")
        if own is not None:
            return own
        if kind == "severity":
            return 0.5
        return self.margins.get(benchmark, self.margins.get("default", 0.05))


@dataclass(frozen=True, slots=True)
class Question:
    """How a contrast of one measure is to be read: against which margin, at which error rate, how, at which look."""

    margin: float
    alpha: float
    method: Method = "tango_neff"
    look: Look = FIXED


def default_roles(stages: tuple[str, ...]) -> FamilyRules:
    """Roles where no study file gives them: headline from `sft`, else the second of three or more, else the first.

    Stages before the headline's start make the first of them the base.
    """
    start = 1 if len(stages) >= 3 else 0
    if "sft" in stages[:-1]:
        start = stages.index("sft")
    return FamilyRules(headline_from=stages[start], base=stages[0] if start > 0 else None)
