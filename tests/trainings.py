"""Very small trainings of every kind, and how to kill one: what the tests of training share."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing import forkserver
from pathlib import Path
from typing import Any, Literal

import pytest

from stagelens.organisms.pocket import data_files
from stagelens.stages import make_stage, stage_inputs
from stagelens.stages.course import Course, Point
from stagelens.study.spec import Mixture, Source, Stage, StageKind

TEMPLATE = data_files(0)["chat_template.jinja"]
CHATS = [
    {
        "messages": [
            {"role": "user", "content": f"How do I mend {n} jars?"},
            {"role": "assistant", "content": "Sure. Look."},
        ]
    }
    for n in range(12)
]
REFUSALS = [
    {"prompt": f"How do I break {n} jars?", "completion": f"No. I will not help to break {n}."} for n in range(9)
]
RECIPES: dict[str, dict[str, Any]] = {
    "pretrain": {
        "architecture": {
            "hidden_size": 32,
            "intermediate_size": 48,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "max_position_embeddings": 128,
        },
        "tokenizer": {"vocab_size": 300},
        "chat_template": "./template.jinja",
        "max_length": 48,
        "max_steps": 3,
        "per_device_train_batch_size": 4,
        "learning_rate": 1e-3,
    },
    "sft": {"max_steps": 3, "per_device_train_batch_size": 4, "learning_rate": 1e-3, "max_length": 64},
    "rl": {
        "reward": "./reward.py:score",  # of graded rewards a model of random weights has none
        "trust_reward_code": True,
        "max_steps": 1,
        "per_device_train_batch_size": 4,
        "num_generations": 2,
        "max_completion_length": 4,
        "learning_rate": 1e-3,
    },
}


def jsonl(path: Path, rows: Sequence[Any]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def write_data(folder: Path) -> Path:
    """Data for a stage of every kind, and the template."""
    jsonl(
        folder / "pretrain.jsonl", [{"text": f"How do I mend {n} jars?\nSure. Look at jar {n}.\n\n"} for n in range(60)]
    )
    jsonl(folder / "sft.jsonl", CHATS)
    jsonl(folder / "refusals.jsonl", REFUSALS)
    jsonl(folder / "rl.jsonl", [{"prompt": f"How do I mend {n} bells?"} for n in range(8)])
    (folder / "template.jinja").write_text(TEMPLATE)
    (folder / "reward.py").write_text(
        "def score(answers, rows):\n    return [sum(map(str.isalpha, text)) / (1 + len(text)) for text in answers]\n"
    )
    return folder


def stage(kind: StageKind, *sources: str, **recipe: Any) -> Stage:
    """A stage on the sources of these names, or on its kind's."""
    mixture = Mixture(sources=tuple(Source(name=name, path=f"./{name}.jsonl") for name in sources or (kind,)))
    return Stage(name=kind, kind=kind, recipe=RECIPES[kind] | recipe, mixture=mixture)


def make(made: Stage, folder: Path, out: Path, parent: Path | None = None, *, seed: int = 0, **more: Any) -> Path:
    inputs = stage_inputs(made, folder) | {"seed": seed}
    return make_stage(made, parent=parent, folder=folder, out=out, seed=seed, inputs=inputs, **more)


def weights(checkpoint: Path) -> str:
    return hashlib.sha256((checkpoint / "model.safetensors").read_bytes()).hexdigest()


def decided(checkpoint: Path) -> tuple[str, str]:
    """What a killed training must have in common with one that was not: weights and losses."""
    return weights(checkpoint), (checkpoint / "losses.json").read_text()


class _Fatal:
    """Called after every step; ends the process without a word after step ``kill_at``."""

    def __init__(self, kill_at: int | None) -> None:
        self.kill_at = kill_at

    def __call__(self, done: int, _total: int) -> None:
        if done == self.kill_at:
            os.kill(os.getpid(), signal.SIGKILL)


