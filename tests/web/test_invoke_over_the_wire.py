"""Invoke in all its ways over the loopback: what its headers may say, the old way, and responses as streams."""

import io
import json
import shutil
import zipfile
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.live import until
from tests.serving import Serving, serving

ARN = "arn:aws:lambda:us-east-1:000000000000:function:ready"
NAMES = "/2015-03-31/functions"
HEADERS = {"Authorization": "AWS4-HMAC-SHA256 Credential=test/20261121/us-east-1/lambda/aws4_request, Signature=0"}
SETTINGS = "functions: {ready: {script: {succeed_after: 0s, payload: {ok: true}}}, broken: {script: {fail_after: 0s}}}"
STREAMING = """
import fs from 'node:fs'

export const handler = awslambda.streamifyResponse(async (event, stream, context) => {
  if (event.fails === 'early') throw new RangeError('early')
  stream.setContentType('text/plain')
  stream.write('one ')
  while (event.gate && !fs.existsSync(event.gate)) await new Promise((go) => setTimeout(go, 5))
  if (event.fails === 'late') throw new RangeError('late')
  stream.write('two')
  stream.end()
})
export const whole = async (event) => ({ got: event })
"""

needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed")


@pytest.fixture(scope="module")
def service() -> Iterator[Serving]:
    with serving(SETTINGS) as running:
        yield running


@pytest.fixture(scope="module")
def lambda_(service: Serving) -> Any:
    return service.client("lambda")


@pytest.fixture(scope="module")
def node(lambda_: Any) -> str:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("app.mjs", STREAMING)
    for name, handler in (("streaming", "app.handler"), ("whole", "app.whole")):
        lambda_.create_function(
            FunctionName=name, Runtime="nodejs22.x", Handler=handler, Timeout=20, Publish=True,
            Role="arn:aws:iam::000000000000:role/r", Code={"ZipFile": content.getvalue()},
        )  # fmt: skip
    return "streaming"


