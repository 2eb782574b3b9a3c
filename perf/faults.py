"""The list of faults: short studies under each, with real means, and what became of their verdicts and their folders.

    PYTHONPATH=tests python perf/faults.py [--kills 200] [--only NAME …] [--seed 0] [--json FILE]

Two studies: one trains its three stages here, the other asks two stages behind a server that counts requests; a judge
behind the same server grades both. Every run ends in the verdicts of the undisturbed one, byte for byte, or in one
sentence (exit code 2, or 3 with the items named) and a folder in which the same command then comes to those verdicts;
what was finished is never written again. Anything else is printed as FAILED, and the exit code is 1. A library that
cannot get a single byte of memory aborts the process, which counts as a kill.

Full disks, read-only folders and control groups need root; without it they are skipped by name.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from disturbing.bench import Bench, Study, Trial
from disturbing.damage import half_checkpoint, truncated
from disturbing.kills import disturb
from disturbing.machine import full_disk, killed_for_memory, little_memory, read_only, two_at_once
from disturbing.services import hanging

from disturbed import Chat

FAULTS: dict[str, Callable[[Bench], Iterator[Trial]]] = {
    "truncated": truncated,
    "checkpoint": half_checkpoint,
    "disk": full_disk,
    "readonly": read_only,
    "two": two_at_once,
    "memory": little_memory,
    "starved": killed_for_memory,
    "hanging": hanging,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--only", nargs="+", choices=["kills", *FAULTS], default=["kills", *FAULTS])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    failed, results = 0, []
    with tempfile.TemporaryDirectory(prefix="stagelens-faults-") as scratch, Chat(delay=0.02).running() as chat:
        started = time.monotonic()
        bench = Bench.built(Path(scratch), chat)
        print(f"two studies, undisturbed: {time.monotonic() - started:.0f} s", flush=True)
        for name in arguments.only:
            found = kills(bench, arguments.kills, arguments.seed) if name == "kills" else FAULTS[name](bench)
            for what, tried in found:
                began = time.monotonic()
                try:
                    end = tried()
                except Exception as error:  # a fault that is not borne is a result, and the others are tried too
                    end = f"FAILED: {type(error).__name__}: {error}"
                    failed += 1
                results.append({"fault": name, "what": what, "end": end, "seconds": round(time.monotonic() - began, 1)})
                print(f"{name}: {what}: {end} ({time.monotonic() - began:.0f} s)", flush=True)
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    print(f"{len(results)} faults and groups of kills, {failed} failed")
    sys.exit(1 if failed else 0)


def kills(bench: Bench, number: int, seed: int) -> Iterator[Trial]:
    """Half of the kills on each study."""
    for position, study in enumerate((bench.made, bench.asked)):
        yield f"SIGKILL, {study.path.parent.name}", partial(_kills, bench, study, number // 2, seed + position)


def _kills(bench: Bench, study: Study, number: int, seed: int) -> str:
    counted = disturb(bench, study, number, seed)
    total = counted.by_phase.total()
    phases = ", ".join(f"{phase} {count}" for phase, count in counted.by_phase.items())
    return (
        f"{total} kills ({phases}) in {counted.runs} runs, all to the same verdicts; {counted.pieces} finished pieces "
        f"lay there and none was written again; of {counted.asked} answers over the wire {counted.twice} were asked "
        f"for again, at most {counted.most:.1f} a kill; {counted.seconds / max(total, 1):.1f} s a kill"
    )


if __name__ == "__main__":
    main()
