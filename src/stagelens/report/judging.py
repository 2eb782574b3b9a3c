"""The judges: how far they agree, what leaving one out changes, what human labels corrected, what would overturn."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from stagelens.report.context import JudgeRow
from stagelens.report.pairs import is_side_by_side
from stagelens.report.tabulate import Column, Table, tabulate
from stagelens.report.units import MISSING, Units, count, coverage, ratio, units_of
from stagelens.report.words import families, full_name, headline_contrast, measure_word, verdict_text
from stagelens.statistics.results import Contrast, Judging, LeftOut, MeasureResult, Screened, Verdicts

LEAST_ALPHA: Final = 0.667
"""Krippendorff's own threshold: below it not even tentative conclusions may be drawn (Content Analysis, ch. 11)."""
_LEVELS: Final = {
    "nominal": "nominal: grades agree or not",
    "ordinal": "ordinal: the order of grades counts",
    "interval": "interval: distances between grades count",
}


@dataclass(frozen=True, slots=True)
class JudgeText:
    """One measure's judges in words; ``facts`` are (term, description) pairs."""

    name: str
    where: str
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class _LeftOutOf:
    """The headline without a judge; ``whole`` is the row of the whole panel."""

    result: MeasureResult
    contrast: Contrast
    left_out: LeftOut
    units: Units
    whole: bool = False


def judge_texts(verdicts: Verdicts) -> tuple[JudgeText, ...]:
    """Every measure of which something is known about the judges."""
    several = len(families(verdicts)) > 1
    return tuple(
        JudgeText(
            name=measure_word(result.measure),
            where=f"{result.family}, {result.benchmark}" if several else result.benchmark,
            facts=tuple(
                (term, text)
                for term, text in (
                    ("Judges", ", ".join(result.judging.judges)),
                    ("Agreement (Krippendorff's α)", agreement(result.judging, verdicts.alpha)),
                    ("Correction", correction(result.judging)),
                    ("Tipping point", tipping(result)),
                )
                if text
            ),
        )
        for result in verdicts.results
        if result.judging is not None
    )


def agreement(judging: Judging, alpha: float) -> str:
    """`0.81 (95% interval 0.77 to 0.85; ordinal: the order of grades counts)`; empty where nothing is known."""
    if judging.krippendorff_alpha is None:
        return ""
    outer, _ = coverage(alpha)
    notes = []
    if judging.alpha_low is not None and judging.alpha_high is not None:
        notes.append(f"{outer} interval {ratio(judging.alpha_low)} to {ratio(judging.alpha_high)}")
    if judging.level:
        notes.append(_LEVELS.get(judging.level, judging.level))
    return f"{ratio(judging.krippendorff_alpha)} ({'; '.join(notes)})"


def correction(judging: Judging) -> str:
    """Whether human labels, or a cascade's second judge, corrected what the judges say, and by which method."""
    if judging.screened is not None:
        return _cascade(judging.screened, corrected=judging.correction is not None)
    labels = f"{judging.labelled:,} human label{'' if judging.labelled == 1 else 's'}"
    if judging.correction is not None:
        method = " (PPI++)" if "PPI++" in judging.correction.upper() else ""
        return f"differences corrected by {labels}{method}; levels are as the judges see them"
    if judging.labelled:
        return f"uncorrected: {labels} are too few"
    return "uncorrected: no answer has a human label"


def _cascade(screened: Screened, *, corrected: bool) -> str:
    """What a second judge was asked about, what it corrected, and how far it agrees with the screen."""
    asked = (
        f"{screened.judge} as a second judge graded {screened.certain:,} answers that were sure to be asked about and "
        f"{screened.drawn:,} drawn from the others"
    )
    shares = (
        f"of all answers, by what these stand for, it agrees with the screen on {100 * screened.agreement:.1f}%, finds "
        f"more in {100 * screened.missed:.1f}% and less in {100 * screened.alarms:.1f}%"
    )
    did = "levels and differences corrected (PPI++)" if corrected else "uncorrected: these are too few"
    return f"{did}: {asked}; {shares}"


def tipping(result: MeasureResult) -> str:
    """How wrong a judge must be to overturn the headline's verdict; empty where there is none to overturn."""
    contrast = headline_contrast(result)
    if contrast is None or contrast.tipping_point is None or is_side_by_side(result):
        return ""
    units = units_of(result)
    size = units.amount(contrast.tipping_point * (units.high - units.low))
    if units.kind == "rate":
        return f"the verdict would be overturned if the judge erred on {size} more of one stage's answers"
    return f"the verdict would be overturned if the judge erred by {size} more, on average, at one stage"


