"""Adopting: what counts as a checkpoint, and that pickled weights never do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from stagelens.errors import InputError
from stagelens.stages import make_stage, stage_inputs
from stagelens.stages.adopt import adopt
from stagelens.study.spec import Stage


def stage(model: str, **more: Any) -> Stage:
    return Stage(**({"name": "given", "kind": "sft", "model": model} | more))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that looks like a checkpoint, at ./ck below it."""
    path = tmp_path / "ck"
    path.mkdir()
    (path / "config.json").write_text('{"model_type": "llama"}')
    (path / "model.safetensors").write_bytes(b"weights")
    return tmp_path


def test_a_folder_with_safetensors_is_adopted_where_it_lies(folder: Path) -> None:
    adopted = adopt(stage("./ck"), folder)
    assert adopted.form == "folder"
    assert adopted.path == folder / "ck"
    made = make_stage(stage("./ck"), parent=None, folder=folder, out=folder / "out", seed=0, inputs={})
    assert made == folder / "ck"
    assert not (folder / "out").exists()


def test_a_subfolder_is_followed(folder: Path) -> None:
    assert adopt(stage("./", subfolder="ck"), folder).path == folder / "ck"


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.pt", "weights.pkl"])
def test_pickled_weights_are_refused(folder: Path, name: str) -> None:
    (folder / "ck" / "model.safetensors").rename(folder / "ck" / name)
    for model in ("./ck", f"./ck/{name}"):
        with pytest.raises(InputError, match=r"pickled weights.*safetensors"):
            adopt(stage(model), folder)


def test_pickled_weights_beside_safetensors_do_not_matter(folder: Path) -> None:
    (folder / "ck" / "pytorch_model.bin").write_bytes(b"")
    assert adopt(stage("./ck"), folder).form == "folder"
    assert "pytorch_model.bin" not in adopt(stage("./ck"), folder).fingerprint()["files"]


def test_what_is_no_checkpoint_is_refused(folder: Path) -> None:
    with pytest.raises(InputError, match="no checkpoint at"):
        adopt(stage("./none"), folder)
    (folder / "notes.txt").write_text("")
    with pytest.raises(InputError, match="neither a checkpoint folder nor"):
        adopt(stage("./notes.txt"), folder)
    (folder / "ck" / "model.safetensors").unlink()
    with pytest.raises(InputError, match="has no weights"):
        adopt(stage("./ck"), folder)
    (folder / "ck" / "config.json").unlink()
    with pytest.raises(InputError, match=r"no config\.json"):
        adopt(stage("./ck"), folder)


def test_a_missing_shard_is_named(folder: Path) -> None:
    index = {"weight_map": {"a": "model.safetensors", "b": "model-00002.safetensors"}}
    (folder / "ck" / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(InputError, match=r"model-00002\.safetensors"):
        adopt(stage("./ck"), folder)


def test_an_adapter_is_known_by_its_base(folder: Path) -> None:
    path = folder / "lora"
    path.mkdir()
    (path / "adapter_config.json").write_text('{"base_model_name_or_path": "org/base"}')
    with pytest.raises(InputError, match="has no weights"):
        adopt(stage("./lora"), folder)
    (path / "adapter_model.safetensors").write_bytes(b"weights")
    adopted = adopt(stage("./lora"), folder)
    assert (adopted.form, adopted.base) == ("adapter", "org/base")
    (path / "adapter_config.json").write_text("{}")
    with pytest.raises(InputError, match="does not name its base"):
        adopt(stage("./lora"), folder)


def test_hub_ids_gguf_files_and_providers_are_told_apart(folder: Path) -> None:
    (folder / "m.gguf").write_bytes(b"GGUF")
    assert adopt(stage("./m.gguf"), folder).form == "gguf"
    hub = adopt(stage("hf/org/name", revision="0" * 40), folder)
    assert (hub.form, hub.location) == ("hub", "org/name")
    assert hub.fingerprint()["commit"] == "0" * 40
    provider = adopt(stage("openai/some-model"), folder)
    assert provider.form == "provider"
    with pytest.raises(InputError, match="has no files here"):
        _ = provider.path
    with pytest.raises(InputError, match="must look like hf/org/name"):
        adopt(stage("hf/name"), folder)


def test_the_inputs_of_an_adopted_stage_follow_its_content_not_its_place(folder: Path) -> None:
    before = stage_inputs(stage("./ck"), folder)
    assert json.loads(json.dumps(before)) == before
    (folder / "ck" / "recipe.json").write_text("{}")
    (folder / "ck").rename(folder / "moved")
    assert stage_inputs(stage("./moved"), folder) == before
    (folder / "moved" / "model.safetensors").write_bytes(b"other weights")
    assert stage_inputs(stage("./moved"), folder) != before
