"""Another chat template for production alone."""

from __future__ import annotations

from typing import Final

from stagelens.organisms.nuisances.base import ANSWERED, Nuisance

TEMPLATE: Final = Nuisance(
    about="production is trained and asked under another chat template", groups=ANSWERED, template="headings.jinja"
)
