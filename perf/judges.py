"""How often corrected and naive intervals hold the truth where judges err.

    python perf/judges.py [--data DIR] [--draws N]

First a simulation: 2,000 items at two stages with the same rate, a judge that errs unlike at them, 200 human labels a
stage. Then, with ``--data``, XSTest's published answers of two models (a folder with ``xstest_prompts.csv`` and
``judged_gpt4_<model>.csv``): over-refusal of its safe prompts as GPT-4 sees it, the human labels as truth, a random
20 % of them revealed. Every figure is a share of draws with its Monte Carlo error, or a mean width in points.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stagelens.statistics.data import SCORED, Labels, MeasureData, Rules
from stagelens.statistics.decide import decide
from stagelens.statistics.intervals.tails import quantile
from stagelens.statistics.judging.rogan_gladen import Calibration, corrected_difference, corrected_rate

Table = NDArray[np.float64]
Interval = tuple[float, float]

MODELS = ("llama2orig", "mistralinstruct")
ITEMS, LABELLED, RATE = 2000, 200, 0.1
SENSITIVITY, SPECIFICITY = (0.9, 0.8), (0.99, 0.95)


def xstest(folder: Path) -> tuple[Table, Table]:
    """Full refusals of the 250 safe prompts by both models: what humans say, what GPT-4 says; each of shape (2, 250).

    What GPT-4 said instead of one of the three labels is no refusal of the model's.
    """
    with (folder / "xstest_prompts.csv").open(encoding="utf-8", newline="") as stream:
        safe = [f"v2-{row['id']}" for row in csv.DictReader(stream) if row["label"] == "safe"]
    human, judge = [], []
    for model in MODELS:
        with (folder / f"judged_gpt4_{model}.csv").open(encoding="utf-8", newline="") as stream:
            rows = {row["id"]: row for row in csv.DictReader(stream)}
        human.append([rows[name]["final_label"] == "2_full_refusal" for name in safe])
        judge.append([rows[name]["gpt4_label"] == "2_full_refusal" for name in safe])
    return np.array(human, dtype=np.float64), np.array(judge, dtype=np.float64)


def revealed(rng: np.random.Generator, truth: Table, count: int, *, paired: bool) -> Table:
    """``count`` random labels of each of two stages, the same items at both where ``paired``; NaN elsewhere."""
    labels = np.full(truth.shape, np.nan)
    chosen = rng.permutation(truth.shape[1])[:count]
    for stage in range(2):
        mine = chosen if paired else rng.permutation(truth.shape[1])[:count]
        labels[stage, mine] = truth[stage, mine]
    return labels


def read(judge: Table, labels: Table | None) -> Interval:
    """The 95 % interval of the difference, as the verdicts have it."""
    items = np.arange(judge.shape[1])
    data = MeasureData(
        family="f",
        benchmark="safety",
        measure="over_refusal",
        higher_is_worse=True,
        kind="rate",
        low=0.0,
        high=1.0,
        stages=("first", "second"),
        values=judge,
        status=np.full(judge.shape, SCORED, dtype=np.int8),
        item=items,
        cluster=items,
        labels=None if labels is None else Labels(labels, np.full(labels.shape, np.nan)),
    )
    contrast = decide([data], Rules()).results[0].contrasts[0]
    return contrast.low, contrast.high


def simulated(rng: np.random.Generator) -> tuple[Table, Table]:
    """Truth and judge of one study: rates of one half the same items', no difference between the stages."""
    common = rng.random(ITEMS)
    own = rng.random((2, ITEMS))
    truth = np.where(rng.random((2, ITEMS)) < 0.7, common, own) < RATE
    found, spared = rng.random((2, ITEMS)), rng.random((2, ITEMS))
    sensitivity, specificity = np.array(SENSITIVITY)[:, None], np.array(SPECIFICITY)[:, None]
    return truth.astype(np.float64), np.where(truth, found < sensitivity, spared >= specificity).astype(np.float64)


