"""Checkpoints from people who mean harm: nothing in one runs unless the study allows its code by name.

Every trap leaves a file, the canary, when it is sprung; the first tests show that the traps work.
"""

from __future__ import annotations

import json
import os
import pickle
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from models_tiny import make_checkpoint
from stagelens.errors import InputError
from stagelens.models.checkpoint import load_model, load_tokenizer, template_knows_tools
from stagelens.stages.adopt import adopt
from stagelens.stages.parents import load_parent
from stagelens.stages.parents import load_tokenizer as load_parents_tokenizer
from stagelens.study.spec import Stage


class Trap:
    """Makes the canary when it is unpickled."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str, ...]]:
        return os.mkdir, (str(self.canary),)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_checkpoint(tmp_path_factory.mktemp("whole") / "checkpoint")


@pytest.fixture
def checkpoint(whole: Path, tmp_path: Path) -> Path:
    shutil.copytree(whole, tmp_path / "checkpoint")
    return tmp_path / "checkpoint"


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    return tmp_path / "canary"


def use(folder: Path) -> None:
    """Load it as a stage that is asked, and as one that is trained on."""
    adopted = adopt(Stage(name="given", kind="sft", model=str(folder)), folder)
    load_tokenizer(adopted, trust_remote_code=False)
    load_model(adopted, device="cpu", trust_remote_code=False)
    load_parent(folder, "Stage 'later'")


def adapter(folder: Path, base: Path) -> Path:
    folder.mkdir()
    settings = {"base_model_name_or_path": str(base), "peft_type": "LORA", "task_type": "CAUSAL_LM"}
    (folder / "adapter_config.json").write_text(json.dumps(settings | {"r": 2, "target_modules": ["q_proj"]}))
    return folder


def index(names: str) -> str:
    return json.dumps({"metadata": {}, "weight_map": {"model.embed_tokens.weight": names}})


def test_the_trap_works(canary: Path) -> None:
    pickle.loads(pickle.dumps(Trap(canary)))
    assert canary.exists()


@pytest.mark.parametrize(
    ("file", "beside"),
    [
        ("pytorch_model.bin", {}),
        ("pytorch_model-00001.bin", {"pytorch_model.bin.index.json": index("pytorch_model-00001.bin")}),
        ("weights.bin", {"model.safetensors.index.json": index("weights.bin"), "decoy.safetensors": ""}),
        ("../outside.pt", {"model.safetensors.index.json": index("../outside.pt"), "decoy.safetensors": ""}),
        ("../outside", {"model.safetensors.index.json": index("../outside"), "decoy.safetensors": ""}),
        ("model.safetensors", {}),
        ("model.ckpt", {"decoy.safetensors": ""}),
    ],
)
def test_pickled_weights_are_never_loaded(checkpoint: Path, canary: Path, file: str, beside: dict[str, str]) -> None:
    (checkpoint / "model.safetensors").unlink()
    (checkpoint / file).write_bytes(pickle.dumps(Trap(canary)))
    for name, text in beside.items():
        (checkpoint / name).write_text(text)
    with pytest.raises(InputError):
        use(checkpoint)
    with pytest.raises(InputError):
        load_parent(checkpoint, "Stage 'later'")
    assert not canary.exists()


def test_pickled_adapters_are_never_loaded(checkpoint: Path, canary: Path, tmp_path: Path) -> None:
    folder = adapter(tmp_path / "adapter", checkpoint)
    (folder / "adapter_model.bin").write_bytes(pickle.dumps(Trap(canary)))
    for decoy in (None, "decoy.safetensors"):
        if decoy is not None:
            (folder / decoy).write_bytes((checkpoint / "model.safetensors").read_bytes())
        with pytest.raises(InputError, match="pickled weights"):
            adopt(Stage(name="given", kind="sft", model=str(folder)), tmp_path)
        with pytest.raises(InputError, match="cannot be loaded"):
            load_parent(folder, "Stage 'later'")
    assert not canary.exists()


def carry_code(folder: Path, canary: Path) -> None:
    """A model and a tokenizer whose code comes with them; importing it is enough."""
    trap = f"import os\nos.makedirs({str(canary)!r}, exist_ok=True)\n"
    parts = {"modeling": "LlamaForCausalLM", "configuration": "LlamaConfig", "tokenization": "PreTrainedTokenizerFast"}
    for part, parent in parts.items():
        own = {"modeling": "Own", "configuration": "OwnConfig", "tokenization": "OwnTokenizer"}[part]
        text = f"{trap}from transformers import {parent}\n\nclass {own}({parent}):\n    pass\n"
        (folder / f"{part}_own.py").write_text(text)
    config = json.loads((folder / "config.json").read_text())
    config |= {
        "model_type": "own",
        "auto_map": {"AutoConfig": "configuration_own.OwnConfig", "AutoModelForCausalLM": "modeling_own.Own"},
    }
    (folder / "config.json").write_text(json.dumps(config))
    path = folder / "tokenizer_config.json"
    named = {"tokenizer_class": "OwnTokenizer", "auto_map": {"AutoTokenizer": ["tokenization_own.OwnTokenizer", None]}}
    path.write_text(json.dumps(json.loads(path.read_text()) | named))


@pytest.fixture
def cached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """transformers copies code that it is to run into a cache."""
    monkeypatch.setattr("transformers.dynamic_module_utils.HF_MODULES_CACHE", str(tmp_path / "modules"))


def test_code_that_comes_with_a_checkpoint_runs_only_where_it_is_allowed(
    checkpoint: Path, canary: Path, cached: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    carry_code(checkpoint, canary)
    # Where nothing was said either way, transformers would ask; there must be nobody to say yes.
    monkeypatch.setattr("builtins.input", lambda *_: "y")
    adopted = adopt(Stage(name="given", kind="sft", model=str(checkpoint)), checkpoint)
    for load in (
        lambda: load_tokenizer(adopted, trust_remote_code=False),
        lambda: load_model(adopted, device="cpu", trust_remote_code=False),
        lambda: load_parent(checkpoint, "Stage 'later'"),
        lambda: load_parents_tokenizer(checkpoint, "Stage 'later'"),
    ):
        with pytest.raises(InputError, match=r"trust_remote_code|cannot be loaded"):
            load()
        assert not canary.exists()
    with suppress(InputError):
        load_tokenizer(adopted, trust_remote_code=True)
    assert canary.exists()


ESCAPES = (
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ cycler.__init__.__globals__.os.mkdir(CANARY) }}",
    "{{ lipsum.__globals__['os'].mkdir(CANARY) }}",
    "{{ self.__init__.__globals__.__builtins__.__import__('os').mkdir(CANARY) }}",
    "{{ namespace.__init__.__globals__.os.mkdir(CANARY) }}",
    "{{ raise_exception.__globals__['json'].codecs.builtins.__import__('os').mkdir(CANARY) }}",
    "{{ strftime_now.__globals__['datetime'].sys.modules['os'].mkdir(CANARY) }}",
    "{{ (messages|attr('__class__')|attr('__base__')|attr('__subclasses__'))() }}",
    "{{ '{0.__class__.__init__.__globals__}'.format(cycler) }}",
    "{{ messages.append(CANARY) }}",
    "{% include CANARY %}",
    "{% import 'os' as os %}{{ os.mkdir(CANARY) }}",
)


@pytest.mark.parametrize("template", ESCAPES)
def test_chat_templates_reach_nothing(checkpoint: Path, canary: Path, template: str) -> None:
    from jinja2 import TemplateError

    (checkpoint / "chat_template.jinja").write_text(template.replace("CANARY", repr(str(canary))))
    adopted = adopt(Stage(name="given", kind="sft", model=str(checkpoint)), checkpoint)
    tokenizer = load_tokenizer(adopted, trust_remote_code=False)
    turns = [{"role": "user", "content": "Why?"}]
    try:
        said = tokenizer.apply_chat_template(turns, tokenize=False)
    except (TemplateError, TypeError):
        said = ""
    assert "os" not in said.split("'") and "<class" not in said
    assert template_knows_tools(tokenizer, tokenizer.chat_template) is False
    assert not canary.exists()
    assert turns == [{"role": "user", "content": "Why?"}]
