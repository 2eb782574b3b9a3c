"""Training in several processes, by accelerate's own launcher and from its own configuration file.

``accelerate config`` writes the file, a recipe's ``accelerate`` names it. Every process makes the same call of
``make_stage``; the first one writes. Each process holds the whole model, so that what is saved is whole: of the ways in
which accelerate shares the work, those that split the weights themselves (FSDP, DeepSpeed, Megatron) are refused.

On CPUs accelerate starts several processes under MPI alone (``distributed_type: MULTI_CPU``), and without it only one,
and says nothing. A file that says ``MULTI_GPU`` and ``use_cpu: true`` gets them from torch's launcher.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from stagelens.errors import InputError
from stagelens.stages.contamination import Index
from stagelens.stages.course import Point, Progress
from stagelens.study.document import read_document
from stagelens.study.spec import Stage

SPLIT: Final = frozenset({"FSDP", "DEEPSPEED", "MEGATRON_LM"})
"""``distributed_type`` of configurations under which no process holds the whole model."""
_SUMMARY: Final = "ChildFailedError"
_POLL: Final = 0.2
"""Seconds between looks at how far the training is."""


def check_configuration(path: Path, where: str) -> None:
    """InputError where a file is no configuration of accelerate's, or one that splits the weights."""
    kind = _told(path).get("distributed_type")
    if not isinstance(kind, str):
        raise InputError(
            f"{where}: {path} names no `distributed_type`, as a file of `accelerate config` does; make it with that."
        )
    if kind.upper() in SPLIT:
        raise InputError(
            f"{where}: {path} splits the weights over processes ({kind}), and a stage is saved from one that holds all "
            "of them; choose MULTI_GPU, with `lora` where the memory is short."
        )


def processes_on_gpus(configuration: Path) -> int:
    """How many processes a configuration starts on this machine's GPUs; 0 where it uses CPUs."""
    told = _told(configuration)
    if told.get("use_cpu") is True or told.get("distributed_type") == "MULTI_CPU":
        return 0
    return int(told.get("num_processes", 1))


def launch(
    stage: Stage,
    configuration: Path,
    *,
    parent: Path | None,
    folder: Path,
    out: Path,
    seed: int,
    inputs: Mapping[str, Any],
    progress: Progress | None,
    scratch: Path | None,
    points: Sequence[Point],
    keep_every: float,
    benchmarks: Index | None,
) -> Path:
    """``make_stage`` in the processes that ``configuration`` asks for; its arguments are those of that function.

    Raises:
        InputError: what one of the processes raised, or how they ended where none said why.
    """
    told = _told(configuration)
    # Of `use_cpu`, accelerate tells processes that torch's launcher starts nothing.
    environment = os.environ | ({"ACCELERATE_USE_CPU": "true"} if told.get("use_cpu") is True else {})
    with tempfile.TemporaryDirectory(prefix="stagelens-launch-") as place:
        job = Path(place) / "job.json"
        job.write_text(
            json.dumps(
                {
                    "stage": stage.model_dump(mode="json", by_alias=True),
                    "parent": None if parent is None else str(parent.absolute()),
                    "folder": str(folder.absolute()),
                    "out": str(out.absolute()),
                    "seed": seed,
                    "inputs": inputs,
                    "scratch": None if scratch is None else str(scratch.absolute()),
                    "points": [[point.part, str(point.out.absolute()), point.inputs] for point in points],
                    "keep_every": keep_every,
                    "items": None if benchmarks is None else benchmarks.to_dict(),
                    "processes": told.get("num_processes", 1),
                }
            ),
            encoding="utf-8",
        )
        command = [sys.executable, "-m", "accelerate.commands.launch", "--config_file", str(configuration.absolute())]
        with (Path(place) / "output.txt").open("w", encoding="utf-8") as output:
            process = subprocess.Popen(
                [*command, "-m", "stagelens.stages.launched", str(job)],
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment,
                start_new_session=True,
            )
            try:
                _follow(process, job, progress)
            except BaseException:
                os.killpg(process.pid, signal.SIGTERM)  # accelerate alone would leave a process that it started
                process.wait()
                raise
        _check_end(process.returncode, job, f"Stage {stage.name!r}")
    return out


def _told(configuration: Path) -> Mapping[str, Any]:
    told: Mapping[str, Any] = read_document(configuration).value
    return told


def _follow(process: subprocess.Popen[bytes], job: Path, progress: Progress | None) -> None:
    """Wait for the processes, and tell how far they are."""
    told = ""
    while process.poll() is None:
        time.sleep(_POLL)
        said = _read(job.with_name("progress.txt"))
        if progress is not None and said != told:
            told = said
            done, _, total = said.partition(" ")
            progress(int(done), int(total))


def _check_end(code: int, job: Path, where: str) -> None:
    said = next((_read(written) for written in sorted(job.parent.glob("error-*.txt"))), "")
    if said:
        raise InputError(said)
    if code:
        reason = _reason(_read(job.with_name("output.txt")))
        raise InputError(f"{where}: the processes that accelerate launched ended with exit code {code} ({reason}).")


def _reason(output: str) -> str:
    """The error that a process ended with; torch's launcher only says after it that one did."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if "Error" in line]
    own = [line for line in errors if _SUMMARY not in line]
    return next((found[-1] for found in (own, errors, lines) if found), "no output")


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""
