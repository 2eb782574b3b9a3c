from __future__ import annotations

import asyncio
import random
import threading
import time
from collections.abc import Callable, Sequence

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
    asyncio.run(main(Rounds(work, gather=3, patience=Patience(quiet=0.1))))
    assert work.rounds == [[1, 2]]


class Attempts:
    """Tasks that ask several times, with something to do in between, and leave."""

    def __init__(self, rounds: Rounds[int, int]) -> None:
        self.rounds = rounds

    async def attempt(self, number: int, turns: int, pause: Callable[[], float]) -> None:
        with self.rounds.under_way():
            for turn in range(turns):
                await self.rounds.ask(100 * turn + number)
                await asyncio.sleep(pause())


@pytest.mark.parametrize("seed", range(3))
def test_attempts_are_kept_in_step_whatever_they_do_in_between(seed: int) -> None:
    chance = random.Random(seed)
    work = Recorder()
    rounds = Rounds(work, gather=None, patience=Patience(quiet=0.01))
    rounds.expect(4)
    attempts = Attempts(rounds)

    async def main() -> None:
        turns = (1, 3, 2, 3)
        await asyncio.gather(
            *(attempts.attempt(n, turns[n], lambda: chance.uniform(0, 0.08)) for n in range(4)),
        )

    asyncio.run(main())
    assert work.rounds == [[0, 1, 2, 3], [101, 102, 103], [201, 203]]


def test_with_fewer_at_once_the_others_follow_in_step() -> None:
    work = Recorder()
    rounds = Rounds(work, gather=None, patience=Patience(missing=30.0))
    rounds.expect(5, at_once=2)
    attempts = Attempts(rounds)

    async def main() -> None:
        places = asyncio.Semaphore(2)

        async def when_there_is_room(number: int) -> None:
            async with places:
                await attempts.attempt(number, 2 if number == 0 else 1, lambda: 0.02 * number)

        await asyncio.gather(*(when_there_is_room(number) for number in range(5)))

    started = time.monotonic()
    asyncio.run(main())
    assert work.rounds == [[0, 1], [2, 100], [3, 4]]
    assert time.monotonic() - started < 5


def test_an_attempt_that_never_comes_is_waited_for_once() -> None:
    work = Recorder()
    rounds = Rounds(work, gather=None, patience=Patience(missing=0.3))
    rounds.expect(3)
    attempts = Attempts(rounds)

    async def main() -> None:
        await asyncio.gather(*(attempts.attempt(number, 6, lambda: 0.0) for number in range(2)))

    started = time.monotonic()
    asyncio.run(main())
    assert work.rounds == [[100 * turn, 100 * turn + 1] for turn in range(6)]
    assert 0.3 <= time.monotonic() - started < 0.9


def test_an_attempt_that_is_busy_is_waited_for_longer_but_not_for_ever() -> None:
    work = Recorder()
    rounds = Rounds(work, gather=None, patience=Patience(quiet=0.01, missing=0.01, busy=0.3))
    rounds.expect(2)

    async def main() -> None:
        with rounds.under_way():
            started = time.monotonic()
            attempt = asyncio.create_task(Attempts(rounds).attempt(1, 1, lambda: 0.0))
            await attempt
            assert time.monotonic() - started >= 0.3

    asyncio.run(main())
    assert work.rounds == [[1]]


def test_an_attempt_that_fails_while_it_waits_holds_nobody_up() -> None:
    work = Recorder()
    rounds = Rounds(work, gather=None, patience=Patience(missing=60.0, busy=60.0))
    rounds.expect(3)
    attempts = Attempts(rounds)

    async def main() -> None:
        cut_off = asyncio.create_task(attempts.attempt(0, 1, lambda: 0.0))
        other = asyncio.create_task(attempts.attempt(1, 1, lambda: 0.0))
        await asyncio.sleep(0.05)
        assert work.rounds == []
        cut_off.cancel()
        await asyncio.sleep(0.05)
        assert work.rounds == []
        await asyncio.wait_for(asyncio.gather(other, attempts.attempt(2, 1, lambda: 0.0)), timeout=5)

    asyncio.run(main())
    assert work.rounds == [[1, 2]]


def test_unannounced_attempts_are_kept_in_step_too() -> None:
    work = Recorder()
    attempts = Attempts(Rounds(work, gather=None, patience=Patience(quiet=0.1, missing=60.0)))

    async def main() -> None:
        await asyncio.gather(attempts.attempt(0, 2, lambda: 0.0), attempts.attempt(1, 2, lambda: 0.3))

    asyncio.run(main())
    assert work.rounds == [[0, 1], [100, 101]]


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
