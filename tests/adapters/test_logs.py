"""Logs are kept by invocation and bounded together."""

from app.adapters.logs import InvocationLogs

RESIZE = "arn:aws:lambda:us-east-1:000000000000:function:resize"
NOTIFY = "arn:aws:lambda:us-east-1:000000000000:function:notify"


def test_an_invocations_log_is_what_it_printed_in_order() -> None:
    logs = InvocationLogs()

    logs.append(RESIZE, "a", b"one\n")
    logs.append(RESIZE, "b", b"other\n")
    logs.append(RESIZE, "a", b"two\n")

    assert logs.of("a") == "one\ntwo\n"
    assert logs.of("unknown") == ""


def test_the_tail_of_a_function_runs_over_its_invocations_and_no_others() -> None:
    logs = InvocationLogs()
    logs.append(RESIZE, "a", b"one\ntwo\n")
    logs.append(NOTIFY, "b", b"not this\n")
    logs.append(RESIZE, "c", b"three\n")

    assert logs.tail(RESIZE, 2) == ["two", "three"]
    assert logs.tail(RESIZE, 100) == ["one", "two", "three"]
    assert logs.tail(RESIZE, 0) == []


def test_the_oldest_invocation_is_forgotten_when_the_bound_is_passed() -> None:
    logs = InvocationLogs(max_bytes=10)

    for request_id in ("a", "b", "c"):
        logs.append(RESIZE, request_id, b"12345")

    assert [logs.of(request_id) for request_id in ("a", "b", "c")] == ["", "12345", "12345"]
    assert logs.tail(RESIZE, 10) == ["12345", "12345"]


def test_one_log_beyond_the_bound_loses_its_beginning_and_says_so() -> None:
    logs = InvocationLogs(max_bytes=10)

    logs.append(RESIZE, "a", b"0123456789")
    logs.append(RESIZE, "a", b"end")

    assert logs.of("a") == "[8 bytes before this were dropped]\n89end"


def test_what_is_not_utf8_is_shown_all_the_same() -> None:
    logs = InvocationLogs()

    logs.append(RESIZE, "a", b"\xff\xfe caf\xc3\xa9")

    assert logs.of("a") == "\ufffd\ufffd café"
