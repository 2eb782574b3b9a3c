"""Keys of providers, kept out of what is written: a provider's error may repeat the key that it was sent."""

from __future__ import annotations

import os
import re
from typing import Any, Final, TypeVar

from pydantic import BaseModel

HIDDEN: Final = "***"
SHORTEST: Final = 8
"""Characters: what is shorter is a word such as `none`, which stands in texts for itself."""
_NAMED: Final = re.compile(r"KEY|TOKEN|SECRET|PASSWORD|CREDENTIAL", re.I)

Said = TypeVar("Said", bound=BaseModel)


def keys() -> list[str]:
    """The values of environment variables that are named like keys, the longest first."""
    found = {value for name, value in os.environ.items() if _NAMED.search(name) and len(value) >= SHORTEST}
    return sorted(found, key=len, reverse=True)


def without_keys(text: str) -> str:
    """The text with every such value hidden."""
    for key in keys():
        text = text.replace(key, HIDDEN)
    return text


def hide_in_error(error: BaseException) -> None:
    """Hide keys in an error and in those that led to it, in place: its kind decides whether a request is sent again."""
    seen: set[int] = set()
    due: list[BaseException | None] = [error]
    while due:
        each = due.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        each.args = tuple(_hidden(part) for part in each.args)
        for name, value in list(vars(each).items()):
            hidden = _hidden(value)
            if hidden != value:
                setattr(each, name, hidden)
        due += [each.__cause__, each.__context__]


def hide_in(said: Said) -> Said:
    """What a provider said, the same object where it holds no key."""
    text = said.model_dump_json()
    hidden = without_keys(text)
    return said if hidden == text else type(said).model_validate_json(hidden)


def _hidden(value: Any) -> Any:
    if isinstance(value, str):
        return without_keys(value)
    if isinstance(value, dict):
        return {name: _hidden(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_hidden(each) for each in value)
    return value
