"""Invocations past ASGI: the same bytes as through it, in order, and given up when the client leaves."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from app.core.awslambda.function import FailAfter, FunctionSpec, RefuseAsThrottled, SucceedAfter
from app.core.awslambda.invocation import Succeeded
from app.core.commands import PutFunction, SettleInvocation
from app.core.names import Scope
from app.web.aws import AwsSettings
from tests.web.conftest import Served, serve
from tests.web.test_at_once import Wire, comparable

SCOPE = Scope()


def invoke(
    function: str = "quick", body: bytes = b'{"n": 1}', *headers: str, query: str = "", method: str = "POST"
) -> bytes:
    lines = [
        f"{method} /2015-03-31/functions/{function}/invocations{query} HTTP/1.1", "Host: localhost:4566",
        f"Content-Length: {len(body)}", *headers,
    ]  # fmt: skip
    return "\r\n".join([*lines, "", ""]).encode() + body


CONVERSATION = {
    "succeeds": invoke(),
    "by ARN": invoke("arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Aquick"),
    "with its log": invoke("quick", b"{}", "X-Amz-Log-Type: Tail"),
    "with a trace": invoke("quick", b"{}", "X-Amzn-Trace-Id: Root=1-5759e988-bd862e3fe1be46a994272793"),
    "without a body": invoke("quick", b""),
    "fails": invoke("failing"),
    "is throttled": invoke("throttled"),
    "by event": invoke("quick", b"{}", "X-Amz-Invocation-Type: Event"),
    "dry run": invoke("quick", b"{}", "X-Amz-Invocation-Type: DryRun"),
    "unknown type": invoke("quick", b"{}", "X-Amz-Invocation-Type: Later"),
    "no JSON": invoke("quick", b"{"),
    "bad context": invoke("quick", b"{}", "X-Amz-Client-Context: %%%"),
    "unknown function": invoke("nothing"),
    "unknown qualifier": invoke("quick", b"{}", query="?Qualifier=nothing"),
    "not by POST": invoke(method="PUT"),
    "another operation": invoke().replace(b"/invocations", b"/nothing"),
    "closing": invoke("quick", b"{}", "Connection: close"),
}


@contextmanager
def server(*, at_once: bool = True, clock: str = "auto") -> Iterator[Served]:
    with contextmanager(serve)(AwsSettings(), at_once=at_once) as served:
        for name, script in (
            ("quick", SucceedAfter(0, b'"done"')),
            ("failing", FailAfter(0)),
            ("throttled", RefuseAsThrottled()),
            ("slow", SucceedAfter(1_000)),
        ):
            served.submit(PutFunction(FunctionSpec(SCOPE.function_arn(name), script=script)))
        served.run(served.engine.set_clock(clock))
        yield served


def test_every_answer_is_byte_for_byte_that_of_the_usual_way() -> None:
    told: list[dict[str, bytes]] = []
    for at_once in (True, False):
        with server(at_once=at_once) as served, closing(Wire(served)) as wire:
            answers = {}
            for name, asked in CONVERSATION.items():
                wire.send(asked)
                answers[name] = comparable(wire.answer())
            assert wire.is_closed()
            told.append(answers)

    assert told[0] == told[1]
    assert told[0]["succeeds"].startswith(b"HTTP/1.1 200")
    assert told[0]["succeeds"].endswith(b'"done"')
    assert b"x-amz-function-error: Unhandled" in told[0]["fails"]
    assert told[0]["is throttled"].startswith(b"HTTP/1.1 429")
    assert told[0]["by event"].startswith(b"HTTP/1.1 202")


def test_requests_sent_behind_one_that_waits_are_answered_after_it() -> None:
    with server(clock="frozen") as served, closing(Wire(served)) as wire:
        wire.send(invoke("slow", b'"first"') + invoke("quick", b'"second"') + invoke("nothing", b'"third"'))
        slow = served.engine.world.functions[SCOPE.function_arn("slow")]
        served.wait_until(lambda: slow.in_flight == 1)
        served.run(served.engine.set_clock("auto"))

        answers = [wire.answer() for _ in range(3)]

    assert [answer[9:12] for answer in answers] == [b"200", b"200", b"404"]
    assert answers[0].endswith(b"null")
    assert answers[1].endswith(b'"done"')


def test_a_connection_is_used_again_and_again() -> None:
    with server() as served, closing(Wire(served)) as wire:
        for number in range(5):
            wire.send(invoke("quick", str(number).encode()))
            assert wire.answer().endswith(b'"done"')


def test_an_invocation_in_line_whose_client_leaves_is_given_up_and_a_running_one_runs_on() -> None:
    with server(clock="frozen") as served:
        slow = served.engine.world.functions[SCOPE.function_arn("slow")]
        running, waiting = Wire(served), Wire(served)
        running.send(invoke("slow"))
        served.wait_until(lambda: slow.in_flight == 1)
        waiting.send(invoke("slow"))
        served.wait_until(lambda: slow.waiting == 1)

        waiting.close()
        served.wait_until(lambda: slow.waiting == 0)
        running.close()
        served.advance(500)

        assert slow.in_flight == 1
        served.advance(500)
        assert (slow.in_flight, slow.invocations) == (0, 1)


def test_a_payload_that_is_too_large_is_refused_in_awss_words() -> None:
    with server() as served, closing(Wire(served)) as wire:
        wire.send(invoke("quick", b'"' + b"x" * 6_291_456 + b'"'))
        answer = wire.answer()

    assert answer.startswith(b"HTTP/1.1 413")
    assert b"Request must be smaller than 6291456 bytes for the InvokeFunction operation" in answer


def test_where_signatures_are_asked_for_nothing_goes_past_them(guarded: Served) -> None:
    with closing(Wire(guarded)) as wire:
        wire.send(invoke())

        assert wire.answer().startswith(b"HTTP/1.1 403")


@pytest.mark.parametrize("service", ["sqs", "s3"])
def test_a_request_that_was_signed_for_another_service_is_not_taken(service: str) -> None:
    signed = f"Authorization: AWS4-HMAC-SHA256 Credential=test/20261121/us-east-1/{service}/aws4_request, Signature=0"
    with server() as served, closing(Wire(served)) as wire:
        wire.send(invoke("quick", b"{}", signed))
        wire.answer()

        assert served.engine.world.functions[SCOPE.function_arn("quick")].invocations == 0


def test_an_outcome_that_comes_after_the_end_of_the_connection_is_let_go() -> None:
    with server(clock="frozen") as served:
        slow = served.engine.world.functions[SCOPE.function_arn("slow")]
        with closing(Wire(served)) as wire:
            wire.send(invoke("slow"))
            served.wait_until(lambda: slow.in_flight == 1)
            (request,) = slow.running
        served.submit(SettleInvocation(request, Succeeded(b"1")))

        assert slow.in_flight == 0
