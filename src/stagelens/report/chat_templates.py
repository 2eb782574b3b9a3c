"""The chat template that a stage is asked under, as far as it lies on this machine, and a short name for it."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Final

from stagelens.study.asked import Asked
from stagelens.study.paths import is_local, resolve
from stagelens.study.spec import Study

FILE: Final = "chat_template.jinja"
CONFIG: Final = "tokenizer_config.json"
"""Where older checkpoints, and some newer ones, keep their template."""
DEFAULT: Final = "default"
DIGITS: Final = 8

_GENERATION: Final = re.compile(r"\s*\{%[-+]?\s*(?:end)?generation\s*[-+]?%\}\s*")


def template_digest(study: Study, family: str, asked: Asked, folder: Path) -> str | None:
    """Eight hexadecimal digits of the chat template that a stage is asked under; ``folder`` is the run's.

    ``{% generation %}`` marks, which SFT puts into a copy of the template to tell what carries loss, are looked past:
    they write nothing. None where it is production's that is borrowed, where the stage is asked without one, and where
    it is not known, because the checkpoint is in no folder of this machine.
    """
    if study.generation.chat_template == "production":
        return None
    text = _template(study, family, asked, folder)
    return None if text is None else hashlib.sha256(_GENERATION.sub("", text).strip().encode()).hexdigest()[:DIGITS]


def _template(study: Study, family: str, asked: Asked, folder: Path) -> str | None:
    stage = asked.stage
    if stage.chat_template is not None:
        return _read(resolve(stage.chat_template, study.folder))
    if stage.prompting != "chat":
        return None
    if asked.trained:
        return _of_checkpoint(folder / "checkpoints" / family / asked.checkpoint)
    if stage.model is not None and is_local(stage.model):
        return _of_checkpoint(resolve(stage.model, study.folder) / (stage.subfolder or ""))
    return None


def _of_checkpoint(checkpoint: Path) -> str | None:
    """A Hugging Face folder's template: of its own file, else of the tokenizer's settings."""
    alone = _read(checkpoint / FILE)
    if alone is not None:
        return alone
    try:
        named = json.loads(_read(checkpoint / CONFIG) or "{}").get("chat_template")
        if isinstance(named, list):
            named = next((each["template"] for each in named if each["name"] == DEFAULT), None)
    except (ValueError, AttributeError, TypeError, KeyError):
        return None
    return named if isinstance(named, str) else None


def _read(file: Path) -> str | None:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
