"""What a run needs of others fails it: a judge that hangs, a Docker engine that dies."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from functools import partial

from disturbing.bench import INCOMPLETE, Bench, BrokenPromiseError, Trial

PATIENCE = {"STAGELENS_ATTEMPT_TIMEOUT": "8", "STAGELENS_MAX_RETRIES": "0", "STAGELENS_OUTAGE": "6"}
"""Seconds; by default ten minutes a try, and five without any answer."""


def hanging(bench: Bench) -> Iterator[Trial]:
    """A judge, and a stage's provider, that take requests and never answer; then they do."""
    for model, named in (("judge", "ungraded"), ("two", "unattempted")):
        yield f"{model} hangs", partial(_hangs, bench, model, named)


def _hangs(bench: Bench, model: str, named: str) -> str:
    study = bench.asked
    out = bench.fresh(name="hanging")
    before = bench.chat.answered.copy()
    bench.chat.hanging.add(model)
    started = time.monotonic()
    command = bench.command(study, out, variables=PATIENCE)
    said = bench.expect((command.finish(180), command.sentence), INCOMPLETE)
    took = time.monotonic() - started
    bench.chat.hanging.clear()
    if named not in said:
        raise BrokenPromiseError(f"what is missing is not named: {said}")
    time.sleep(0.5)  # the server's threads end
    bench.same(study, out, variables=PATIENCE)
    given = bench.chat.answered - before
    # Of the other stage, or of both. A judge is asked some questions twice by design, and which depends on how many.
    stages = {"one", "two"} - {model}
    twice = sum(max(0, count - study.asked[text]) for text, count in given.items() if text[0] in stages)
    if twice:
        raise BrokenPromiseError(f"{twice} answers were asked for twice")
    shutil.rmtree(out)
    return f"ended in {took:.0f} s with exit code {INCOMPLETE}, what is missing named; same verdicts, none asked twice"
