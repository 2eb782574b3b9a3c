"""A training under way: who is told of its steps, what is kept so that it can go on after a kill, where it is saved."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from stagelens.stages import resume
from stagelens.stages.losses import LOSSES, Losses

KEEP_EVERY: Final = 60.0
"""Seconds of training after which its state is kept."""
MOST_KEEPING: Final = 0.05
"""Share of the time that keeping the state may take: a large model's is kept less often."""
EPOCH_RANDOM: Final = "epoch_random.pt"
"""In a training checkpoint: torch's random numbers as its epoch began, from which a sampler may draw the order."""
LOGGED: Final = {"loss": "loss", "reward": "reward", "rewards/accuracies": "accuracy", "rewards/margins": "margin"}
"""What the trainers log of a step that ``losses.json`` keeps, and under which name."""

Progress = Callable[[int, int], None]
"""Called after every training step with the steps done and the steps in all."""


@dataclass(frozen=True, slots=True)
class Point:
    """A part of a training (0 to 1), after which the model is also saved as the checkpoint ``out``.

    ``inputs`` is what decides it, in plain JSON types: the stage's and the part.
    """

    part: float
    out: Path
    inputs: Mapping[str, Any]

    def step(self, total: int) -> int:
        """The step of ``total`` after which it is saved."""
        return max(1, round(self.part * total))


@dataclass(slots=True)
class Course:
    """How one training is to go, and, once it has run, its losses.

    Args:
        tell: called after every step.
        keep_every: seconds of training after which its state is kept in the trainer's output folder, longer ones where
            keeping it takes long; 0: after every step, whatever that costs; None: never.
        points: where it is also saved, those that are not there yet.
        save: saves a point: called with it, the model, the tokenizer, the step and the losses so far.
        counted: tokens by source, as far as they are known before training, for the provenance.
    """

    tell: Progress | None = None
    keep_every: float | None = None
    points: Sequence[Point] = ()
    save: Callable[[Point, Any, Any, int, Losses], None] | None = None
    counted: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    losses: Losses | None = None

    def __call__(self, done: int, total: int) -> None:
        """A step is done: a course stands wherever a ``Progress`` does."""
        if self.tell is not None:
            self.tell(done, total)


def run(trainer: Any, course: Course, tokenizer: Any) -> int:
    """Run a transformers or TRL trainer to its end, from where a killed run of it stopped; returns all steps ever run.

    A training that goes on ends with the weights of one that was never killed, bit for bit on a CPU: the weights, the
    optimizer, the schedule, the random numbers and the order of the data are those that it had. It stops after a step
    whose loss is not finite; ``course.losses`` shows it.
    """
    from transformers import PrinterCallback, ProgressCallback

    work = Path(trainer.args.output_dir)
    trainer.remove_callback(PrinterCallback)
    trainer.remove_callback(ProgressCallback)
    watch = _watch(trainer, course, tokenizer, work)
    trainer.add_callback(watch)
    found = resume.last_whole(work) if course.keep_every is not None else None
    if found is not None and not _can_go_on(found, trainer.model, course):
        found = None
    trainer.accelerator.wait_for_everyone()  # all have looked before the first removes what does not serve
    if trainer.is_world_process_zero():
        resume.keep_only(work, found)
    trainer.accelerator.wait_for_everyone()
    trainer.train(resume_from_checkpoint=None if found is None else str(found))
    return resume.steps_run(work)


def _can_go_on(checkpoint: Path, model: Any, course: Course) -> bool:
    """Whether a training checkpoint lacks nothing: no point that lies before it, and no weight of the model.

    transformers passes over weights that it does not find under the model's own names.
    """
    losses = _losses(checkpoint)
    if any(point.step(losses.total) <= losses.steps for point in course.points):
        return False
    return (checkpoint / "adapter_model.safetensors").is_file() or set(model.state_dict()) <= _saved_names(
        checkpoint
    ) | _tied_names(model)


def _saved_names(checkpoint: Path) -> set[str]:
    from safetensors import safe_open

    names: set[str] = set()
    for path in checkpoint.glob("model*.safetensors"):
        with safe_open(path, framework="pt") as file:
            names |= set(file.keys())
    return names


def _tied_names(model: Any) -> set[str]:
    """Names of weights that are others too: a checkpoint holds them once."""
    first: dict[int, str] = {}
    tied: set[str] = set()
    for name, tensor in model.state_dict().items():
        if first.setdefault(tensor.data_ptr(), name) != name:
            tied |= {name, first[tensor.data_ptr()]}
    return tied


def _losses(checkpoint: Path) -> Losses:
    return Losses.from_state(json.loads((checkpoint / LOSSES).read_text(encoding="utf-8")))


