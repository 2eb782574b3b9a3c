"""What others' faults say, in one line."""

from __future__ import annotations

import pytest

from stagelens.errors import cause_of

REQUEST = "\nRequest:\n{\n  \"messages\": []\n}\n\nBadRequestError('Error code: 400')"


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        (RuntimeError("no route to host\nTraceback"), "no route to host"),
        (TimeoutError(), "TimeoutError"),
        ("RuntimeError('the server is down')", "the server is down"),
        (repr(ValueError("a \"quoted\" 'word'")), "a \"quoted\" 'word'"),
        (REQUEST, "BadRequestError('Error code: 400')"),
        (f"ModelGenerateError({REQUEST!r})", "BadRequestError('Error code: 400')"),
        ("call(1) failed", "call(1) failed"),
        ("", ""),
    ],
)
def test_a_cause_is_one_line_of_what_was_said(fault: BaseException | str, cause: str) -> None:
    assert cause_of(fault) == cause
