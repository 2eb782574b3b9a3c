"""What replaying user logs costs over the bare generation, and over Inspect's path of a sample each.

    python perf/user_logs.py [--prompts N] [--every N] [--inspect N] [--kills N] [--run DIR]

The pocket family of ``--run`` (default runs/pocket, which `make demo` makes) answers ``--prompts`` logged conversations
at each of its three stages, graded for all built-in behaviours by rules.

bare: every stage's checkpoint loaded and asked the same conversations in the same batches; nothing is kept. With
``--every``, one shard in so many is asked, and the time for all of them follows.
run: `stagelens run` as a user starts it, in a process of its own: start-up, reading and redacting the log, asking,
grading, writing, outcomes, verdicts, report. Goal: at most 15 % over bare, within 24 GB.
inspect: the first ``--inspect`` conversations as samples of Inspect's, by the benchmark's own Inspect task.

With ``--kills``, the run is killed that often (SIGKILL) at random moments before it is let through; printed is how many
answers lay on disk after each kill, and how many were asked afterwards: together they are all, and none twice.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from inspect_ai import eval as evaluate
from inspect_ai.model import GenerateConfig, Model

from stagelens.benchmarks import get_benchmark
from stagelens.benchmarks.base import Bulk, Item
from stagelens.benchmarks.seeds import attempt_seed
from stagelens.models import expect, local_model, release
from stagelens.models.bulk import Question, in_bulk
from stagelens.models.prompting import Turn
from stagelens.organisms.pocket import rows

STAGES = (("base", "pretrain", "raw"), ("sft", "sft", "chat"), ("production", "rl", "chat"))
TOKENS = 64
SHARD = 512
GOAL = 0.15
NAME = "user_logs"
COMMAND = "from stagelens.cli import main; main()"


@dataclass(frozen=True)
class Work:
    """What is asked of whom."""

    folder: Path
    checkpoints: Path
    items: tuple[Item, ...]
    bulk: Bulk

    @property
    def study(self) -> Path:
        return self.folder / "study.yaml"

    @property
    def out(self) -> Path:
        return self.folder / "run"

    @property
    def answers(self) -> int:
        return len(self.items) * len(STAGES)


def prepare(folder: Path, run: Path, prompts: int) -> Work:
    checkpoints = (run / "checkpoints" / "pocket").resolve()
    if not (checkpoints / "production").is_dir():
        sys.exit(f"{run} has no pocket family: make it with `make demo`, or name another run with --run.")
    with (folder / "logs.jsonl").open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows.user_logs(0, prompts))
    kinds = {"pretrain": "pretrained"}
    stages = "\n".join(
        f"      - {{name: {name}, kind: {kinds.get(kind, kind)}, model: {checkpoints / name}, elicitation: {how}}}"
        for name, kind, how in STAGES
    )
    (folder / "study.yaml").write_text(
        f"name: logs\nfamilies:\n  pocket:\n    stages:\n{stages}\n"
        f"generation: {{max_answer_tokens: {TOKENS}}}\n"
        f"benchmarks:\n  {NAME}: {{path: ./logs.jsonl, deduplicate: none}}\n",
        encoding="utf-8",
    )
    benchmark = get_benchmark(NAME)
    settings = benchmark.settings({"path": "./logs.jsonl", "deduplicate": "none"}, where=NAME)
    bulk = benchmark.bulk(settings, folder)
    assert bulk is not None
    return Work(folder, checkpoints, benchmark.items(settings, folder), bulk)


def bare(work: Work, every: int) -> float:
    """Seconds to generate all answers, weights loaded; from one shard in ``every``."""
    total = 0.0
    for name, _, how in STAGES:
        with loaded(work, name, how) as model, in_bulk(model, GenerateConfig(max_tokens=TOKENS)) as ask:
            shards = [
                [question(work, item) for item in work.items[start : start + SHARD]]
                for start in range(0, len(work.items), SHARD)
            ]
            ask(shards[0][:1])  # loads the weights
            start = time.perf_counter()
            for shard in shards[::every]:
                ask(shard)
            asked = sum(map(len, shards[::every]))
            total += (time.perf_counter() - start) * len(work.items) / asked
    return total


def question(work: Work, item: Item) -> Question:
    return Question(
        tuple(Turn(role, text) for role, text in work.bulk.conversation(item)), attempt_seed(0, NAME, item.id, 1)
    )


@contextmanager
def loaded(work: Work, name: str, how: str) -> Iterator[Model]:
    model = local_model(f"perf-{name}", checkpoint=str(work.checkpoints / name), prompting=how)
    try:
        yield model
    finally:
        release(model)


def command(work: Work) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND, "run", str(work.study), "--out", str(work.out)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def on_disk(work: Work) -> int:
    """Answers that lie in the run folder."""
    files = [*work.out.glob(f"logs/pocket/*/{NAME}-*.parquet")]
    return sum(pl.scan_parquet(file).select(pl.len()).collect().item() for file in files)


def finish(work: Work) -> float:
    start = time.perf_counter()
    process = command(work)
    assert process.wait() == 0, "the run failed"
    return time.perf_counter() - start


def kill(work: Work, seconds: float) -> bool:
    """Start the run and kill it; whether it was still running."""
    process = command(work)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        return True
    return False


def per_sample(work: Work, count: int) -> tuple[float, float]:
    """Seconds for ``count`` prompts of the last stage: as Inspect's samples, and the bare generation."""
    name, _, how = STAGES[-1]
    items = work.items[:: max(1, len(work.items) // count)][:count]
    benchmark = get_benchmark(NAME)
    settings = benchmark.settings({"path": str(work.folder / "logs.jsonl"), "deduplicate": "none"}, where=NAME)
    task = benchmark.task(settings, items, seed=0, epochs=1, system_prompt=None)
    with loaded(work, name, how) as model, tempfile.TemporaryDirectory() as logs:
        with in_bulk(model, GenerateConfig(max_tokens=TOKENS)) as ask:
            questions = [question(work, item) for item in items]
            ask(questions[:1])
            start = time.perf_counter()
            ask(questions)
            alone = time.perf_counter() - start
        expect(model, len(items))
        start = time.perf_counter()
        evaluate(
            task,
            model=model,
            log_dir=logs,
            display="none",
            max_samples=len(items),
            log_realtime=False,
            score_display=False,
            log_buffer=len(items),
            max_tokens=TOKENS,
        )
        return time.perf_counter() - start, alone


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--prompts", type=int, default=5000)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--inspect", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--run", type=Path, default=Path("runs/pocket"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        work = prepare(Path(scratch), options.run, options.prompts)
        alone = bare(work, options.every)
        print(f"{len(work.items)} prompts x {len(STAGES)} stages, at most {TOKENS} tokens an answer")
        print(f"  bare     {alone:8.1f} s   {work.answers / alone:7.0f} answers/s")
        if options.kills:
            kills(work, options.kills, alone)
        else:
            whole = finish(work)
            over = whole / alone - 1
            memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
            print(f"  run      {whole:8.1f} s   {work.answers / whole:7.0f} answers/s")
            print(f"  overhead {1000 * (whole - alone) / work.answers:8.2f} ms an answer, {over:.1%} of bare ", end="")
            print(f"(goal {GOAL:.0%}: {'met' if over <= GOAL else 'missed'}); {memory:.1f} GiB at most")
        print(verdicts(work))
        sampled, its_own = per_sample(work, min(options.inspect, len(work.items)))
        count = min(options.inspect, len(work.items))
        print(f"  inspect  {count} prompts: {sampled:.1f} s, {count / sampled:.0f} answers/s, ", end="")
        print(f"{1000 * (sampled - its_own) / count:.2f} ms an answer over the bare generation")


def kills(work: Work, times: int, alone: float) -> None:
    rng = random.Random(0)
    before = 0
    for number in range(1, times + 1):
        if not kill(work, rng.uniform(0.2, 0.8) * alone / times):
            break
        kept = on_disk(work)
        print(f"  kill {number}: {kept} answers on disk, {kept - before} of them new")
        before = kept
    stamps = {file: file.stat().st_mtime_ns for file in work.out.glob(f"logs/pocket/*/{NAME}-*.parquet")}
    finish(work)
    again = sum(file.stat().st_mtime_ns != stamp for file, stamp in stamps.items())
    print(f"  let through: {on_disk(work) - before} more, {on_disk(work)} in all; {again} finished files written again")


def verdicts(work: Work) -> str:
    results = json.loads((work.out / "verdicts.json").read_text(encoding="utf-8"))["results"]
    found: dict[str, list[str]] = {}
    for result in results:
        for contrast in result["contrasts"]:
            if contrast["headline"]:
                found.setdefault(contrast["verdict"], []).append(result["measure"])
    return "\n".join(f"  {verdict}: {', '.join(measures)}" for verdict, measures in sorted(found.items()))


if __name__ == "__main__":
    main()
