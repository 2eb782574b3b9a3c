"""Checkpoints are whole or not there, also when their writer is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from stagelens.stages import checkpoint

INPUTS = {"kind": "sft", "seed": 0, "recipe": {"learning_rate": 0.001}}


class Saved:
    """Stands where a model or a tokenizer does: writes one file."""

    def __init__(self, name: str) -> None:
        self.name = name

    def save_pretrained(self, folder: Path) -> None:
        (folder / self.name).write_text("{}")
        (folder / "model.safetensors").write_bytes(b"weights")


def save(out: Path, inputs: dict[str, object] = INPUTS) -> Path:
    return checkpoint.save(out, model=Saved("config.json"), tokenizer=Saved("tok.json"), inputs=inputs, provenance={})


def test_what_is_saved_is_complete_for_its_inputs_only(tmp_path: Path) -> None:
    out = save(tmp_path / "family" / "sft")
    assert checkpoint.is_complete(out, INPUTS)
    assert checkpoint.read_inputs(out) == INPUTS
    assert not checkpoint.is_complete(out, INPUTS | {"seed": 1})
    assert [each.name for each in out.parent.iterdir()] == ["sft"]


@pytest.mark.parametrize("broken", ["config.json", "model.safetensors", "recipe.json"])
def test_a_checkpoint_that_lacks_a_part_is_not_complete(tmp_path: Path, broken: str) -> None:
    out = save(tmp_path / "sft")
    (out / broken).unlink()
    assert checkpoint.read_inputs(out) is None
    assert not checkpoint.is_complete(out, INPUTS)


@pytest.mark.parametrize("content", ["", "[]", '{"inputs": 3}'])
def test_a_strange_recipe_is_no_recipe(tmp_path: Path, content: str) -> None:
    out = save(tmp_path / "sft")
    (out / "recipe.json").write_text(content)
    assert not checkpoint.is_complete(out, INPUTS)


def test_saving_again_replaces_the_whole_folder(tmp_path: Path) -> None:
    out = save(tmp_path / "sft")
    (out / "stray").write_text("")
    save(out, INPUTS | {"seed": 1})
    assert checkpoint.is_complete(out, INPUTS | {"seed": 1})
    assert not (out / "stray").exists()


def test_an_error_while_writing_leaves_everything_as_it_was(tmp_path: Path) -> None:
    out = save(tmp_path / "sft")
    with pytest.raises(RuntimeError), checkpoint.writing(out) as folder:
        (folder / "half").write_text("")
        raise RuntimeError
    assert checkpoint.is_complete(out, INPUTS)
    assert [each.name for each in tmp_path.iterdir()] == ["sft"]


def test_a_killed_writer_leaves_no_checkpoint_and_the_next_one_cleans_up(tmp_path: Path) -> None:
    out = tmp_path / "sft"
    script = (
        "import sys, time; from pathlib import Path; from stagelens.stages import checkpoint\n"
        "with checkpoint.writing(Path(sys.argv[1])) as folder:\n"
        "    (folder / 'config.json').write_text('{}'); time.sleep(60)\n"
    )
    writer = subprocess.Popen([sys.executable, "-c", script, str(out)])
    deadline = time.monotonic() + 30
    while not list(tmp_path.glob(".sft.*/config.json")) and time.monotonic() < deadline:
        time.sleep(0.05)
    os.kill(writer.pid, signal.SIGKILL)
    writer.wait()
    assert list(tmp_path.glob(".sft.*"))
    assert not out.exists()
    save(out)
    assert [each.name for each in tmp_path.iterdir()] == ["sft"]
    assert json.loads((out / "recipe.json").read_text())["inputs"] == INPUTS