def ask(service: Serving, path: str, body: bytes = b"{}", **headers: str) -> tuple[int, str | None, str]:
    """Status, error type and message."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    answer = service.ask("POST", path, body, headers={**HEADERS, **named})
    told = answer.json if answer.content and answer.headers.get("x-amzn-errortype") else {}
    return answer.status, answer.headers.get("x-amzn-errortype"), told.get("message") or told.get("Message") or ""


class TestWhatTheRequestSays:
    @pytest.mark.parametrize(
        ("header", "text", "where", "values"),
        [
            ("X_Amz_Invocation_Type", "Later", "invocationType", "[Event, RequestResponse, DryRun]"),
            ("X_Amz_Log_Type", "All", "logType", "[None, Tail]"),
        ],
    )
    def test_headers_have_their_values(self, service: Serving, header: str, text: str, where: str, values: str) -> None:
        status, error, message = ask(service, f"{NAMES}/ready/invocations", b"{}", **{header: text})

        assert (status, error) == (400, "ValidationException")
        assert message == (
            f"1 validation error detected: Value '{text}' at '{where}' failed to satisfy constraint: "
            f"Member must satisfy enum value set: {values}"
        )

    def test_a_function_is_named_as_the_model_has_it(self, service: Serving) -> None:
        status, error, message = ask(service, f"{NAMES}/no%20name/invocations")

        assert (status, error) == (400, "ValidationException")
        assert message.startswith(
            "1 validation error detected: Value 'no name' at 'functionName' failed to satisfy constraint: "
            "Member must satisfy regular expression pattern: (arn:(aws[a-zA-Z-]*)?:lambda:)?"
        )

    def test_name_and_qualifier_must_agree(self, service: Serving) -> None:
        assert ask(service, f"{NAMES}/ready:1/invocations?Qualifier=2") == (
            400,
            "InvalidParameterValueException",
            "The derived qualifier from the function name does not match the specified qualifier.",
        )

    def test_a_qualifier_that_is_not_there_is_named_with_its_function(self, service: Serving) -> None:
        assert ask(service, f"{NAMES}/ready/invocations?Qualifier=7")[2] == f"Function not found: {ARN}:7"
        assert ask(service, f"{NAMES}/ready/invocations?Qualifier=a*b")[1] == "ValidationException"

    @pytest.mark.parametrize("name", ["ready", "000000000000:function:ready", "function:ready", ARN, f"{ARN}:$LATEST"])
    def test_a_function_has_many_names(self, lambda_: Any, name: str) -> None:
        assert lambda_.invoke(FunctionName=name)["Payload"].read() == b'{"ok":true}'

    def test_a_dry_run_asks_whether_it_would_run(self, service: Serving, lambda_: Any) -> None:
        dry = lambda_.invoke(FunctionName="ready", InvocationType="DryRun")

        assert (dry["StatusCode"], dry["ExecutedVersion"]) == (204, "$LATEST")
        missing = ask(service, f"{NAMES}/nothing/invocations", X_Amz_Invocation_Type="DryRun")
        assert missing[1] == "ResourceNotFoundException"

    def test_the_answer_has_lambdas_headers(self, service: Serving) -> None:
        answer = service.ask("POST", f"{NAMES}/ready/invocations", b"{}", headers=HEADERS)

        told = answer.headers
        assert told["x-amz-executed-version"] == "$LATEST"
        assert told["x-amzn-remapped-content-length"] == "0"
        assert told["x-amzn-trace-id"].startswith("Root=1-")
        assert len(told["x-amzn-requestid"]) == 36


class TestInvokeAsync:
    def test_it_is_accepted_and_answered_with_its_status(self, service: Serving, lambda_: Any) -> None:
        assert lambda_.invoke_async(FunctionName="ready", InvokeArgs=b"{}")["Status"] == 202

    def test_it_takes_less_than_an_event(self, service: Serving) -> None:
        path = "/2014-11-13/functions/ready/invoke-async/"

        assert ask(service, path, b'"' + b"x" * 262_144 + b'"') == (
            413,
            "RequestEntityTooLargeException",
            "Request must be smaller than 262144 bytes for the InvokeAsync operation",
        )
        assert ask(service, path, b"{nope")[1] == "InvalidRequestContentException"


class TestResponseStreams:
    def streamed(self, lambda_: Any, name: str, payload: Any = None, **more: Any) -> list[tuple[str, Any]]:
        answer = lambda_.invoke_with_response_stream(FunctionName=name, Payload=json.dumps(payload or {}), **more)
        return [
            (kind, told["Payload"] if kind == "PayloadChunk" else told)
            for event in answer["EventStream"]
            for kind, told in event.items()
        ]

    def test_a_function_that_does_not_stream_comes_as_one_piece(self, lambda_: Any) -> None:
        answer = lambda_.invoke_with_response_stream(FunctionName="ready", LogType="Tail")

        events = list(answer["EventStream"])
        assert (answer["StatusCode"], answer["ExecutedVersion"]) == (200, "$LATEST")
        assert events[0] == {"PayloadChunk": {"Payload": b'{"ok":true}'}}
        assert list(events[1]) == ["InvokeComplete"]

    def test_a_function_error_is_told_at_the_end(self, lambda_: Any) -> None:
        ((kind, told),) = self.streamed(lambda_, "broken")

        assert (kind, told["ErrorCode"]) == ("InvokeComplete", "Unhandled")
        assert json.loads(told["ErrorDetails"])["errorMessage"] == "scripted failure"

    def test_what_is_refused_is_no_stream(self, service: Serving) -> None:
        path = "/2021-11-15/functions/nothing/response-streaming-invocations"

        assert ask(service, path)[:2] == (404, "ResourceNotFoundException")

    @needs_node
    @pytest.mark.real
    def test_pieces_come_while_the_handler_still_writes(self, lambda_: Any, node: str, tmp_path: Path) -> None:
        gate = tmp_path / "gate"
        answer = lambda_.invoke_with_response_stream(
            FunctionName=node, Payload=json.dumps({"gate": str(gate)}), Qualifier="1", LogType="Tail"
        )
        events = iter(answer["EventStream"])

        first = next(events)
        gate.touch()
        *rest, last = events

        assert answer["ExecutedVersion"] == "1"
        assert first == {"PayloadChunk": {"Payload": b"one "}}
        assert b"".join(event["PayloadChunk"]["Payload"] for event in rest) == b"two"
        log = b64decode(last["InvokeComplete"]["LogResult"]).decode()
        assert f"START RequestId: {answer['ResponseMetadata']['RequestId']} Version: 1" in log

    @needs_node
    @pytest.mark.real
    @pytest.mark.parametrize(("when", "pieces"), [("early", []), ("late", [b"one "])])
    def test_a_handler_that_fails_in_the_middle_keeps_what_it_wrote(
        self, lambda_: Any, node: str, when: str, pieces: list[bytes]
    ) -> None:
        *written, (kind, told) = self.streamed(lambda_, node, {"fails": when})

        assert [piece for _, piece in written] == pieces
        assert (kind, told["ErrorCode"]) == ("InvokeComplete", "Unhandled")
        assert json.loads(told["ErrorDetails"])["errorMessage"] == when

    @needs_node
    @pytest.mark.real
    def test_a_plain_invoke_of_a_streaming_handler_gets_all_at_once(self, lambda_: Any, node: str) -> None:
        assert lambda_.invoke(FunctionName=node, Payload=b"{}")["Payload"].read() == b"one two"
        whole = lambda_.invoke(FunctionName="whole", Payload=b'{"id": 7}')
        assert json.loads(whole["Payload"].read()) == {"got": {"id": 7}}

    @needs_node
    @pytest.mark.real
    def test_a_client_that_goes_does_not_stop_the_function(
        self, service: Serving, lambda_: Any, node: str, tmp_path: Path
    ) -> None:
        gate = tmp_path / "gate"
        answer = service.client("lambda").invoke_with_response_stream(
            FunctionName=node, Payload=json.dumps({"gate": str(gate)})
        )
        next(iter(answer["EventStream"]))
        answer["EventStream"].close()
        gate.touch()

        until(lambda: service.get("functions/streaming")["in_flight"] == 0)
        assert lambda_.invoke(FunctionName=node, Payload=b"{}")["Payload"].read() == b"one two"
