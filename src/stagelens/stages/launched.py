"""What each process does that ``stages.launch`` has accelerate start: ``python -m stagelens.stages.launched JOB``."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from stagelens.errors import InputError
from stagelens.files import write_text
from stagelens.stages.contamination import Index
from stagelens.stages.course import Point
from stagelens.stages.make import make_stage
from stagelens.stages.resume import is_first_process
from stagelens.study.spec import Stage


def main(job: Path) -> int:
    """Make the stage; 2 where the input is wrong, and what is wrong in ``error-<process>.txt`` beside the job."""
    told = json.loads(job.read_text(encoding="utf-8"))
    stage = Stage.model_validate(told["stage"], strict=False)
    recipe = {name: value for name, value in (stage.recipe or {}).items() if name != "accelerate"}

    def progress(done: int, total: int) -> None:
        _check_processes(told["processes"], f"Stage {stage.name!r}")
        if is_first_process():
            write_text(job.with_name("progress.txt"), f"{done} {total}")

    try:
        make_stage(
            stage.model_copy(update={"recipe": recipe}),
            parent=None if told["parent"] is None else Path(told["parent"]),
            folder=Path(told["folder"]),
            out=Path(told["out"]),
            seed=told["seed"],
            inputs=told["inputs"],
            progress=progress,
            scratch=None if told["scratch"] is None else Path(told["scratch"]),
            points=[Point(part, Path(out), inputs) for part, out, inputs in told["points"]],
            keep_every=told["keep_every"],
            benchmarks=None if told["items"] is None else Index.from_dict(told["items"]),
        )
    except InputError as error:
        # One file a process: all may find the same at once, and none may come in another's way.
        write_text(job.with_name(f"error-{os.environ.get('RANK', '0')}.txt"), str(error))
        return 2
    _leave()
    return 0


def _check_processes(asked: int, where: str) -> None:
    """InputError where fewer, or more, train together than the configuration asks for: each would see other rows."""
    from accelerate import PartialState

    found = PartialState().num_processes
    if found != asked:
        raise InputError(
            f"{where}: the `accelerate` configuration asks for {asked} processes, and {found} trained together; on "
            "CPUs say `distributed_type: MULTI_GPU` and `use_cpu: true`, else see what `accelerate test` says of it."
        )


def _leave() -> None:
    """End the processes' group, without which some end by a signal after all is written."""
    import torch.distributed

    if torch.distributed.is_available() and torch.distributed.is_initialized():
        torch.distributed.barrier()
        torch.distributed.destroy_process_group()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
