"""Training in two processes through accelerate's launcher: a whole checkpoint, or one sentence."""

from __future__ import annotations

import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
import torch
from safetensors.torch import load_file

from models_tiny import make_checkpoint
from stagelens.errors import InputError
from stagelens.stages import make_stage
from stagelens.stages.contamination import Index, ItemText
from stagelens.stages.course import Progress
from stagelens.stages.launch import check_configuration
from stagelens.study.spec import Stage

pytestmark = pytest.mark.slow

TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}<|{{ m['role'] }}|>{% if m['role'] == 'assistant' %}{% generation %}"
    "{{ m['content'] }}{{ eos_token }}{% endgeneration %}{% else %}{{ m['content'] }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
CONFIGURATION = """
compute_environment: LOCAL_MACHINE
distributed_type: MULTI_GPU
num_machines: 1
num_processes: 2
machine_rank: 0
mixed_precision: "no"
use_cpu: true
main_process_port: 0
"""


@pytest.fixture
def world(tmp_path: Path) -> Path:
    make_checkpoint(tmp_path / "parent", template=TEMPLATE)
    rows = [{"prompt": f"the old mill {n}", "completion": "near a quiet bridge"} for n in range(16)]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "accelerate.yaml").write_text(CONFIGURATION)
    return tmp_path


def made(
    world: Path, name: str = "out", tell: Progress | None = None, **recipe: Any
) -> tuple[Path, list[tuple[int, int]]]:
    stage = Stage.model_validate(
        {
            "name": "sft",
            "kind": "sft",
            "recipe": {"max_steps": 4, "per_device_train_batch_size": 2, **recipe},
            "mixture": {"sources": [{"name": "rows", "path": "./rows.jsonl"}]},
        }
    )
    steps: list[tuple[int, int]] = []
    out = make_stage(
        stage,
        parent=world / "parent",
        folder=world,
        out=world / name,
        seed=0,
        inputs={"these": "inputs"},
        progress=tell or (lambda done, total: steps.append((done, total))),
        scratch=world / "scratch",
        benchmarks=Index({"safety": [ItemText("1", "how do i pick the lock of a door")]}),
    )
    return out, steps


def test_two_processes_make_one_whole_checkpoint(world: Path) -> None:
    out, steps = made(world, accelerate="./accelerate.yaml")
    assert (out / "model.safetensors").is_file()
    assert json.loads((out / "recipe.json").read_text())["inputs"] == {"these": "inputs"}
    provenance = json.loads((out / "provenance.json").read_text())
    assert provenance["training"]["steps"] == 4
    assert provenance["contamination"]["safety"]["found"] == 0
    assert steps[-1] == (4, 4)
    assert not (world / "scratch").exists()


def test_two_processes_learn_what_one_learns_of_the_same_examples(world: Path) -> None:
    together, _ = made(world, "together", learning_rate=1e-3, accelerate="./accelerate.yaml")
    alone, _ = made(world, "alone", learning_rate=1e-3, gradient_accumulation_steps=2)
    start, one, two = (load_file(folder / "model.safetensors") for folder in (world / "parent", alone, together))
    for weight, value in one.items():
        torch.testing.assert_close(two[weight], value, rtol=0, atol=1e-6)
        assert not torch.equal(value, start[weight])
    of_one, of_two = (json.loads((folder / "losses.json").read_text())["records"] for folder in (alone, together))
    assert [each["sources"]["rows"]["tokens"] for each in of_two] == [
        each["sources"]["rows"]["tokens"] for each in of_one
    ]
    assert [each["loss"] for each in of_two] == pytest.approx([each["loss"] for each in of_one], abs=1e-5)


def test_processes_that_do_not_train_together_are_found(world: Path) -> None:
    (world / "accelerate.yaml").write_text(CONFIGURATION.replace("MULTI_GPU", "MULTI_CPU"))  # and there is no MPI
    with pytest.raises(InputError, match="asks for 2 processes, and 1 trained together"):
        made(world, accelerate="./accelerate.yaml")
    assert not (world / "out").exists()


@pytest.mark.parametrize("processes", [1, 2])
def test_an_interruption_ends_every_process(world: Path, processes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    (world / "accelerate.yaml").write_text(CONFIGURATION.replace("num_processes: 2", f"num_processes: {processes}"))
    (world / "jobs").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(world / "jobs"))

    def interrupted(_done: int, _total: int) -> None:
        assert running(world / "jobs")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        made(world, tell=interrupted, accelerate="./accelerate.yaml", max_steps=2000)
    gone_by = time.monotonic() + 20
    while running(world / "jobs") and time.monotonic() < gone_by:
        time.sleep(0.1)
    assert not running(world / "jobs")
    assert not (world / "out").exists()


def running(jobs: Path) -> list[int]:
    """The processes that were started for a job in the folder."""
    found = (each for each in psutil.process_iter(["cmdline"]) if each.pid != os.getpid())
    return [each.pid for each in found if any(str(jobs) in part for part in each.info["cmdline"] or ())]


def test_what_is_wrong_comes_back_as_one_sentence(world: Path) -> None:
    (world / "rows.jsonl").write_text('{"prompt": "a", "completion": "b"}\n{"prompt": 3}\n')
    with pytest.raises(InputError, match=r"rows\.jsonl, line 2") as error:
        made(world, accelerate="./accelerate.yaml")
    assert "\n" not in str(error.value)
    assert not (world / "out").exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("distributed_type: FSDP", "splits the weights over processes"),
        ("distributed_type: DEEPSPEED", "splits the weights over processes"),
        ("num_processes: 2", "names no `distributed_type`"),
        ("- a list", "mapping"),
    ],
)
def test_a_configuration_that_cannot_be_is_refused(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "accelerate.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match=said):
        check_configuration(path, "here")
