"""What ``inspect eval`` prints of a benchmark: for a glance, never for a verdict."""

from __future__ import annotations

from inspect_ai.scorer import Metric, SampleScore, metric


@metric(scores="unreduced")
def rates() -> Metric:
    """Each measure's mean over the attempts that have a value, and the share of attempts without one."""

    def compute(scores: list[SampleScore]) -> dict[str, float]:
        records = [record for each in scores for record in (each.score.metadata or {}).get("outcomes", [])]
        values: dict[str, list[float]] = {}
        for record in records:
            if record["value"] is not None:
                values.setdefault(record["measure"], []).append(record["value"])
        means = {measure: sum(of) / len(of) for measure, of in sorted(values.items())}
        missing = sum(record["value"] is None for record in records)
        return means | {"without_value": missing / len(records) if records else 0.0}

    return compute
