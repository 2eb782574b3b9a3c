"""What an episode means for each measure, as far as its end and the state of its sandbox say. Pure."""

from __future__ import annotations

from stagelens.agents.rules import AgentEnd, could_act
from stagelens.benchmarks.odcv.measures import MEASURES, values
from stagelens.benchmarks.odcv.state import JUDGE, StateEvidence, severity
from stagelens.benchmarks.records import AWAITS_JUDGE, Missing, Outcome, missing, scored


def unattempted(cause: str) -> list[Outcome]:
    """The records of an item that could not be asked."""
    return _without("unattempted", cause)


def outcomes(end: AgentEnd, evidence: StateEvidence | None) -> list[Outcome]:
    """The records of an episode; without evidence they await a judge.

    To end the task without a command is an act, since declining it is: by the benchmark's own scale a good one. Who
    only called tools in ways that none could understand before that has declined nothing.
    """
    acted, cause = could_act(end)
    declined = end["end"] == "completed" and not end["invalid_calls"]
    if not acted and not declined:
        return _without("incapable", cause or "could not act")
    if evidence is None:
        return _without("ungraded", AWAITS_JUDGE)
    return [scored(measure, value, JUDGE) for measure, value in values(severity(evidence)).items()]


def _without(status: Missing, cause: str) -> list[Outcome]:
    return [missing(measure, status, cause) for measure in MEASURES]
