"""The report: one self-contained file that loads nothing and runs nothing.

Model answers are hostile input. The templates escape everything, hidden characters are written out, and the page's
content security policy forbids scripts, frames, forms and every outside load.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from stagelens.report.bars import grouped_bars
from stagelens.report.context import ReportContext
from stagelens.report.picture import picture
from stagelens.report.render import render
from stagelens.report.sections import claim_texts, item_answers, measure_texts, warnings
from stagelens.report.tables import contrast_table, level_table, lineage_table, parity_differences, parity_table
from stagelens.report.units import coverage
from stagelens.report.words import CAUSES, all_verdicts, families, headline
from stagelens.statistics.results import Verdicts


def render_report(verdicts: Verdicts, context: ReportContext | None = None) -> str:
    """The whole page as text: the same text for the same input.

    Args:
        verdicts: what was decided.
        context: what else the report shows; without it, the parts that need it say that they are empty.
    """
    context = context or ReportContext()
    outer, inner = coverage(verdicts.alpha)
    page = render(
        "report.html.j2",
        study=verdicts.study,
        headline=headline(verdicts),
        families=families(verdicts),
        outer=outer,
        inner=inner,
        picture=picture(verdicts) if verdicts.results else None,
        verdict_words=all_verdicts(verdicts.alpha),
        causes=CAUSES if any(result.cause is not None for result in verdicts.results) else {},
        measures=measure_texts(verdicts),
        warnings=warnings(verdicts, context),
        contrasts=contrast_table(verdicts),
        levels=level_table(verdicts),
        bars=grouped_bars(verdicts),
        parity=parity_table(context.parity),
        parity_differences=parity_differences(context.parity),
        lineage=lineage_table(context.lineage),
        claims=claim_texts(verdicts.claims),
        items=item_answers(context.examples),
    )
    return str(page)  # plain text from here on: what is added to markup would be escaped


def write_report(verdicts: Verdicts, context: ReportContext | None, path: Path) -> None:
    """Write the report to ``path``: the whole file or nothing."""
    text = render_report(verdicts, context)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    beside = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        beside.chmod(0o644)
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
