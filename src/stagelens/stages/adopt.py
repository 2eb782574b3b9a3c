"""Checkpoints made elsewhere: a Hugging Face folder, a GGUF file, a LoRA adapter, a hub id, or a provider's model.

Weights that are pickled are refused: loading them runs whatever code they carry.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from stagelens.errors import InputError
from stagelens.stages.checkpoint import PROVENANCE, RECIPE
from stagelens.stages.losses import LOSSES
from stagelens.study.fingerprint import file_digest
from stagelens.study.paths import is_local, resolve
from stagelens.study.spec import Stage

PICKLED: Final = (".bin", ".pt", ".pth", ".pkl", ".ckpt")
NOT_CONTENT: Final = frozenset({"README.md", ".gitattributes", RECIPE, PROVENANCE, LOSSES})
"""Files of a checkpoint folder that decide nothing about what it generates."""

Form = Literal["folder", "gguf", "adapter", "hub", "provider"]


@dataclass(frozen=True, slots=True)
class Adopted:
    """A checkpoint that is there already.

    ``location`` is a path for ``folder``, ``gguf`` and ``adapter``, a hub id (``org/name``) for ``hub``, and an
    Inspect model name for ``provider``; ``base`` is the model that an adapter belongs to, as the adapter names it.
    """

    stage: str
    form: Form
    location: str
    revision: str | None = None
    subfolder: str | None = None
    base: str | None = None

    @property
    def path(self) -> Path:
        """Where it lies on this machine; a hub checkpoint is downloaded first. InputError where there is none."""
        if self.form == "provider":
            raise InputError(
                f"Stage {self.stage!r}: {self.location} is reached through its provider and has no files here."
            )
        return self._downloaded() if self.form == "hub" else Path(self.location)

    def fingerprint(self) -> dict[str, Any]:
        """What the checkpoint is, by content: the sha256 of its files, or the hub's commit. Plain JSON types.

        A provider's model is known by its name only.
        """
        if self.form == "provider":
            return {"form": self.form, "name": self.location}
        if self.form == "hub":
            return {"form": self.form, "name": self.location, "commit": self._commit(), "subfolder": self.subfolder}
        return {"form": self.form, "base": self.base, "files": content_files(Path(self.location))}

    def _commit(self) -> str:
        """The commit that ``revision`` (default: main) stands for; asks the hub unless it is a commit already."""
        if self.revision is not None and re.fullmatch(r"[0-9a-f]{40}", self.revision):
            return self.revision
        from huggingface_hub import HfApi

        try:
            commit = HfApi().model_info(self.location, revision=self.revision).sha
        except Exception as error:  # the hub's client raises many kinds, all of them about what was asked for
            raise InputError(
                f"Stage {self.stage!r}: hf/{self.location} is not to be found on the hub ({error})."
            ) from error
        return str(commit)

    def _downloaded(self) -> Path:
        from huggingface_hub import snapshot_download

        place = f"{self.subfolder}/" if self.subfolder else ""
        try:
            snapshot = snapshot_download(
                self.location,
                revision=self.revision,
                allow_patterns=[
                    f"{place}{kind}" for kind in ("*.safetensors", "*.json", "*.jinja", "*.model", "*.txt")
                ],
            )
        except Exception as error:  # as above
            raise InputError(f"Stage {self.stage!r}: hf/{self.location} could not be downloaded ({error}).") from error
        folder = Path(snapshot) / (self.subfolder or "")
        _check_folder(folder, f"Stage {self.stage!r}")
        return folder


def adopt(stage: Stage, folder: Path) -> Adopted:
    """The checkpoint that ``stage.model`` names; relative paths start at ``folder``. Asks no network.

    InputError where a path holds no checkpoint, or pickled weights only.
    """
    where, model = f"Stage {stage.name!r}", stage.model
    if model is None:
        raise InputError(f"{where}: a stage that is adopted needs a `model`.")
    if model.startswith("hf/"):
        if not re.fullmatch(r"hf/[^/\s]+/[^/\s]+", model):
            raise InputError(f"{where}: a hub model must look like hf/org/name, not {model!r}.")
        return Adopted(stage.name, "hub", model.removeprefix("hf/"), stage.revision, stage.subfolder)
    if not is_local(model):
        return Adopted(stage.name, "provider", model)
    path = resolve(model, folder) / (stage.subfolder or "")
    if path.is_file():
        if path.suffix == ".gguf":
            return Adopted(stage.name, "gguf", str(path))
        if path.suffix in PICKLED:
            raise _pickled(path, where)
        raise InputError(f"{where}: {path} is neither a checkpoint folder nor a .gguf file.")
    if not path.is_dir():
        raise InputError(f"{where}: there is no checkpoint at {path}; mend its `model`.")
    if (path / "adapter_config.json").is_file():
        return Adopted(stage.name, "adapter", str(path), base=_adapter_base(path, where))
    _check_folder(path, where)
    return Adopted(stage.name, "folder", str(path))


def content_files(path: Path) -> dict[str, str]:
    """The sha256 of every file that decides what a checkpoint generates, by name."""
    if path.is_file():
        return {path.name: file_digest(path)}
    wanted = (".safetensors", ".json", ".jinja", ".model", ".txt", ".py")
    files = sorted(each for each in path.iterdir() if each.suffix in wanted and each.name not in NOT_CONTENT)
    return {each.name: file_digest(each) for each in files}


def _check_folder(path: Path, where: str) -> None:
    if not (path / "config.json").is_file():
        raise InputError(f"{where}: {path} has no config.json, so it is not a Hugging Face checkpoint.")
    _check_weights(path, where, "*.safetensors")
    index = path / "model.safetensors.index.json"
    if index.is_file():
        for shard in sorted(_shards(index, where)):
            if not (path / shard).is_file():
                raise InputError(f"{where}: {path} lacks the weights {shard} that its index names; copy it again.")


def _shards(index: Path, where: str) -> set[str]:
    """The files that an index of weights names: safetensors beside it, since whatever it names is loaded."""
    named = _json(index, where).get("weight_map")
    if not isinstance(named, dict):
        raise InputError(f"{where}: {index} has no `weight_map`; copy it again.")
    for shard in named.values():
        if isinstance(shard, str) and Path(shard).suffix in PICKLED:
            raise _pickled(index.parent / shard, where)
        if not isinstance(shard, str) or Path(shard).name != shard or not shard.endswith(".safetensors"):
            raise InputError(f"{where}: {index} names {shard!r}, which is no *.safetensors file beside it.")
    return set(named.values())


def _check_weights(path: Path, where: str, wanted: str) -> None:
    if any(path.glob(wanted)):
        return
    pickled = sorted(each for each in path.iterdir() if each.suffix in PICKLED)
    if pickled:
        raise _pickled(pickled[0], where)
    raise InputError(f"{where}: {path} has no weights ({wanted}).")


def _adapter_base(path: Path, where: str) -> str:
    # PEFT takes a pickled adapter where this one is missing, whatever other weights lie beside it.
    _check_weights(path, where, "adapter_model.safetensors")
    base = _json(path / "adapter_config.json", where).get("base_model_name_or_path")
    if not isinstance(base, str) or not base:
        raise InputError(f"{where}: the adapter {path} does not name its base model (`base_model_name_or_path`).")
    return base


def _json(path: Path, where: str) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"{where}: {path} is not JSON ({error}).") from None
    if not isinstance(content, dict):
        raise InputError(f"{where}: {path} must hold one JSON object.")
    return content


def _pickled(path: Path, where: str) -> InputError:
    return InputError(
        f"{where}: {path} holds pickled weights, which can run code when they are loaded; convert it to safetensors."
    )
