"""Logs are kept by invocation and bounded together."""

from typing import Any

from app.adapters.logs import InvocationLogs
from app.adapters.process.output import InvocationLog

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
    logs = InvocationLogs(max_bytes=410)

    for request_id in ("a", "b", "c"):
        logs.append(RESIZE, request_id, b"12345")

    assert [logs.of(request_id) for request_id in ("a", "b", "c")] == ["", "12345", "12345"]
    assert logs.tail(RESIZE, 10) == ["12345", "12345"]


def test_one_log_beyond_the_bound_loses_its_beginning_and_says_so() -> None:
    logs = InvocationLogs(max_bytes=420)

    for line in (b"first\n", b"second\n", b"third\n"):
        logs.append(RESIZE, "a", line)

    assert logs.of("a") == "[6 bytes before this were dropped]\nsecond\nthird\n"


def test_one_line_beyond_the_bound_is_cut() -> None:
    logs = InvocationLogs(max_bytes=1_000)

    logs.append(RESIZE, "a", b"x" * 2_000 + b"end\n")

    assert logs.of("a") == f"[1504 bytes before this were dropped]\n{'x' * 496}end\n"


def test_what_came_behind_a_number_an_instant_or_of_one_invocation_is_found() -> None:
    now = 1_000
    logs = InvocationLogs(now=lambda: now)
    logs.append(RESIZE, "a", b"one\n", "stream-1")
    logs.append(NOTIFY, "b", b"other\n")
    now = 2_000
    logs.append(RESIZE, "a", b"two\n", "stream-1")
    logs.append(RESIZE, "c", b"three\n", "stream-2")

    def found(**wanted: Any) -> list[str]:
        return [chunk.text.strip() for chunk in logs.chunks(RESIZE, **wanted)]

    assert found() == ["one", "two", "three"]
    assert found(after=1) == ["two", "three"]
    assert found(since=2_000) == ["two", "three"]
    assert found(request_id="a") == ["one", "two"]
    assert found(request_id="b") == []
    assert [chunk.text.strip() for chunk in logs.chunks()] == ["one", "other", "two", "three"]
    assert [(chunk.number, chunk.at, chunk.stream) for chunk in logs.chunks(RESIZE, request_id="c")] == [
        (4, 2_000, "stream-2")
    ]


def test_a_watcher_is_told_whose_lines_came() -> None:
    logs = InvocationLogs()
    told: list[str] = []

    with logs.watched_by(told.append):
        logs.append(RESIZE, "a", b"one\n")
    logs.append(RESIZE, "a", b"two\n")

    assert told == [RESIZE]


def test_only_whole_lines_go_on_and_the_platforms_line_ends_one() -> None:
    logs = InvocationLogs()
    log = InvocationLog(logs, RESIZE, "a")

    log.write(b"one\ntw")
    half = logs.of("a")
    log.write(b"o\nno end")
    log.write_line(b"END\n")

    assert half == "one\n"
    assert logs.of("a") == log.tail == "one\ntwo\nno end\nEND\n"


def test_what_is_not_utf8_is_shown_all_the_same() -> None:
    logs = InvocationLogs()

    logs.append(RESIZE, "a", b"\xff\xfe caf\xc3\xa9")

    assert logs.of("a") == "\ufffd\ufffd café"
