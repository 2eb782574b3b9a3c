"""Files of a run folder that are cut off, and a checkpoint half written."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from disturbed import Products, products
from disturbing.bench import DONE, REFUSED, Bench, BrokenPromiseError, Study, Trial

CUT = (
    *("ledger.sqlite", "study.yaml", "plan.json", "outcomes.parquet", "verdicts.json", "report.html", "judging.json"),
    *("logs/*/sft/safety-0000.eval", "logs/*/sft/user_logs-0000.parquet", "logs/*/sft/samples/user_logs.eval"),
    *("judgements/safety/*.eval", "checkpoints/*/sft/model.safetensors", "checkpoints/*/sft/config.json"),
    *("checkpoints/*/sft/tokenizer.json", "checkpoints/*/sft/recipe.json", "checkpoints/*/sft/losses.json"),
)
PARTS = (0.0, 0.6)
"""What is left of a file."""


def cut(path: Path, part: float) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * part)])


def truncated(bench: Bench) -> Iterator[Trial]:
    """Every kind of file cut off in a finished folder: the same verdicts, or a sentence that names the file."""
    for study in (bench.made, bench.asked):
        for pattern in CUT:
            found = next(study.whole.glob(pattern), None)
            for part in PARTS if found else ():
                place = str(found.relative_to(study.whole))
                yield f"{place} cut to {part:.0%}", partial(_cut_off, bench, study, place, part)


def _cut_off(bench: Bench, study: Study, place: str, part: float) -> str:
    out = bench.fresh(study, name="cut")
    path = out / place
    before = products(out)
    cut(path, part)
    code, sentence = bench.run(study, out, cache=study.whole.name)
    bench.expect((code, sentence), DONE, REFUSED)
    if code == DONE:
        return _rest(bench, study, out, before, path)
    if path.name not in sentence and str(path.parent) not in sentence:
        raise BrokenPromiseError(f"the sentence does not name it: {sentence}")
    if not path.is_file():
        raise BrokenPromiseError("it was removed")
    path.unlink()  # as the sentence says
    return "a sentence; " + _rest(bench, study, out, before, path)


def _rest(bench: Bench, study: Study, out: Path, before: Products, path: Path) -> str:
    """The same command again; what was not damaged is the file that it was."""
    bench.same(study, out, cache=study.whole.name)
    own = str(path.relative_to(out))
    bench.kept(out, {name: state for name, state in before.items() if name != own and _apart(name, own)})
    shutil.rmtree(out)
    return "same verdicts"


def _apart(name: str, damaged: str) -> bool:
    """A checkpoint is one piece: any file of it that is lost has all of it made again."""
    return not damaged.startswith("checkpoints/") or Path(name).parent != Path(damaged).parent


def half_checkpoint(bench: Bench) -> Iterator[Trial]:
    """A checkpoint of which only a part reached the disk, with and without a ledger that knows it, and no answers."""
    for known in (True, False):
        for part in PARTS:
            ledger = "in the ledger" if known else "no ledger"
            yield f"half a checkpoint ({part:.0%} of its weights), {ledger}", partial(_half, bench, part, known)


def _half(bench: Bench, part: float, known: bool) -> str:
    out = bench.fresh(bench.made, name="half")
    cut(next(out.glob("checkpoints/*/sft/model.safetensors")), part)
    for stage in out.glob("logs/*/*"):
        shutil.rmtree(stage)
    if not known:
        (out / "ledger.sqlite").unlink()
    before = {name: state for name, state in products(out).items() if "checkpoints/" in name and "/sft/" not in name}
    bench.same(bench.made, out, cache=bench.made.whole.name)
    bench.kept(out, before)
    shutil.rmtree(out)
    return "same verdicts"
