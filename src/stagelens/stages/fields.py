"""Blocks of fields that a library defines: unknown ones are errors that name the nearest known field."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from stagelens.errors import InputError


def check_known(
    given: Iterable[str], known: Collection[str], where: str, meant: Mapping[str, str] | None = None
) -> None:
    """InputError for the first field that is not known; ``meant`` has the field that a familiar wrong name means."""
    for field in given:
        if field not in known:
            nearest = (meant or {}).get(field) or next(
                iter(difflib.get_close_matches(field, known, n=1, cutoff=0.5)), None
            )
            hint = f"did you mean `{nearest}`?" if nearest else f"known: {', '.join(sorted(known)[:8])}, …"
            raise InputError(f"{where} has no field `{field}`; {hint}")


def block(fields: Mapping[str, Any], name: str, where: str) -> Mapping[str, Any]:
    """The value of a field that must be a block of fields itself."""
    value = fields[name]
    if not isinstance(value, Mapping):
        raise InputError(f"{where}: recipe field `{name}` must be a block of fields.")
    return value


@contextmanager
def refusals(where: str) -> Iterator[None]:
    """What a library says against a recipe inside the block, as one sentence."""
    try:
        yield
    except (ValueError, TypeError, ImportError, NotImplementedError) as error:
        raise InputError(f"{where}: the recipe does not work: {one_line(error)}") from error


def one_line(error: BaseException) -> str:
    """An error's message in one line; its kind where it has none."""
    return " ".join(str(error).split()) or type(error).__name__
