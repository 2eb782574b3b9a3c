"""How well each ranking finds the examples of a source that carry a measure, where it is known which ones do.

    python perf/rankings.py [--plants refusals,…] [--by words,…] [--each 40] [--subsets 24] [--out DIR]

One source holds so many examples that carry the plant, as many of a placebo (the same kind of answers, not trained on)
and as many of a decoy (plain requests that quote the plant). Printed are, for each ranking, how often it puts one that
carries above one of the placebo and above one of the decoy (AUC, .5 by chance), its linear datamodelling score over
random halves with its standard error, and what is left of the measure without the ``--each`` examples that it puts
first. ``truth`` ranks by what carries: no ranking can be expected to do better. Resumable with ``--out``.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import mannwhitneyu

from organisms import cpu_seconds
from stagelens.audit.run import plan_audit
from stagelens.audit.within import METHODS, judge_rankings, rank_within
from stagelens.organisms.sourced.blends import BLENDED, blended
from stagelens.organisms.sourced.plants import DECOY, PLACEBO, PLANTED, PLANTS, SOURCED, Plant
from stagelens.organisms.sourced.study import write_mixture

TRUTH = "truth"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plants", default=",".join(each for each in PLANTS if each != "nothing"))
    parser.add_argument("--by", default=",".join(METHODS))
    parser.add_argument("--each", type=int, default=40, help="examples of each of the three kinds")
    parser.add_argument("--subsets", type=int, default=24, help="random halves")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, help="keeps what is trained, so that a killed run goes on")
    given = parser.parse_args()
    print(f"{'plant':>10}{'ranking':>12}{'AUC placebo':>13}{'AUC decoy':>11}{'LDS':>7}{'s.e.':>6}{'left':>7}")
    with tempfile.TemporaryDirectory() as scratch:
        for plant in given.plants.split(","):
            out = (given.out or Path(scratch)) / f"{plant}-{given.seed}-{given.each}"
            cost, _ = cpu_seconds(lambda plant=plant, out=out: judged(plant, out, given))
            print(f"{plant:>10}  {cost / 60:.1f} CPU-minutes", flush=True)


def judged(plant: Plant, out: Path, given: argparse.Namespace) -> None:
    """Rank, judge and print one plant."""
    own = SOURCED[plant]
    sources, origin = blended(plant, given.seed, given.each)
    study = write_mixture(f"{plant}-blended", given.seed, own, sources, out)
    planned = plan_audit(study, f"{own.group.benchmark}/{own.measure}", seeds=1, sources=(BLENDED,))
    places = {"out": out / "audit"}
    ranking = rank_within(planned, BLENDED, by=given.by.split(","), **places)
    kinds = np.array([origin[example] for example in ranking.examples])
    ranking = replace(ranking, scores={**ranking.scores, TRUTH: (kinds == PLANTED).astype(float)})
    for each in judge_rankings(planned, ranking, subsets=given.subsets, top=given.each, **places):
        scores = ranking.scores.get(each.method)
        print(f"{plant:>10}{each.method:>12}", end="")
        print(
            "" if scores is None else f"{auc(scores, kinds, PLACEBO):>13.2f}{auc(scores, kinds, DECOY):>11.2f}", end=""
        )
        print(" " * 37 if each.lds is None else f"{each.lds.value:>7.2f}{each.lds.error:>6.2f}", end="")
        print(f"{each.after:>7.1%}")


def auc(scores: NDArray[np.float64], kinds: NDArray[np.str_], other: str) -> float:
    """How often one that carries stands above one of ``other``; ties count one half."""
    one, two = scores[kinds == PLANTED], scores[kinds == other]
    return float(mannwhitneyu(one, two).statistic / (len(one) * len(two)))


if __name__ == "__main__":
    main()