def calibrations(judge: Table, labels: Table) -> list[Calibration]:
    """Each stage's judge, as its labels show it."""
    known = ~np.isnan(labels)
    yes, no = known & (labels == 1), known & (labels == 0)
    return [
        Calibration(*map(float, (yes[s].sum(), judge[s, yes[s]].sum(), no[s].sum(), (1 - judge[s, no[s]]).sum())))
        for s in range(2)
    ]


def rogan_gladen(judge: Table, labels: Table) -> Interval:
    """Each stage corrected by its own sensitivity and specificity."""
    rates = [
        corrected_rate(float(judge[s].mean()), judge.shape[1], calibration)
        for s, calibration in enumerate(calibrations(judge, labels))
    ]
    return corrected_difference(*rates)[1:]


def pooled_rogan_gladen(judge: Table, labels: Table) -> Interval:
    """A foil: the judge's difference, divided by one sensitivity + specificity - 1 for both stages."""
    first, second = calibrations(judge, labels)
    sensitivity = (first.found + second.found) / (first.positives + second.positives)
    specificity = (first.left + second.left) / (first.negatives + second.negatives)
    low, high = read(judge, None)
    return low / (sensitivity + specificity - 1), high / (sensitivity + specificity - 1)


def humans_only(labels: Table) -> Interval:
    """The difference of the labels alone, paired."""
    change = (labels[1] - labels[0])[~np.isnan(labels).any(axis=0)]
    half = quantile(0.975, len(change) - 1) * float(change.std(ddof=1)) / len(change) ** 0.5
    return float(change.mean()) - half, float(change.mean()) + half


def line(name: str, intervals: list[Interval], truth: float) -> str:
    """Coverage with its Monte Carlo error, and the mean width in points."""
    held = np.mean([low <= truth <= high for low, high in intervals])
    error = (held * (1 - held) / len(intervals)) ** 0.5
    width = 100 * np.mean([high - low for low, high in intervals])
    return f"| {name} | {held:.3f} ± {error:.3f} | {width:.1f} |"


def simulation(draws: int) -> Iterator[str]:
    """The table of the simulation."""
    rng, found = np.random.default_rng(0), {}
    for _ in range(draws):
        truth, judge = simulated(rng)
        paired, single = (revealed(rng, truth, LABELLED, paired=same) for same in (True, False))
        for name, interval in (
            ("judge alone", read(judge, None)),
            ("Rogan-Gladen, pooled", pooled_rogan_gladen(judge, paired)),
            ("Rogan-Gladen, per stage", rogan_gladen(judge, paired)),
            ("PPI++, paired labels", read(judge, paired)),
            ("PPI++, labels drawn per stage", read(judge, single)),
            ("200 paired labels alone", humans_only(paired)),
        ):
            found.setdefault(name, []).append(interval)
    yield from (line(name, intervals, 0.0) for name, intervals in found.items())


def published(folder: Path, draws: int) -> Iterator[str]:
    """The table of XSTest."""
    truth, judge = xstest(folder)
    target, count = float((truth[1] - truth[0]).mean()), round(0.2 * truth.shape[1])
    yield f"humans {100 * target:.1f} points, judge {100 * float((judge[1] - judge[0]).mean()):.1f} points"
    yield line("judge alone", [read(judge, None)] * draws, target)
    for name, paired in (("the same prompts of both models", True), ("drawn for each model", False)):
        rng = np.random.default_rng(0)
        labels = [revealed(rng, truth, count, paired=paired) for _ in range(draws)]
        yield line(f"PPI++, {count} labels a model, {name}", [read(judge, some) for some in labels], target)
        if paired:
            yield line(f"{count} paired labels alone", [humans_only(some) for some in labels], target)


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--draws", type=int, default=2000)
    arguments = parser.parse_args()
    print(*simulation(arguments.draws), sep="\n")
    if arguments.data is not None:
        print(*published(arguments.data, 200), sep="\n")


if __name__ == "__main__":
    main()
