"""What an audit of sources costs, in trainings of the stage, and how that grows with the sources left out.

    python perf/audit.py [--plant refusals]

A sourced organism with its study's own run there already, on one thread. The peer is one training of the stage, in the
same run. The base, the whole stage and their answers are taken from the study's run and not paid for again.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import torch

from organisms import cpu_seconds
from stagelens.audit.run import plan_audit, run_audit
from stagelens.engine import run, train
from stagelens.organisms.sourced.plants import PLANTS, SOURCED
from stagelens.organisms.sourced.study import write_sourced


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plant", default=PLANTS[0], choices=PLANTS)
    plant = parser.parse_args().plant
    torch.set_num_threads(1)
    measure = f"{SOURCED[plant].group.benchmark}/{SOURCED[plant].measure}"
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch)
        study = write_sourced(plant, 1, out / "study")
        (name, family), *_ = study.families.items()
        base = study.model_copy(update={"families": {name: family.model_copy(update={"stages": family.stages[:1]})}})
        pretraining, _ = cpu_seconds(lambda: train(base, out=out / "run"))
        training, _ = cpu_seconds(lambda: train(study, out=out / "run"))
        asking, _ = cpu_seconds(lambda: run(study, out=out / "run"))
        print(f"{name}: one training of the stage {training:.0f} CPU-seconds (1.00); its pretraining ", end="")
        print(f"{pretraining / training:.2f}; base and stage asked and judged {asking / training:.2f}\n")
        print(f"{'left out':>10}{'trainings':>12}{'CPU-seconds':>14}{'in trainings':>14}{'a mixture':>12}")
        sources = tuple(plan_audit(study, measure).target.amounts)
        for number in (1, 2, len(sources)):
            planned = plan_audit(study, measure, seeds=1, sources=sources[:number])
            cost, _ = cpu_seconds(
                lambda planned=planned, number=number: run_audit(planned, out=out / f"of-{number}", known=out / "run")
            )
            mixtures = len(planned.design.variants)
            trained = planned.trainings - 1  # the whole is there
            print(f"{number:>10}{trained:>12.2f}{cost:>14.0f}{cost / training:>14.2f}", end="")
            print(f"{cost / training / mixtures:>12.2f}")


if __name__ == "__main__":
    main()
