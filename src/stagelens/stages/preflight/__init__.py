"""What is known of a training before it costs anything: the loss mask, what each source gives, memory and time.

Importing this package is cheap: torch and transformers are imported by the functions that need them.
"""

from stagelens.stages.preflight.check import check, stop_ids
from stagelens.stages.preflight.render import (
    IGNORED,
    Pair,
    Rendered,
    render,
    render_pairs,
    render_prompts,
)
from stagelens.stages.preflight.rows import as_messages

__all__ = [
    "IGNORED",
    "Pair",
    "Rendered",
    "as_messages",
    "check",
    "render",
    "render_pairs",
    "render_prompts",
    "stop_ids",
]