def _watch(trainer: Any, course: Course, tokenizer: Any, work: Path) -> Any:
    """The callback that does what the course says."""
    import torch
    from transformers import TrainerCallback

    class Watch(TrainerCallback):  # type: ignore[misc]
        def __init__(self) -> None:
            self.resumed_random: Any = None
            self.epoch_random: Any = None
            self.kept_at = self.keeping_since = time.monotonic()
            self.keeping_took = 0.0

        def on_train_begin(self, args: Any, state: Any, control: Any, **parts: Any) -> None:
            course.losses = Losses(state.max_steps)
            self.kept_at = time.monotonic()
            if state.global_step:
                checkpoint = work / f"{resume.PREFIX}{state.global_step}"
                course.losses = _losses(checkpoint)
                self.resumed_random = torch.load(checkpoint / EPOCH_RANDOM, weights_only=True)
                _advance(parts["train_dataloader"], epochs=int(state.epoch))

        def on_epoch_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            if self.resumed_random is not None:
                torch.set_rng_state(self.resumed_random)
                self.resumed_random = None
            self.epoch_random = torch.get_rng_state()

        def on_step_end(self, args: Any, state: Any, control: Any, **parts: Any) -> None:
            if trainer.is_world_process_zero():
                resume.count_step(work)
            course(state.global_step, state.max_steps)
            control.should_log = True
            if state.global_step < state.max_steps and self._due(trainer) and _between(args, state, parts):
                control.should_save = True
                self.keeping_since = time.monotonic()

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
            state.log_history.clear()  # it is written with every kept state, and grows with the steps
            if "loss" not in logs:
                return
            losses = course.losses
            assert losses is not None
            sources = trainer.take_tally() if hasattr(trainer, "take_tally") else {}
            losses.add({ours: float(logs[theirs]) for theirs, ours in LOGGED.items() if theirs in logs}, sources)
            if not math.isfinite(logs["loss"]):
                control.should_training_stop = True
                control.should_save = False
                return
            for point in course.points if trainer.is_world_process_zero() else ():
                if point.step(losses.total) == losses.steps and course.save is not None:
                    course.save(point, trainer.model, tokenizer, losses.steps, losses)

        def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            checkpoint = work / f"{resume.PREFIX}{state.global_step}"
            trainer.accelerator.wait_for_everyone()  # each process writes its own random numbers
            if trainer.is_world_process_zero():
                assert course.losses is not None
                at_end = state.epoch == int(state.epoch)  # the next epoch begins with the numbers as they are now
                torch.save(torch.get_rng_state() if at_end else self.epoch_random, checkpoint / EPOCH_RANDOM)
                (checkpoint / LOSSES).write_text(json.dumps(course.losses.state()), encoding="utf-8")
                resume.declare_whole(checkpoint)
                resume.keep_only(work, checkpoint)
            trainer.accelerator.wait_for_everyone()  # else one that is ahead writes its next into what is removed
            self.kept_at = time.monotonic()
            self.keeping_took = self.kept_at - self.keeping_since

        def _due(self, trainer: Any) -> bool:
            if course.keep_every is None or getattr(trainer.args, "sync_ref_model", False):
                return False  # a reference model that moves is in no checkpoint
            wait = max(course.keep_every, self.keeping_took / MOST_KEEPING) if course.keep_every else 0.0
            return _agreed(time.monotonic() - self.kept_at >= wait, trainer.accelerator)

    return Watch()


def _agreed(here: bool, accelerator: Any) -> bool:
    """What the first process says, in all of them: their clocks differ, and a state is kept by all or by none."""
    if accelerator.num_processes == 1:
        return here
    import torch
    from accelerate.utils import broadcast

    return bool(broadcast(torch.tensor([int(here)], device=accelerator.device)).item())


def _between(args: Any, state: Any, parts: Mapping[str, Any]) -> bool:
    """Whether the step stands between two rounds of answers: those of an open round are in no checkpoint (GRPO)."""
    if not hasattr(args, "steps_per_generation"):
        return True
    passes = round((state.epoch - int(state.epoch)) * len(parts["train_dataloader"]))
    return bool(passes % (args.steps_per_generation * args.num_iterations) == 0)


def _advance(loader: Any, *, epochs: int) -> None:
    """Put a sampler that draws one epoch's order after the other (GRPO's) where it stood after ``epochs`` of them.

    Others start every epoch from the epoch's number, or from torch's own random numbers.
    """
    batches = loader.batch_sampler
    sampler: Any = getattr(getattr(batches, "batch_sampler", batches), "sampler", None)
    if getattr(sampler, "generator", None) is not None and not hasattr(sampler, "set_epoch"):
        for _ in range(epochs):
            for _ in sampler:
                pass
