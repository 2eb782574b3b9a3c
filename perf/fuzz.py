"""A hundred thousand inputs that are nearly right, to all that reads a file: only a clear refusal may come of one.

    PYTHONPATH=tests python perf/fuzz.py [--inputs 100000] [--only TARGET …] [--seed 0] [--jobs 2] [--kept FOLDER]

Study files, organism specs, outcome tables (CSV, JSONL, Parquet), the importers, mixtures, prompt sets, users' logs,
verdicts and the files of a checkpoint; ``tests/fuzzing_targets.py`` has the list. Each input has a seed, so each can be
made again; it has twenty seconds, in a process that may take 4 GiB, and one that ends such a process is found too. What
failed is kept, with its seed, in ``--kept``. Twenty study files also go through the command line: 0 or 2.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fuzzing import Target, outcome
from fuzzing_targets import checkpoints, light

SLOW = {"study": 0.5, **dict.fromkeys(("checkpoint-config.json", "checkpoint-tokenizer_config.json"), 0.1)}
SLOW |= dict.fromkeys(("checkpoint-tokenizer.json", "checkpoint-model.safetensors"), 0.1)
"""How many inputs of a target are read for each of a quick one."""
MEMORY = 4 * 2**30
BLOCK = 1_000
WHOLE = "whole"
COMMANDS = 20


@dataclass(frozen=True)
class Block:
    """Some inputs of one target: those numbered from ``start``."""

    target: str
    start: int
    number: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--only", nargs="+")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--kept", type=Path, default=Path("fuzz-failures"))
    arguments = parser.parse_args()
    started = time.monotonic()
    from models_tiny import make_checkpoint  # here: readers that need no torch start without it

    with tempfile.TemporaryDirectory(prefix="stagelens-fuzz-") as scratch:
        whole = make_checkpoint(Path(scratch) / WHOLE)
        targets = light() | checkpoints(whole)
        chosen = {name: target for name, target in targets.items() if name in (arguments.only or targets)}
        counted, failed = Counter[str](), 0
        for block, failures in _put(_blocks(list(chosen), arguments.inputs), arguments, Path(scratch)):
            counted[block.target] += block.number
            print(f"{counted.total():,}: {block.target}", flush=True)
            for number, what in failures:
                failed += 1
                print(f"{block.target} {number}: {what}", flush=True)
                _keep(chosen[block.target], f"{arguments.seed} {block.target} {number}", what, arguments.kept)
        for name in chosen:
            print(f"{name}: {counted[name]:,} inputs", flush=True)
        if "study" in chosen:
            failed += _commands(chosen["study"], arguments.seed, Path(scratch))
    print(f"{counted.total():,} inputs, {failed} failed, {time.monotonic() - started:.0f} s")
    sys.exit(1 if failed else 0)


def _blocks(names: list[str], inputs: int) -> list[Block]:
    """At least so many inputs, in blocks, those of all targets in turn."""
    parts = {name: SLOW.get(name, 1.0) for name in names}
    blocks = []
    for name in names:
        due = -(-inputs * parts[name] // sum(parts.values()))
        blocks += [Block(name, start, min(BLOCK, int(due) - start)) for start in range(0, int(due), BLOCK)]
    return sorted(blocks, key=lambda block: block.start)


def _put(
    blocks: list[Block], arguments: argparse.Namespace, scratch: Path
) -> Iterator[tuple[Block, list[tuple[int, str]]]]:
    """Each block in a process of its own, so many at once."""
    context = multiprocessing.get_context("spawn")  # polars' threads do not outlive a fork
    under_way: list[tuple[Block, Path, multiprocessing.process.BaseProcess]] = []
    for block in [*blocks, *[None] * arguments.jobs]:
        if len(under_way) == arguments.jobs or (block is None and under_way):
            done, place, process = under_way.pop(0)
            process.join()
            yield done, _found(place, done, process.exitcode)
        if block is not None:
            place = Path(tempfile.mkdtemp(dir=scratch))
            process = context.Process(target=_read, args=(scratch / WHOLE, block, arguments.seed, place))
            process.start()
            under_way.append((block, place, process))


def _read(whole: Path, block: Block, seed: int, place: Path) -> None:
    target = (light() | checkpoints(whole))[block.target]
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY + resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,) * 2)
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    with (place / "found.jsonl").open("w", encoding="utf-8") as found:
        for number in range(block.start, block.start + block.number):
            (place / "at").write_text(str(number), encoding="ascii")
            with tempfile.TemporaryDirectory(dir=place) as folder:
                what = outcome(target, target.input(f"{seed} {block.target} {number}"), Path(folder))
            if what is not None:
                found.write(json.dumps([number, what]) + "\n")
    (place / "at").unlink()


def _found(place: Path, block: Block, code: int | None) -> list[tuple[int, str]]:
    path = place / "found.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    found = [(number, what) for number, what in map(json.loads, lines)]
    if (place / "at").is_file():
        at = int((place / "at").read_text(encoding="ascii"))
        rest = block.start + block.number - at - 1
        found.append((at, f"the process ended with {code}; {rest} inputs after it were not read"))
    return found


def _keep(target: Target, seed: str, what: str, kept: Path) -> None:
    kept.mkdir(parents=True, exist_ok=True)
    stem = seed.replace(" ", "-")
    (kept / f"{stem}-{target.name}").write_bytes(target.input(seed))
    (kept / f"{stem}.txt").write_text(what + "\n", encoding="utf-8")


def _commands(target: Target, seed: int, scratch: Path) -> int:
    """A few study files through the command line, a process each; returns how many ended in another way than 0 or 2."""
    failed = 0
    for number in range(COMMANDS):
        path = scratch / target.name
        path.write_bytes(target.input(f"{seed} command {number}"))
        command = [str(Path(sys.executable).with_name("stagelens")), "check", str(path), "--offline"]
        ended = subprocess.run(command, check=False, capture_output=True, text=True)
        said = ended.stderr.strip()
        if ended.returncode not in (0, 2) or "Traceback" in said:
            failed += 1
            print(f"stagelens check, {seed} command {number}: {ended.returncode}: {said[-300:]}", flush=True)
    print(f"stagelens check: {COMMANDS} study files, exit codes 0 and 2 alone" if not failed else "", flush=True)
    return failed


if __name__ == "__main__":
    main()
