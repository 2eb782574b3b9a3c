"""Training in two processes through accelerate's launcher: a whole checkpoint, or one sentence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from models_tiny import make_checkpoint
from stagelens.errors import InputError
from stagelens.stages import make_stage
from stagelens.stages.contamination import Index, ItemText
from stagelens.stages.launch import check_configuration
from stagelens.study.spec import Stage

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("training")]

TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}<|{{ m['role'] }}|>{% if m['role'] == 'assistant' %}{% generation %}"
    "{{ m['content'] }}{{ eos_token }}{% endgeneration %}{% else %}{{ m['content'] }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
CONFIGURATION = """
compute_environment: LOCAL_MACHINE
distributed_type: MULTI_CPU
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


def made(world: Path, **recipe: Any) -> tuple[Path, list[tuple[int, int]]]:
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
        out=world / "out",
        seed=0,
        inputs={"these": "inputs"},
        progress=lambda done, total: steps.append((done, total)),
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
