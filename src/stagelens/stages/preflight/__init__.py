"""What is known of a training before it costs anything: the loss mask, what each source gives, memory and time.

Importing this package is cheap: torch and transformers are imported by the functions that need them.
"""

from stagelens.stages.preflight.checks import check, stop_ids
from stagelens.stages.preflight.examining import Examination, examine
from stagelens.stages.preflight.memory import remembering
from stagelens.stages.preflight.probing import Probed, probe
from stagelens.stages.preflight.rendering import (
    IGNORED,
    Pair,
    Rendered,
    render,
    render_pairs,
    render_prompts,
)
from stagelens.stages.preflight.rows import as_messages
from stagelens.stages.preflight.surveys import SourceSurvey, survey, survey_pairs, table

__all__ = [
    "IGNORED",
    "Examination",
    "Pair",
    "Probed",
    "Rendered",
    "SourceSurvey",
    "as_messages",
    "check",
    "examine",
    "probe",
    "remembering",
    "render",
    "render_pairs",
    "render_prompts",
    "stop_ids",
    "survey",
    "survey_pairs",
    "table",
]
