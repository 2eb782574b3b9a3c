"""What stands in ``plan.json`` of a measure's prospect: plain JSON types, six significant digits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stagelens.statistics.planning.courses import Estimate
from stagelens.study.prospects import Course

if TYPE_CHECKING:
    from stagelens.study.cells import PlannedMeasure


def measure_to_dict(planned: PlannedMeasure) -> dict[str, Any]:
    """Simulated numbers where there are any, with their Monte Carlo errors; else those of the closed forms."""
    expected, simulated = planned.prospect, planned.simulated
    content: dict[str, Any] = {
        "benchmark": planned.benchmark,
        "measure": planned.measure,
        "items": planned.items,
        "clusters": planned.clusters,
        "margin": planned.margin,
        "basis": "closed forms" if simulated is None else simulated.basis,
        "expected_half_width": rounded(expected.half_width) if expected else None,
        "minimum_detectable_difference": rounded(expected.detectable) if expected else None,
        "smallest_certifiable_margin": rounded(expected.certifiable) if expected else None,
        "clusters_needed": expected.clusters_needed if expected else None,
    }
    if simulated is None:
        return content
    shown = simulated.shown
    estimates: dict[str, Estimate | None] = {
        "expected_half_width": shown.half_width,
        "minimum_detectable_difference": shown.detectable,
        "smallest_certifiable_margin": shown.certifiable,
        "power_to_certify": shown.power,
    }
    content |= {name: rounded(estimate.value) if estimate else None for name, estimate in estimates.items()}
    errors = {name: rounded(estimate.error) if estimate else None for name, estimate in estimates.items()}
    needed = simulated.clusters_needed
    if needed is not None:
        content["clusters_needed"] = int(needed.value)
    errors["clusters_needed"] = rounded(needed.error) if needed else None
    return content | {
        "monte_carlo_error": errors,
        "sequential": _course_to_dict(simulated.course) if simulated.course else None,
    }


def _course_to_dict(course: Course) -> dict[str, Any]:
    answers = {
        "paired_fixed": course.paired,
        "paired_looks_at_most": course.most,
        "paired_looks_no_change": course.no_change,
        "paired_looks_change": course.changed,
    }
    return {
        "looks": course.looks,
        "change": rounded(course.change),
        "answers_per_stage": {
            "unpaired_fixed": course.unpaired,
            **{name: rounded(estimate.value) for name, estimate in answers.items()},
        },
        "monte_carlo_error": {name: rounded(estimate.error) for name, estimate in answers.items()},
    }


def rounded(value: float) -> float:
    """To six significant digits."""
    return float(f"{value:.6g}")