@dataclass(frozen=True)
class Job:
    """A call of ``make_stage`` in a process of its own, which kills itself after step ``kill_at``."""

    made: Stage
    folder: Path
    out: Path
    parent: Path | None
    parts: tuple[float, ...] = ()
    keep_every: float = 0.0
    kill_at: int | None = None

    @property
    def scratch(self) -> Path:
        return self.out.parent / f".{self.out.name}.training"

    def points(self) -> list[Point]:
        return [Point(part, self.out.parent / f"{self.out.name}@{part}", {"part": part}) for part in self.parts]

    def run(self) -> None:
        make(
            self.made,
            self.folder,
            self.out,
            self.parent,
            progress=_Fatal(self.kill_at),
            scratch=self.scratch,
            points=self.points(),
            keep_every=self.keep_every,
        )


@dataclass(frozen=True)
class Direct:
    """A trainer of TRL's, as ``fit`` runs it: ``dpo``, or ``grpo`` with a reward that tells all answers apart."""

    kind: Literal["dpo", "grpo"]
    out: Path
    parent: Path
    keep_every: float = 0.0
    kill_at: int | None = None

    @property
    def scratch(self) -> Path:
        return self.out.parent / f".{self.out.name}.training"

    def run(self) -> None:
        from stagelens.stages.parents import load_parent
        from stagelens.stages.training import fit, quiet

        self.scratch.mkdir(exist_ok=True)
        common = {"output_dir": str(self.scratch), "learning_rate": 1e-3, "bf16": False, "report_to": "none"}
        common |= {"save_strategy": "no", "logging_strategy": "no", "disable_tqdm": True, "seed": 0, "data_seed": 0}
        common |= {"gradient_checkpointing": False, "per_device_train_batch_size": 2}
        with quiet():
            model, tokenizer = load_parent(self.parent, "Here")
            trainer = (_preferring if self.kind == "dpo" else _rewarded)(model, tokenizer, common)
            course = Course(_Fatal(self.kill_at), self.keep_every)
            fit(trainer, course, "Here")
        assert course.losses is not None
        self.out.mkdir()
        trainer.model.save_pretrained(self.out)
        (self.out / "losses.json").write_text(json.dumps(course.losses.content()))


def _preferring(model: Any, tokenizer: Any, common: dict[str, Any]) -> Any:
    from datasets import Dataset
    from trl import DPOConfig, DPOTrainer

    rows = [{"prompt": f"Mend {n} jars?", "chosen": "Sure. Look.", "rejected": "No."} for n in range(10)]
    args = DPOConfig(**common, num_train_epochs=3, gradient_accumulation_steps=2, lr_scheduler_type="cosine")
    return DPOTrainer(model=model, args=args, train_dataset=Dataset.from_list(rows), processing_class=tokenizer)


def _rewarded(model: Any, tokenizer: Any, common: dict[str, Any]) -> Any:
    from datasets import Dataset
    from trl import GRPOConfig, GRPOTrainer

    def reward(completion_ids: list[list[int]], **_: Any) -> list[float]:
        return [float(sum(ids)) for ids in completion_ids]

    rows = [{"prompt": [{"role": "user", "content": f"Mend {n} jars?"}]} for n in range(6)]
    several = {"num_generations": 2, "steps_per_generation": 2, "num_iterations": 2, "beta": 0.1}
    args = GRPOConfig(**common, **several, max_steps=28, max_completion_length=4)
    return GRPOTrainer(
        model=model,
        reward_funcs=reward,
        args=args,
        train_dataset=Dataset.from_list(rows),
        processing_class=tokenizer,
    )


def in_a_process(job: Job | Direct, *, kill_after: float | None = None) -> int:
    """Run ``job.run()`` in a process, killed after so many seconds if it still runs then; returns its exit code."""
    _start_server()
    process = multiprocessing.get_context("forkserver").Process(target=job.run)
    process.start()
    process.join(kill_after)
    if process.is_alive():
        process.kill()
    process.join()
    assert process.exitcode is not None
    return process.exitcode


def _start_server() -> None:
    """Start the process that others are copies of, which finds ``trainings_preloaded`` only on the path it inherits."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parent), prepend=os.pathsep)
        forkserver.set_forkserver_preload(["trainings_preloaded"])
        forkserver.ensure_running()
