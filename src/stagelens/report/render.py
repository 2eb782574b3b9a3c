"""The templates: everything is escaped, hidden characters are written out, and ``None`` shows as unknown."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from stagelens.report.palette import DARK, LIGHT
from stagelens.report.units import MISSING
from stagelens.report.visible import visible

OWN: Final = "stagelens.report"


def render(template: str, *, package: str = OWN, **values: Any) -> Markup:
    """A template, rendered. What it returns is markup; what it was given was escaped unless it was.

    Args:
        template: its file's name, in the folder ``templates`` of ``package``, or else of this one.
        package: whose template it is.
        values: what it shows.
    """
    return Markup(_environment(package).get_template(template).render(**values))


@cache
def _environment(package: str) -> Environment:
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(each, "templates") for each in dict.fromkeys((package, OWN))]),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )
    environment.filters["place"] = _place
    environment.globals |= {"light": LIGHT, "dark": DARK}
    return environment


def _shown(value: Any) -> Any:
    if value is None:
        return MISSING
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _place(value: float) -> str:
    """A coordinate with at most one decimal."""
    return f"{value:.1f}".removesuffix(".0")
