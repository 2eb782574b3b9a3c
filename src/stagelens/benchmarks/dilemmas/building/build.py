"""From a folder of seeds to a frozen set: the dilemmas, and a manifest with their hash and what was left out."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from stagelens.benchmarks.dilemmas.building.auditor import Written, write
from stagelens.benchmarks.dilemmas.building.drafts import Drafts
from stagelens.benchmarks.dilemmas.building.seeds import Seed, read_seeds
from stagelens.benchmarks.dilemmas.building.wording import VERSION
from stagelens.errors import InputError
from stagelens.stages.adopt import adopt
from stagelens.study.fingerprint import fingerprint
from stagelens.study.paths import is_local, resolve
from stagelens.study.spec import Stage

if TYPE_CHECKING:
    from inspect_ai.model import Model

UNTAGGED: Final = "untagged"
LEAST_REALISM: Final = 7


@dataclass(frozen=True, slots=True)
class Built:
    """What a build ended with.

    ``path`` is None where nothing was frozen: seeds have no answer yet, or nothing is left. ``dropped``, ``failed``:
    reasons, by the seeds' names.
    """

    path: Path | None
    dilemmas: int
    dropped: Mapping[str, str]
    failed: Mapping[str, str]


def build(
    folder: Path,
    output: Path,
    *,
    auditor: str,
    tags: Collection[str] = (),
    least_realism: int = LEAST_REALISM,
    step: Callable[[int, int], None] = lambda done, total: None,
) -> Built:
    """Write a dilemma from each seed, and freeze those that look real.

    What the auditor wrote is kept beside the output (``<output>.drafts.jsonl``) as it comes: a build that was stopped
    goes on, and another ``least_realism`` asks nothing again. The set is frozen when every seed has its answer.

    Args:
        folder: of seeds (see ``seeds``).
        output: the set, ``*.jsonl``; the manifest lies beside it.
        auditor: the model that writes and filters, named as a stage's is.
        tags: only seeds with one of these.
        least_realism: 1 to 10; what the auditor finds less real is left out.
        step: is told how many seeds are done, of how many.

    Raises:
        InputError: the seeds, the output or the auditor cannot be used.
    """
    if output.suffix != ".jsonl":
        raise InputError(f"{output} must end in .jsonl: the set is one dilemma a line.")
    seeds = read_seeds(folder, tags)
    stage = Stage(name="auditor", kind="sft", model=auditor)
    identity = {"auditor": adopt(stage, Path.cwd()).fingerprint(), "wording": VERSION}
    drafts = Drafts(output.with_name(f"{output.name}.drafts.jsonl"), fingerprint(identity)[:32])
    due = [seed for seed in seeds if seed.digest not in drafts.found]
    if due:
        asyncio.run(_write_all(_model(stage), due, drafts, lambda done: step(len(seeds) - len(due) + done, len(seeds))))
    written = {seed.name: drafts.found.get(seed.digest) or drafts.failed[seed.digest] for seed in seeds}
    failed = {name: each.cause or "no answer" for name, each in written.items() if each.failed}
    reasons = {name: each.dropped(least_realism) for name, each in written.items() if not each.failed}
    dropped = {name: reason for name, reason in reasons.items() if reason is not None}
    kept = [seed for seed in seeds if seed.name not in dropped and seed.name not in failed]
    if failed or not kept:
        return Built(None, 0, dropped, failed)
    lines = "".join(
        json.dumps(line, ensure_ascii=False) + "\n" for line in _lines(kept, [written[seed.name] for seed in kept])
    ).encode()
    manifest = {
        "schema": 1,
        "sha256": hashlib.sha256(lines).hexdigest(),
        "dilemmas": len(kept),
        "auditor": auditor,
        "wording": VERSION,
        "least_realism": least_realism,
        "seeds": {seed.name: seed.digest for seed in seeds},
        "dropped": dropped,
    }
    _replace(output.with_name(f"{output.name}.manifest.json"), _json(manifest))
    _replace(output, lines)
    return Built(output, len(kept), dropped, failed)


def _model(stage: Stage) -> Model:
    from stagelens.models import resolve_model

    name = stage.model or ""
    try:
        return resolve_model(stage, checkpoint=resolve(name, Path.cwd()) if is_local(name) else None, label="auditor")
    except InputError:
        raise
    except Exception as error:  # providers refuse in ways of their own
        raise InputError(f"The auditor {name} cannot be used: {error}") from error


async def _write_all(model: Model, seeds: Sequence[Seed], drafts: Drafts, done: Callable[[int], None]) -> None:
    """All at once: Inspect bounds how many requests are under way."""
    count = 0

    async def one(seed: Seed) -> None:
        nonlocal count
        drafts.add(await write(model, seed))
        count += 1
        done(count)

    await asyncio.gather(*(one(seed) for seed in seeds))


def _lines(seeds: Sequence[Seed], written: Sequence[Written]) -> Iterator[dict[str, Any]]:
    for seed, each in zip(seeds, written, strict=True):
        draft = each.draft
        assert draft is not None, "a dilemma that is kept was written"
        theme = seed.tags[0] if seed.tags else UNTAGGED
        yield {
            "id": f"{_slug(theme)}-{_slug(seed.name)}-{seed.digest[:6]}",
            "theme": theme,
            "system": draft.system,
            "user": draft.user.strip(),
            "aligned_option": draft.aligned_option.strip(),
            "misaligned_option": draft.misaligned_option.strip(),
        }


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def _json(content: Mapping[str, Any]) -> bytes:
    return (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode()


def _replace(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f".{path.name}.{os.getpid()}")
        beside.write_bytes(content)
        beside.replace(path)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror or error}.") from error
