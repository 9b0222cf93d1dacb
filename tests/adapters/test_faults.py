"""An error is known from a result by its shape, and its type says which outcome it is."""

import pytest

from app.adapters.fault_outcomes import outcome_of_fault
from app.adapters.faults import Fault, parse_fault, recognise_fault
from app.core.awslambda.invocation import Exited, HandlerFailed, InitFailed, Ran, TimedOut


@pytest.mark.parametrize(
    "payload",
    [
        b'{"errorMessage": "no", "errorType": "ValueError", "requestId": "r", "stackTrace": []}',
        b'{"errorType":"Error","errorMessage":"no","trace":["Error: no"]}',
        b'{"errorMessage":"no","errorType":"java.lang.RuntimeException","stackTrace":["a"],"cause":{}}',
        b'{"errorType":"&alloc::string::String","errorMessage":"no"}',
    ],
    ids=["python", "node", "java", "rust"],
)
def test_each_runtimes_error_is_recognised(payload: bytes) -> None:
    fault = recognise_fault(payload)

    assert fault is not None
    assert fault.message == "no"


@pytest.mark.parametrize(
    "payload",
    [
        b'{"ok": true}',
        b'{"errorType": "none", "errorMessage": "none", "items": 3}',
        b'{"errorMessage": "only this"}',
        b'["errorType", "errorMessage"]',
        b'{"errorType": 1, "errorMessage": 2}',
        b'"errorType" and "errorMessage" in no JSON',
        b"",
    ],
)
def test_a_result_is_not_taken_for_an_error(payload: bytes) -> None:
    assert recognise_fault(payload) is None


def test_a_payload_known_to_be_an_error_need_have_only_one_of_the_members() -> None:
    assert parse_fault(b'{"errorMessage": "older text"}') == Fault("", "older text")
    assert parse_fault(b'{"message": "something else"}') is None
    assert parse_fault(b"[]") is None
    assert parse_fault(b"<html>") is None


RAN = Ran()


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (Fault("ValueError", "no"), HandlerFailed("ValueError", "no", b"{}", RAN)),
        (Fault("Sandbox.Timedout", "RequestId: r Error: Task timed out after 1.50 seconds"), TimedOut(1_500, RAN)),
        (Fault("Sandbox.Timedout", ""), TimedOut(3_000, RAN)),
        (Fault("", "2024-01-01T00:00:00Z r Task timed out after 2.00 seconds"), TimedOut(2_000, RAN)),
        (
            Fault("Runtime.ExitError", "RequestId: r Error: Runtime exited with error: signal: killed"),
            Exited("signal: killed", RAN),
        ),
        (
            Fault("Runtime.ExitError", "RequestId: r Error: Runtime exited without providing a reason"),
            Exited("", RAN),
        ),
        (
            Fault("Runtime.ImportModuleError", "Unable to import module 'app'"),
            InitFailed("Runtime.ImportModuleError", "Unable to import module 'app'", b"{}", RAN),
        ),
    ],
)
def test_the_type_of_an_error_says_which_outcome_it_is(fault: Fault, outcome: object) -> None:
    assert outcome_of_fault(fault, b"{}", RAN, timeout_ms=3_000) == outcome


def test_a_handler_that_raises_with_a_timeouts_text_has_not_timed_out() -> None:
    outcome = outcome_of_fault(Fault("TaskError", "Task timed out after 2.00 seconds"), b"{}", RAN, timeout_ms=3_000)

    assert isinstance(outcome, HandlerFailed)
