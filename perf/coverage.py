"""The simulation bench: every number that README and docs claim about the statistics, with its Monte Carlo error.

    python perf/coverage.py [--quick] [--only SECTION …] [--jobs N] [--replicates N]
                            [--json FILE]

Studies are drawn from worlds whose truth is known exactly (``simulation/worlds.py``), decided by the public
``decide.decide``, and counted. An estimate is printed as ``value ± error`` in per cent, the error being its Monte Carlo
standard error, and misses its goal where it lies more than two of them on the wrong side; the exit code is then 1.
The numbers depend neither on ``--jobs`` nor on which sections run. ``perf/sequential.py`` prints expected numbers of
generations.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from simulation.aa import aa
from simulation.cascade import cascade
from simulation.causes import causes
from simulation.claims import claims
from simulation.equivalence import equivalence
from simulation.judges import judges
from simulation.levels import levels
from simulation.paired import coverage
from simulation.runs import runs
from simulation.tables import Table
from simulation.trials import Bench

SECTIONS: dict[str, Callable[[Bench], list[Table]]] = {
    "coverage": coverage,
    "levels": levels,
    "equivalence": equivalence,
    "aa": aa,
    "causes": causes,
    "claims": claims,
    "judges": judges,
    "cascade": cascade,
    "runs": runs,
}


def main() -> int:
    """Run the sections, print their tables, say which goals were missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer designs and replicates: minutes on two cores")
    parser.add_argument("--only", nargs="+", choices=SECTIONS, default=list(SECTIONS), metavar="SECTION")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes; all cores by default")
    parser.add_argument("--replicates", type=int, metavar="N", help="everywhere N of them, for a look in seconds")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the estimates there too")
    asked = parser.parse_args()
    tables: list[Table] = []
    with ProcessPoolExecutor(asked.jobs) as executor:
        bench = Bench(executor, asked.quick, asked.replicates)
        for name in dict.fromkeys(asked.only):
            started = time.perf_counter()
            found = SECTIONS[name](bench)
            tables += found
            print("\n".join(table.markdown() for table in found), flush=True)
            print(f"{name}: {time.perf_counter() - started:.0f} s", file=sys.stderr)
    if asked.json:
        asked.json.write_text(json.dumps([table.to_dict() for table in tables], indent=2) + "\n", encoding="utf-8")
    missed, judged = sum(table.failures for table in tables), sum(table.judged for table in tables)
    print(f"{judged - missed} of {judged} goals met.")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
