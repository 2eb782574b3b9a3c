"""What edits of a mixture were predicted to do, and what they did: slope and rank correlation over many of them.

    python perf/edits.py [--edits 24] [--seeds 2] [--seed 1] [--out DIR]

Five sources push over-refusal and unsafe responses both ways. They are left out one by one, wholly and by half; edits
are then proposed for targets on both measures, as a user would ask for them, half of them the best ones and half drawn
from the others, and the stage is trained on each. The peer of a prediction is no change at all: its mean absolute error
stands beside. Intervals are those of a bootstrap over edits. Resumable with ``--out``.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from organisms import cpu_seconds
from stagelens.analysis import rules_from_study
from stagelens.audit.edits.mixture import edited
from stagelens.audit.edits.propose import Edit, Target, propose
from stagelens.audit.edits.trial import Trial, trials
from stagelens.audit.findings import Audit
from stagelens.audit.retraining import retrain
from stagelens.audit.run import AuditPlan, margins_of, plan_audit, run_audit
from stagelens.errors import InputError
from stagelens.organisms.sourced.blends import asked_both, pulling
from stagelens.organisms.sourced.study import write_mixture

MEASURES = (("safety", "over_refusal"), ("safety", "unsafe_response"))
TARGETS = (0.25, 0.5, 0.75, 1.25, 1.5)
"""Levels that are aimed at, in shares of the level that is there."""
RESAMPLES = 4000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--edits", type=int, default=24)
    parser.add_argument("--seeds", type=int, default=2, help="training runs of every mixture")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, help="keeps what is trained, so that a killed run goes on")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        out = (given.out or Path(scratch)) / f"pulling-{given.seed}"
        study = write_mixture(f"pulling-{given.seed}", given.seed, asked_both(given.seed), pulling(given.seed), out)
        planned = plan_audit(study, "/".join(MEASURES[0]), seeds=given.seeds, kept=(0.0, 0.5))
        auditing, audit = cpu_seconds(lambda: run_audit(planned, out=out / "audit"))
        edits = chosen(planned, audit, given.edits, given.seed)
        testing, tried = cpu_seconds(lambda: tested(planned, edits, out / "audit"))
    print(f"whole: {', '.join(f'{name} {audit.levels[own]:.1%}' for own in MEASURES for name in own[1:])}\n")
    for edit, found in zip(edits, tried, strict=True):
        print("; ".join(f"{source} at {share:.0%}" for source, share in edit.kept.items()))
        for each in found:
            print(f"    {each.measure[1]:<16} {told(each)}  {each.verdict}")
    summary(
        [trial for found in tried for trial in found], [number for number, found in enumerate(tried) for _ in found]
    )
    print(f"the audit {auditing / 60:.1f} CPU-minutes, the edits {testing / 60:.1f}")


def chosen(planned: AuditPlan, audit: Audit, count: int, seed: int) -> list[Edit]:
    """Different edits: the best for every target in turn, then some drawn from all that were proposed."""
    margins = margins_of(rules_from_study(planned.target.study), audit)
    best: dict[tuple[tuple[str, float], ...], Edit] = {}
    others: dict[tuple[tuple[str, float], ...], Edit] = {}
    for found in _proposed(planned, audit, margins):
        for place, edit in enumerate(found):
            (best if place == 0 else others)[tuple(sorted(edit.kept.items()))] = edit
    drawn = [edit for key, edit in others.items() if key not in best]
    random.Random(f"edits:{seed}").shuffle(drawn)
    edits = [*list(best.values())[: count // 2], *drawn]
    if len(edits) < count:
        raise InputError(f"{len(edits)} edits were proposed, not {count}: name fewer with --edits.")
    return edits[:count]


def _proposed(planned: AuditPlan, audit: Audit, margins: dict[tuple[str, str], float]) -> Iterator[tuple[Edit, ...]]:
    for share in TARGETS:
        for measure in MEASURES:
            now = audit.levels[measure]
            if now and (
                found := propose(Target(measure, share * now, now), audit.effects, planned.target.amounts, margins)
            ):
                yield found


def tested(planned: AuditPlan, edits: list[Edit], out: Path) -> list[tuple[Trial, ...]]:
    """What every edit did to the two measures."""
    target = planned.target
    names = [f"edit-{number}" for number in range(1, len(edits) + 1)]
    mixtures = {name: edited(target, edit) for name, edit in zip(names, edits, strict=True)}
    data = retrain(target, mixtures, seeds=planned.design.seeds, out=out)
    rules, own = rules_from_study(target.study), [each for each in data if (each.benchmark, each.measure) in MEASURES]
    return [trials(own, target.stage.name, name, edit, rules) for name, edit in zip(names, edits, strict=True)]


def told(trial: Trial) -> str:
    """Predicted and observed, in points."""
    ends = [
        "unknown"
        if each is None
        else f"{100 * each.difference:+6.1f} ({100 * each.low:+.1f} to {100 * each.high:+.1f})"
        for each in (trial.predicted, trial.observed)
    ]
    return f"predicted {ends[0]:<26} observed {ends[1]:<26}"


def summary(found: list[Trial], edits: list[int]) -> None:
    """Slope, rank correlation, and errors, over edits and measures."""
    both = [(own, each) for own, each in zip(edits, found, strict=True) if each.predicted and each.observed]
    edit = np.array([own for own, _ in both])
    predicted = np.array([each.predicted.difference for _, each in both if each.predicted])
    observed = np.array([each.observed.difference for _, each in both if each.observed])
    meet = np.mean(
        [
            each.predicted.low <= each.observed.high and each.observed.low <= each.predicted.high
            for _, each in both
            if each.predicted and each.observed
        ]
    )
    print(f"\n{len(set(edit))} edits, {len(both)} predictions")
    for name, statistic in (("slope of observed on predicted", slope), ("rank correlation", rank)):
        low, high = interval(statistic, predicted, observed, edit)
        print(f"{name}: {statistic(predicted, observed):.2f} ({low:.2f} to {high:.2f})")
    error = np.abs(observed - predicted).mean()
    print(f"mean absolute error {100 * error:.1f} points; of predicting no change {100 * np.abs(observed).mean():.1f}")
    print(f"intervals of predicted and observed meet in {meet:.0%}")


def slope(predicted: NDArray[np.float64], observed: NDArray[np.float64]) -> float:
    """Of a least-squares line."""
    return float(np.polyfit(predicted, observed, 1)[0])


def rank(predicted: NDArray[np.float64], observed: NDArray[np.float64]) -> float:
    """Spearman's."""
    return float(spearmanr(predicted, observed).statistic)


def interval(
    statistic: Callable[[NDArray[np.float64], NDArray[np.float64]], float],
    predicted: NDArray[np.float64],
    observed: NDArray[np.float64],
    edit: NDArray[np.int_],
) -> tuple[float, float]:
    """95 %, by a bootstrap over edits: what an edit does to two measures is one draw."""
    rng, numbers = np.random.default_rng(0), np.unique(edit)
    places = [np.flatnonzero(edit == number) for number in numbers]
    drawn = [
        statistic(predicted[own], observed[own])
        for own in (
            np.concatenate([places[each] for each in rng.integers(len(places), size=len(places))])
            for _ in range(RESAMPLES)
        )
    ]
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(low), float(high)


if __name__ == "__main__":
    main()
