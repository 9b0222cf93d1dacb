"""Outcomes in words."""

import pytest

from app.core.awslambda.invocation import (
    Exited,
    HandlerFailed,
    InitFailed,
    Outcome,
    Ran,
    Succeeded,
    Throttled,
    TimedOut,
    Unreachable,
)
from app.core.awslambda.outcomes import error_of, ran_of, word_of


@pytest.mark.parametrize(
    ("outcome", "word", "error"),
    [
        (Succeeded(b"1"), "succeeded", (None, None)),
        (HandlerFailed("KeyError", "'id'", b""), "failed", ("KeyError", "'id'")),
        (TimedOut(1_000), "timed out", ("Sandbox.Timedout", "Task timed out after 1.00 seconds")),
        (Exited(""), "exited", ("Runtime.ExitError", "Runtime exited without providing a reason")),
        (Exited("exit status 3"), "exited", ("Runtime.ExitError", "Runtime exited with error: exit status 3")),
        (InitFailed("Runtime.ImportModuleError", "no", b""), "init failed", ("Runtime.ImportModuleError", "no")),
        (Throttled("Limit"), "throttled", ("Limit", "Rate Exceeded.")),
        (Unreachable("nobody"), "unreachable", ("Unreachable", "nobody")),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str | tuple) else "",
)
def test_every_outcome_has_a_word_and_its_error(
    outcome: Outcome, word: str, error: tuple[str | None, str | None]
) -> None:
    assert word_of(outcome) == word
    assert error_of(outcome) == error


def test_what_ran_is_known_where_something_ran() -> None:
    ran = Ran(12.0, log_tail="START")

    assert ran_of(TimedOut(1, ran)) is ran
    assert ran_of(Throttled("Limit")) == Ran()
