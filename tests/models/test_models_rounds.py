from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Sequence

import pytest

from stagelens.models.rounds import Patience, Rounds


class Recorder:
    """Doubles what it is asked and remembers the rounds."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.rounds: list[list[int]] = []
        self.seconds = seconds

    def __call__(self, questions: Sequence[int]) -> list[int]:
        self.rounds.append(sorted(questions))
        time.sleep(self.seconds)
        if -1 in questions:
            raise ValueError("minus one")
        return [2 * question for question in questions]


async def ask_all(rounds: Rounds[int, int], questions: Sequence[int]) -> list[int]:
    return list(await asyncio.gather(*(rounds.ask(question) for question in questions)))


def test_a_full_round_starts_at_once_and_answers_everyone() -> None:
    work = Recorder()
    rounds = Rounds(work, gather=50, patience=Patience(quiet=60.0))
    assert asyncio.run(ask_all(rounds, range(50))) == [2 * question for question in range(50)]
    assert work.rounds == [list(range(50))]


def test_slow_arrivals_are_waited_for() -> None:
    async def late(rounds: Rounds[int, int], question: int) -> int:
        await asyncio.sleep(0.03 * question)
        return await rounds.ask(question)

    async def all_late(rounds: Rounds[int, int]) -> None:
        await asyncio.gather(*(late(rounds, question) for question in range(5)))

    work = Recorder()
    asyncio.run(all_late(Rounds(work, gather=5, patience=Patience(quiet=60.0))))
    assert work.rounds == [[0, 1, 2, 3, 4]]


@pytest.mark.parametrize("gather", [10, None])
def test_fewer_questions_than_expected_do_not_hang(gather: int | None) -> None:
    work = Recorder()
    rounds = Rounds(work, gather=gather, patience=Patience(quiet=0.05))
    assert asyncio.run(asyncio.wait_for(ask_all(rounds, [1, 2, 3]), timeout=5)) == [2, 4, 6]
    assert work.rounds == [[1, 2, 3]]


def test_rounds_follow_each_other_in_several_event_loops() -> None:
    work = Recorder()
    rounds = Rounds(work, gather=2, patience=Patience(quiet=60.0))
    for start in (0, 10, 20):
        asyncio.run(ask_all(rounds, [start, start + 1]))
    assert work.rounds == [[0, 1], [10, 11], [20, 21]]


def test_an_error_reaches_every_asker_and_the_next_round_works() -> None:
    async def main(rounds: Rounds[int, int]) -> None:
        failed = await asyncio.gather(rounds.ask(-1), rounds.ask(1), return_exceptions=True)
        assert [str(error) for error in failed] == ["minus one", "minus one"]
        assert await ask_all(rounds, [3, 4]) == [6, 8]

    asyncio.run(main(Rounds(Recorder(), gather=2, patience=Patience(quiet=60.0))))


def test_a_cancelled_task_takes_its_question_back() -> None:
    async def main(rounds: Rounds[int, int]) -> None:
        given_up = asyncio.create_task(rounds.ask(7))
        await asyncio.sleep(0.02)
        given_up.cancel()
        assert await ask_all(rounds, [1, 2]) == [2, 4]

    work = Recorder()
    asyncio.run(main(Rounds(work, gather=3, patience=Patience(quiet=60.0))))
    assert work.rounds == [[1, 2]]


def test_the_event_loop_stays_free_while_a_round_is_worked_on() -> None:
    async def main(rounds: Rounds[int, int]) -> int:
        answer = asyncio.create_task(rounds.ask(1))
        ticks = 0
        while not answer.done():
            await asyncio.sleep(0.01)
            ticks += 1
        return ticks

    assert asyncio.run(main(Rounds(Recorder(seconds=0.3), gather=1, patience=Patience(quiet=60.0)))) >= 10


def test_an_idle_instance_keeps_no_thread() -> None:
    asyncio.run(ask_all(Rounds(Recorder(), gather=1, patience=Patience(quiet=60.0)), [1]))
    deadline = time.monotonic() + 5
    while any(thread.name == "stagelens-rounds" for thread in threading.enumerate()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
