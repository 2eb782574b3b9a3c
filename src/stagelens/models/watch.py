"""Stands between Inspect and a provider: sees what is no answer before a cache keeps it, and when nobody answers.

Inspect tries each request again, but knows nothing of the others: behind a server that is gone, thousands of requests
would each wait out their own tries.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from json import JSONDecodeError
from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel

from stagelens.models.keys import hide_in, hide_in_error

if TYPE_CHECKING:
    from inspect_ai.model import Model

FAILURES: Final = 7
"""Attempts without an answer between them, below which a provider is not given up, however long they took."""


EMPTY: Final = "the provider's answer has no choices"


class NoAnswerError(Exception):
    """What came back is no answer; the message says in words what it is, and stands as a cause."""


class GivenUpError(NoAnswerError):
    """The request was not sent: the provider has answered nothing for so long that it is not asked any more."""


@dataclass(slots=True)
class Line:
    """Whether anyone answers at the other end.

    Attributes:
        outage: seconds without an answer after which a provider is given up.
        clock: seconds, from any start.
    """

    outage: float
    clock: Callable[[], float] = time.monotonic
    _failures: int = field(default=0, init=False)
    _since: float = field(default=0.0, init=False)
    _last: str = field(default="", init=False)

    def answered(self) -> None:
        """An answer came, of whatever kind."""
        self._failures = 0

    def failed(self, cause: str) -> None:
        """An attempt ended without an answer."""
        if not self._failures:
            self._since = self.clock()
        self._failures += 1
        self._last = cause

    def check(self) -> None:
        """Raise GivenUpError where nobody has answered for too long; an answer that is still under way may end it."""
        if self._failures >= FAILURES and self.clock() - self._since >= self.outage:
            raise GivenUpError(
                f"not asked: {self._failures} requests in a row got no answer for {self.outage:g} s or more, "
                f"the last one: {self._last}"
            )


def watch(model: Model, line: Line) -> Model:
    """Have every request to a provider's ``model`` pass through here; the same model is returned.

    What is no answer (text that is no JSON, fields that are missing, no choices) becomes NoAnswerError: raised here,
    below Inspect's cache, it is never kept as one. After ``line.outage`` seconds without any answer, requests end at
    once with GivenUpError. Keys that a provider repeats are hidden.
    """
    ask = model.api.generate

    async def generate(*request: Any, **named: Any) -> Any:
        line.check()
        try:
            result = await ask(*request, **named)
        except Exception as error:
            hide_in_error(error)
            fault = _fault(error)
            line.failed(fault or str(error).partition("\n")[0] or type(error).__name__)
            if fault is None:
                raise
            raise NoAnswerError(f"{fault} ({type(error).__name__}: {error})") from error
        except BaseException:  # Inspect's limit on the time of an attempt comes as a cancellation
            line.failed("no answer in time")
            raise
        result = _without_keys(result)
        output = result[0] if isinstance(result, tuple) else result
        if isinstance(output, Exception) or output.choices:
            line.answered()  # a refused request is an answer too: the server is there
            return result
        said = f": {output.error}" if output.error else ""
        line.failed(f"{EMPTY}{said}")
        raise NoAnswerError(f"{EMPTY}{said}")

    # The one place that every request passes, a command-line agent's included: an attribute of the provider's instance.
    model.api.generate = generate  # type: ignore[method-assign]
    return model


def _without_keys(result: Any) -> Any:
    """What a provider gave, an output or an error, alone or with the record of the call."""
    if isinstance(result, tuple):
        return tuple(_without_keys(each) for each in result)
    if isinstance(result, Exception):
        hide_in_error(result)
    return hide_in(result) if isinstance(result, BaseModel) else result


def _fault(error: Exception) -> str | None:
    """What is wrong with an answer that a provider's client broke on, which takes its form for granted."""
    if isinstance(error, JSONDecodeError):
        return "the provider's answer is no JSON"
    # A connection that the event loop closed twice, which Inspect knows and tries again.
    if isinstance(error, AttributeError) and error.name == "call_soon":
        return None
    broken = isinstance(error, TypeError | LookupError | AttributeError)
    return "the provider's answer lacks the fields of one" if broken else None