def agreement_lines(verdicts: Verdicts) -> tuple[str, ...]:
    """`odcv/severity: 3 judges, Krippendorff's α 0.81 (…)`, for every measure that two judges or more graded."""
    several = len(families(verdicts)) > 1
    return tuple(
        f"{full_name(result, several_families=several)}: {len(result.judging.judges)} judges, Krippendorff's α {said}"
        for result in verdicts.results
        if result.judging is not None and (said := agreement(result.judging, verdicts.alpha))
    )


def low_agreement(verdicts: Verdicts) -> tuple[tuple[str, str], ...]:
    """(where, sentence) for every measure of which the judges agree too little even for tentative conclusions."""
    several = len(families(verdicts)) > 1
    return tuple(
        (
            full_name(result, several_families=several),
            f"The judges agree too little (Krippendorff's α {ratio(alpha)}, below {LEAST_ALPHA:g}) to be relied on.",
        )
        for result in verdicts.results
        if result.judging is not None
        and (alpha := result.judging.krippendorff_alpha) is not None
        and alpha < LEAST_ALPHA
    )


def judges_table(rows: Iterable[JudgeRow]) -> Table:
    """Who judged, what they were shown, and how far each agrees with itself."""
    columns: tuple[Column[JudgeRow], ...] = (
        Column("benchmark", lambda row: row.benchmark, numeric=False),
        Column("judge", lambda row: row.judge, numeric=False),
        Column("thoughts", lambda row: "shown" if row.thoughts else "hidden", numeric=False),
        Column("answers", lambda row: count(row.answers)),
        Column("asked about", _asked, numeric=False, wide=True),
        Column("distinct", lambda row: count(row.contents), "judged once each"),
        Column("ungraded", _ungraded, numeric=False, wide=True),
        Column("judged again", lambda row: f"{row.same} of {row.repeats} the same" if row.repeats else MISSING),
        Column("drift", _shift, "later minus first", numeric=False, wide=True),
    )
    return tabulate(columns, rows, group=lambda row: row.benchmark)


def _asked(row: JudgeRow) -> str:
    """`313 of 313 flagged attempts; 1,000 of 49,687 rest`, or that it was asked about all."""
    words = {"flagged": "flagged attempts", "rest": "of the rest", "unknown": "that the screen could not grade"}
    return "; ".join(f"{n:,} of {there:,} {words[kind]}" for kind, (there, n) in row.drawn.items()) or "all"


def _ungraded(row: JudgeRow) -> str:
    return "; ".join(f"{number}: {cause}" for cause, number in row.ungraded.items()) or "none"


def _shift(row: JudgeRow) -> str:
    return "; ".join(f"{measure_word(measure)} {shift:+.2f}" for measure, shift in row.shift.items()) or MISSING


def left_out_table(verdicts: Verdicts) -> Table:
    """The headline contrast of each measure with the whole panel, then with one judge left out at a time."""
    several = len(families(verdicts)) > 1
    outer, _ = coverage(verdicts.alpha)
    columns: tuple[Column[_LeftOutOf], ...] = (
        Column("measure", lambda row: full_name(row.result, several_families=several), numeric=False),
        Column("contrast", lambda row: f"{row.contrast.to_stage} − {row.contrast.from_stage}", numeric=False),
        Column("without", lambda row: row.left_out.judge, numeric=False),
        Column("difference", lambda row: row.units.difference(row.left_out.difference)),
        Column(f"{outer} interval", lambda row: row.units.interval(row.left_out.low, row.left_out.high)),
        Column("verdict", lambda row: verdict_text(row.left_out), numeric=False),
    )
    rows = [row for result in verdicts.results for row in _left_out(result)]
    return tabulate(columns, rows, group=lambda row: id(row.result), strong=lambda row: row.whole)


def _left_out(result: MeasureResult) -> list[_LeftOutOf]:
    contrast, units = headline_contrast(result), units_of(result)
    if contrast is None or result.judging is None or not result.judging.left_out:
        return []
    whole = LeftOut("no one", contrast.difference, contrast.low, contrast.high, contrast.verdict)
    return [
        _LeftOutOf(result, contrast, whole, units, whole=True),
        *(_LeftOutOf(result, contrast, left_out, units) for left_out in result.judging.left_out),
    ]
