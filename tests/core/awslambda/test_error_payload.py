"""What a caller reads when a function failed."""

from app.core.awslambda.invocation import Exited, HandlerFailed, TimedOut, error_payload


def test_a_timeout_is_told_with_the_limit_in_seconds() -> None:
    assert error_payload(TimedOut(after_ms=1_000), "r-1") == (
        b'{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: r-1 Error: Task timed out after 1.00 seconds"}'
    )


def test_an_exit_with_a_status_names_the_status() -> None:
    assert error_payload(Exited("exit status 127"), "r-1") == (
        b'{"errorType":"Runtime.ExitError",'
        b'"errorMessage":"RequestId: r-1 Error: Runtime exited with error: exit status 127"}'
    )


def test_an_exit_without_a_status_gives_no_reason() -> None:
    assert error_payload(Exited(""), "r-1") == (
        b'{"errorType":"Runtime.ExitError",'
        b'"errorMessage":"RequestId: r-1 Error: Runtime exited without providing a reason"}'
    )


def test_a_raised_error_is_passed_on_as_the_runtime_wrote_it() -> None:
    raised = HandlerFailed("ValueError", "bad", b'{"errorType":"ValueError"}')

    assert error_payload(raised, "r-1") == b'{"errorType":"ValueError"}'
