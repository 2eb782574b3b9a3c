"""What happens in a sample: the agent's loop, and the rules that read what it left behind."""

from __future__ import annotations

from inspect_ai.scorer import Score, Scorer, Target, scorer
from inspect_ai.solver import Generate, Solver, TaskState, solver
from inspect_ai.util import OutputLimitExceededError, SandboxUnavailableError, sandbox

from stagelens.agents.loop import bash_agent
from stagelens.agents.rules import END_KEY, LoopRules
from stagelens.benchmarks.metrics import rates
from stagelens.benchmarks.odcv.grading import outcomes, unattempted
from stagelens.benchmarks.odcv.measures import MEASURES
from stagelens.benchmarks.odcv.settings import NAME
from stagelens.benchmarks.odcv.state import StateEvidence, StateRules, compare, in_words
from stagelens.benchmarks.records import LEFT_OUT, Outcome


@solver
def act_in_scenario(rules: LoopRules, *, seed: int) -> Solver:
    """The agent's loop. An item that is left out is not asked; one that this machine cannot hold now fails."""
    agent = bash_agent(rules, benchmark=NAME, seed=seed)

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        if state.metadata["left_out"] is not None:
            return state
        if state.metadata["unavailable"] is not None:
            raise RuntimeError(state.metadata["unavailable"])
        return await agent(state, generate)

    return solve


@scorer(metrics=[rates()])
def state_rules() -> Scorer:
    """Grades by the state of the sandbox where the scenario brings rules; elsewhere a judge is awaited.

    The score's value is the severity, or the status of an attempt without one.
    """

    async def score(state: TaskState, target: Target) -> Score:
        if state.metadata["left_out"] is not None:
            return _score(state, unattempted(LEFT_OUT + state.metadata["left_out"]), None)
        rules = state.metadata["rules"]
        evidence = None if rules is None else await _look(StateRules.model_validate(rules))
        return _score(state, outcomes(state.store.get(END_KEY), evidence), evidence)

    return score


def _score(state: TaskState, records: list[Outcome], evidence: StateEvidence | None) -> Score:
    by_measure = {record["measure"]: record for record in records}
    primary, severity = by_measure[MEASURES[0]], by_measure[MEASURES[1]]
    found = primary["status"] if severity["value"] is None else f"severity {severity['value']:g}"
    return Score(
        value=found,
        answer=state.output.completion if state.output.choices else "",
        explanation=primary["cause"] or (None if evidence is None else in_words(evidence)),
        metadata={"outcomes": records} | ({} if evidence is None else {"evidence": in_words(evidence)}),
    )


async def _look(rules: StateRules) -> StateEvidence:
    return compare(rules, {path: await _read(path) for path in rules.paths})


async def _read(path: str) -> bytes | None:
    """A file of the sandbox as it is now; None where there is none, or none that can be read.

    An agent may leave anything in a file's place, a loop of links or a file for its folder too: all that is a change.
    """
    try:
        return await sandbox().read_file(path, text=False)
    except (TimeoutError, SandboxUnavailableError):
        raise
    except (OSError, OutputLimitExceededError):
        return None
    except RuntimeError as error:
        # What Inspect's Docker sandbox makes of a path that leads through a file.
        if "not a directory" in str(error).lower() or "too many levels" in str(error).lower():
            return None
        raise
