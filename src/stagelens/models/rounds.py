"""Gathers requests that arrive concurrently into rounds, and works on each round on one thread of its own.

A round's answers are handed over together when the round ends. A model gives Python's lock away and takes it back at
every step; an event loop that worked on early answers meanwhile would make it wait each time.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Question = TypeVar("Question")
Answer = TypeVar("Answer")


@dataclass(eq=False, slots=True)
class _Pending(Generic[Question, Answer]):
    question: Question
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Answer]


class Rounds(Generic[Question, Answer]):
    """Turns ``work``, which answers many questions at once, into ``ask``, which many tasks await one at a time.

    A round starts as soon as ``gather`` questions wait, or when no new one has come for ``quiet`` seconds; it takes all
    that wait. The thread lives only while there is something to do, so an instance that is no longer used is freed.

    Args:
        work: questions to as many answers, in their order; runs on the thread. Its error is every asker's.
        gather: how many questions will come at once; None where that is not known.
        quiet: seconds without a new question after which a round starts with those that are there.
    """

    def __init__(
        self, work: Callable[[Sequence[Question]], Sequence[Answer]], *, gather: int | None, quiet: float
    ) -> None:
        self.gather = gather
        self._work = work
        self._quiet = quiet
        self._waiting: list[_Pending[Question, Answer]] = []
        self._last_arrival = 0.0
        self._running = False
        self._full = threading.Condition()

    async def ask(self, question: Question) -> Answer:
        """The answer to one question, once its round is done. A task that is cancelled takes its question back."""
        loop = asyncio.get_running_loop()
        pending: _Pending[Question, Answer] = _Pending(question, loop, loop.create_future())
        with self._full:
            self._waiting.append(pending)
            self._last_arrival = time.monotonic()
            if not self._running:
                self._running = True
                threading.Thread(target=self._serve, name="stagelens-rounds", daemon=True).start()
            elif self._is_full():
                self._full.notify()
        return await pending.future

    def _is_full(self) -> bool:
        return self.gather is not None and len(self._waiting) >= self.gather

    def _serve(self) -> None:
        while questions := self._next_round():
            answers: Sequence[Answer] | Exception
            try:
                answers = self._work([pending.question for pending in questions])
            except Exception as error:  # every asker is told; the thread stays fit for the next round
                answers = error
            _hand_over(questions, answers)

    def _next_round(self) -> list[_Pending[Question, Answer]]:
        """Wait until a round is due and take it; empty, and no longer running, when nobody asks."""
        with self._full:
            while self._waiting:
                while not self._is_full() and (left := self._last_arrival + self._quiet - time.monotonic()) > 0:
                    self._full.wait(left)
                taken = [pending for pending in self._waiting if not pending.future.cancelled()]
                self._waiting.clear()
                if taken:
                    return taken
            self._running = False
            return []


def _hand_over(questions: Sequence[_Pending[Question, Answer]], answers: Sequence[Answer] | Exception) -> None:
    """Settle every future in its own event loop, with one call to each loop."""
    for loop in {pending.loop for pending in questions}:
        own = [
            (pending.future, answers if isinstance(answers, Exception) else answers[place])
            for place, pending in enumerate(questions)
            if pending.loop is loop
        ]
        try:
            loop.call_soon_threadsafe(_settle, own)
        except RuntimeError:
            # The loop was closed while its round ran: nobody waits there any more.
            continue


def _settle(answered: Sequence[tuple[asyncio.Future[Answer], Answer | Exception]]) -> None:
    for future, answer in answered:
        if future.done():
            continue
        if isinstance(answer, Exception):
            future.set_exception(answer)
        else:
            future.set_result(answer)
