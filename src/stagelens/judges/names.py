"""Whether two names mean one model, so that no judge judges its own answers. Pure.

Names are compared by their last part (``openai/gpt-5.5``, ``openrouter/openai/gpt-5.5`` and ``openai-api/x/gpt-5.5``
are one model), in lower case, with all signs alike (``claude-opus-4.7`` is ``claude-opus-4-7``), without a version
after ``@`` or ``:``, a date at the end, and the words latest, preview and exp. A fine-tuned or distilled model under a
name of its own is not recognised, nor is one that its provider renamed.
"""

from __future__ import annotations

import re
from typing import Final

_VERSION: Final = re.compile(r"[@:].*$")
_TAIL: Final = re.compile(r"-(?:20\d{2}-?\d{2}-?\d{2}|\d{2}-\d{2}|latest|preview|exp)$")
_SIGNS: Final = re.compile(r"[^a-z0-9]+")


def plain_name(model: str) -> str:
    """A model's name without what does not tell it from others."""
    name = _SIGNS.sub("-", _VERSION.sub("", model.rstrip("/").rpartition("/")[2].lower())).strip("-")
    while (shorter := _TAIL.sub("", name)) != name:
        name = shorter
    return name


def same_model(one: str, other: str) -> bool:
    """Whether two names of models (no paths) mean the same one."""
    return plain_name(one) == plain_name(other)
