"""How long the light commands take to start, against ``python -c "import torch"`` in the same run.

    python perf/startup.py [--repeats N]

Each command is run as a whole process, in turn, so that a busy machine slows all of them alike; medians are compared.
Goal: ``--help`` and ``analyze`` on a small table in under half of torch's time.
"""

from __future__ import annotations

import argparse
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

GOAL = 0.5


def write_table(path: Path) -> None:
    """A small table: 200 items at three stages."""
    draw = random.Random(0)
    rows = ["family,stage,benchmark,measure,item,value"]
    for stage, rate in (("base", 0.7), ("sft", 0.05), ("production", 0.05)):
        rows += [f"f,{stage},safety,unsafe_response,i{item},{int(draw.random() < rate)}" for item in range(200)]
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")


def seconds(command: list[str]) -> float:
    """The wall time of one run of the command."""
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - started


def main() -> None:
    """Print medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    repeats = parser.parse_args().repeats
    program = str(Path(sys.executable).with_name("stagelens"))
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "table.csv"
        write_table(table)
        commands = {
            "import torch": [sys.executable, "-c", "import torch"],
            "stagelens --help": [program, "--help"],
            "stagelens analyze": [program, "analyze", str(table)],
            "stagelens analyze --out": [program, "analyze", str(table), "--out", str(Path(folder) / "out")],
        }
        taken: dict[str, list[float]] = {name: [] for name in commands}
        for repeat in range(repeats + 1):
            for name, command in commands.items():
                once = seconds(command)
                if repeat:  # the first run fills the disk cache
                    taken[name].append(once)
    torch = statistics.median(taken["import torch"])
    for name, runs in taken.items():
        middle = statistics.median(runs)
        verdict = "" if name == "import torch" else f"  goal < {GOAL}: {'met' if middle / torch < GOAL else 'missed'}"
        print(f"{name:24} {middle:6.2f} s  ratio {middle / torch:.2f}{verdict}")


if __name__ == "__main__":
    main()
