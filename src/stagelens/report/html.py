"""The report: one self-contained file that loads nothing and runs nothing.

Model answers are hostile input. The templates escape everything, hidden characters are written out, and the page's
content security policy forbids scripts, frames, forms and every outside load.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from pathlib import Path

from stagelens.report.bars import grouped_bars
from stagelens.report.certify import certify_sentences, certify_table
from stagelens.report.context import ReportContext
from stagelens.report.controls import control_sentences, controls_table
from stagelens.report.counterfactuals import counterfactual_effects
from stagelens.report.exploratory import ordinal_table, strata_table
from stagelens.report.headline import headline
from stagelens.report.judging import judge_texts, judges_table, left_out_table, low_agreement
from stagelens.report.losses import loss_charts
from stagelens.report.methods import readings, references
from stagelens.report.mixtures import authorship_sentences, contamination_table, mixtures_table
from stagelens.report.onset import elicitation_table, onset_table
from stagelens.report.pairs import is_side_by_side, matrices
from stagelens.report.pairs_picture import pairs_picture
from stagelens.report.parity import lineage_table, parity_differences, parity_table
from stagelens.report.picture import picture
from stagelens.report.render import render
from stagelens.report.scope import scope_sentence
from stagelens.report.sections import claim_texts, item_answers, measure_texts, pair_warnings, warnings
from stagelens.report.tables import contrast_table, counterfactual_levels, level_table
from stagelens.report.units import coverage, share
from stagelens.report.words import CAUSES, all_verdicts, families, headline_contrast
from stagelens.statistics.results import Verdicts


def render_report(verdicts: Verdicts, context: ReportContext | None = None) -> str:
    """The whole page as text: the same text for the same input.

    Args:
        verdicts: what was decided.
        context: what else the report shows; without it, the parts that need it say that they are empty.
    """
    context = context or ReportContext()
    outer, inner = coverage(verdicts.alpha)
    beside = tuple(result for result in verdicts.results if is_side_by_side(result))
    ladder = replace(verdicts, results=tuple(result for result in verdicts.results if not is_side_by_side(result)))
    page = render(
        "report.html.j2",
        study=verdicts.study,
        headline=headline(verdicts),
        families=families(verdicts),
        outer=outer,
        inner=inner,
        alpha=f"{verdicts.alpha:g}",
        share=share(verdicts.alpha),
        scope=scope_sentence(verdicts),
        picture=picture(ladder) if ladder.results else None,
        pairs_picture=pairs_picture(beside, verdicts.alpha) if beside else None,
        ladder=bool(ladder.results),
        verdict_words=all_verdicts(verdicts.alpha),
        causes=CAUSES if any(result.cause is not None for result in verdicts.results) else {},
        measures=measure_texts(verdicts),
        matrices=matrices(verdicts),
        has_headline=any(headline_contrast(result) is not None for result in verdicts.results),
        certify_sentences=certify_sentences(verdicts),
        certified=certify_table(verdicts),
        control_sentences=control_sentences(verdicts),
        controls=controls_table(verdicts),
        warnings=(*warnings(verdicts, context), *low_agreement(verdicts)),
        pair_warnings=pair_warnings(verdicts),
        judges=judge_texts(verdicts),
        left_out=left_out_table(verdicts),
        judging=judges_table(context.judges),
        counterfactuals=counterfactual_levels(verdicts),
        effects=counterfactual_effects(verdicts),
        ordinal=ordinal_table(verdicts),
        strata=strata_table(verdicts),
        contrasts=contrast_table(verdicts),
        levels=level_table(verdicts),
        bars=grouped_bars(verdicts),
        parity=parity_table(context.parity),
        parity_differences=parity_differences(context.parity),
        lineage=lineage_table(context.lineage),
        elicitations=elicitation_table(verdicts),
        onsets=onset_table(verdicts),
        authorship=authorship_sentences(context.trainings, context.elsewhere),
        mixtures=mixtures_table(context.trainings),
        contamination=contamination_table(context.trainings),
        losses=loss_charts(context.trainings),
        claims=claim_texts(verdicts.claims),
        items=item_answers(context.examples),
        readings=readings(verdicts),
        references=references(verdicts),
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
