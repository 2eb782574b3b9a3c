"""What tasks of Inspect's in these tests have in common."""

from __future__ import annotations

from inspect_ai.model import ModelOutput
from inspect_ai.solver import Generate, Solver, TaskState, solver


@solver
def answering() -> Solver:
    """Answers every sample but ``fails``, whose second epoch ends in an error.

    A mock model would count tokens with an encoding that it downloads.
    """

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        if state.sample_id == "fails" and state.epoch == 2:
            raise RuntimeError("the sandbox is gone")
        state.output = ModelOutput.from_content("test", f"Answer {state.sample_id}")
        return state

    return solve
