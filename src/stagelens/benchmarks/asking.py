"""How an Inspect task asks once: with the seed that belongs to the attempt."""

from __future__ import annotations

from inspect_ai.model import ChatMessageSystem
from inspect_ai.solver import Generate, Solver, TaskState, solver

from stagelens.benchmarks.seeds import attempt_seed


@solver
def ask_with_own_seed(benchmark: str, seed: int, system_prompt: str | None = None) -> Solver:
    """Ask once, with the seed that belongs to the benchmark, the item and the epoch.

    ``system_prompt`` stands before everything else, in one message with what an item has of its own: templates seldom
    take two. An attempt whose provider names an error in place of an answer fails, so that another run asks again.
    """

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        if system_prompt:
            own = [message for message in state.messages if message.role == "system"]
            others = [message for message in state.messages if message.role != "system"]
            text = "\n\n".join([system_prompt, *(message.text for message in own)])
            state.messages = [ChatMessageSystem(content=text), *others]
        chance = attempt_seed(seed, benchmark, str(state.sample_id), state.epoch)
        state = await generate(state, seed=chance)
        if state.output.error is not None or not state.output.choices:
            raise RuntimeError(state.output.error or "no answer came")
        return state

    return solve
