"""Gathers requests that arrive concurrently into rounds, and works on each round on one thread of its own.

A round's answers are handed over together when the round ends. A model gives Python's lock away and takes it back at
every step; an event loop that worked on early answers meanwhile would make it wait each time.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

Question = TypeVar("Question")
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds without any change after which a round that is not full starts with those that wait.

    Attributes:
        quiet: where no task is known to be under way.
        missing: where every task that is under way waits, and others were expected that have not come.
        busy: where a task that is under way does something else.
    """

    quiet: float = 2.0
    missing: float = 60.0
    busy: float = 600.0


@dataclass(eq=False, slots=True)
class _Pending(Generic[Question, Answer]):
    question: Question
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Answer]


class Rounds(Generic[Question, Answer]):
    """Turns ``work``, which answers many questions at once, into ``ask``, which many tasks await one at a time.

    A round takes all questions that wait, and starts as soon as everybody waits who is expected to ask. Where tasks ask
    many times (``under_way``), that keeps them in step: rounds are then a function of what was asked and answered, not
    of how long a task was busy in between. ``patience`` says when a round starts without some.

    The thread lives only while there is something to do, so an instance that is no longer used is freed.

    Args:
        work: questions to as many answers, in their order; runs on the thread. Its error is every asker's.
        gather: how many tasks will ask; None where that is not known.
        patience: how long a round that is not full waits.
    """

    def __init__(
        self,
        work: Callable[[Sequence[Question]], Sequence[Answer]],
        *,
        gather: int | None,
        patience: Patience = Patience(),
    ) -> None:
        self._work = work
        self._patience = patience
        self._left = gather
        self._at_once: int | None = None
        self._acting = 0
        self._waiting: list[_Pending[Question, Answer]] = []
        self._last_change = 0.0
        self._running = False
        self._changed = threading.Condition()

    def expect(self, tasks: int, at_once: int | None = None) -> None:
        """From now on ``tasks`` tasks will ask, at most ``at_once`` of them at a time; the others follow them."""
        with self._changed:
            self._left = tasks
            self._at_once = at_once
            self._note_change()

    @contextmanager
    def under_way(self) -> Iterator[None]:
        """A task that asks many times: rounds wait for it, however long it is busy, until it leaves."""
        with self._changed:
            self._acting += 1
        try:
            yield
        finally:
            with self._changed:
                self._acting -= 1
                if self._left is not None:
                    self._left = max(0, self._left - 1)
                self._note_change()

    async def ask(self, question: Question) -> Answer:
        """The answer to one question, once its round is done. A task that is cancelled takes its question back."""
        loop = asyncio.get_running_loop()
        pending: _Pending[Question, Answer] = _Pending(question, loop, loop.create_future())
        with self._changed:
            self._waiting.append(pending)
            self._last_change = time.monotonic()
            if not self._running:
                self._running = True
                threading.Thread(target=self._serve, name="stagelens-rounds", daemon=True).start()
            elif self._is_full() or len(self._waiting) == self._acting:
                self._changed.notify()
        try:
            return await pending.future
        except asyncio.CancelledError:
            with self._changed:
                if pending in self._waiting:
                    self._waiting.remove(pending)
                    self._note_change()
            raise

    def _note_change(self) -> None:
        self._last_change = time.monotonic()
        self._changed.notify()

    def _wanted(self) -> int | None:
        """How many questions make a round full. Whoever is under way is waited for, expected or not."""
        if self._left is None:
            return None
        expected = self._left if self._at_once is None else min(self._left, self._at_once)
        return max(expected, self._acting)

    def _is_full(self) -> bool:
        wanted = self._wanted()
        return wanted is not None and len(self._waiting) >= wanted

    def _bound(self) -> float:
        """Seconds without any change after which a round starts with those that wait."""
        if self._acting > len(self._waiting):
            return self._patience.busy
        return self._patience.missing if self._acting and self._left is not None else self._patience.quiet

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
        with self._changed:
            while self._waiting and not self._is_full():
                left = self._last_change + self._bound() - time.monotonic()
                if left <= 0:
                    self._give_up_missing()
                    break
                self._changed.wait(left)
            taken = self._waiting[:]
            self._waiting.clear()
            self._running = bool(taken)
            return taken

    def _give_up_missing(self) -> None:
        """Everyone who is under way waits, and some are missing: they will not come, and no round waits for them again.

        Such an attempt failed before it could ask, as where its sandbox did not start.
        """
        wanted = self._wanted()
        if self._left is not None and wanted is not None and len(self._waiting) >= self._acting > 0:
            self._left = max(0, self._left - (wanted - len(self._waiting)))


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
