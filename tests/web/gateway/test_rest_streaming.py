"""Response streaming of REST APIs over the wire: a Node function and a program of its own, made by settings and by
boto3."""

import http.client
import sys
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest

from tests.serving import Serving, serving

HANDLERS = Path(__file__).parent / "handlers"
SETTINGS = f"""
functions:
  node: {{CodeUri: {HANDLERS}, Handler: rest_stream.handler, Runtime: nodejs20.x, Timeout: 10}}
  program: {{CodeUri: {HANDLERS}, command: [{sys.executable}, stream_bootstrap.py], Timeout: 10}}
  whole: {{CodeUri: {HANDLERS}, Handler: fronts.echo, Timeout: 10}}
rest_apis:
  live:
    methods:
      ANY /node: {{function: node, streams: true}}
      GET /hurry: {{function: node, streams: true, timeout: 200ms}}
      GET /program: {{function: program, streams: true}}
      GET /whole: {{function: whole, streams: true}}
"""
STREAMED = "arn:aws:apigateway:us-east-1:lambda:path/2021-11-15/functions/{}/response-streaming-invocations"
MALFORMED = (502, b'{"message": "Internal server error"}')


@pytest.fixture(scope="module")
def service() -> Iterator[Serving]:
    with serving(SETTINGS) as running:
        yield running


def ask(service: Serving, path: str, api: str = "live", method: str = "GET") -> Any:
    return service.ask(method, f"/restapis/{api}/dev/_user_request_{path}")


def headers_of(service: Serving, path: str) -> list[tuple[str, str]]:
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=20)
    connection.request("GET", f"/restapis/live/dev/_user_request_{path}")
    response = connection.getresponse()
    response.read()
    connection.close()
    return [(name.lower(), value) for name, value in response.getheaders()]


def test_a_streamed_answer_has_the_metadatas_status_and_headers(service: Serving) -> None:
    answer = ask(service, "/node")

    assert (answer.status, answer.content) == (202, b"one two three")
    headers = headers_of(service, "/node")
    assert [value for name, value in headers if name == "x-a"] == ["1", "2"]
    assert [value for name, value in headers if name == "set-cookie"] == ["a=1", "b=2"]
    assert {"x-amzn-requestid", "x-amz-apigw-id", "x-amzn-trace-id"} <= {name for name, _ in headers}
    assert ("content-type", "text/html") in headers


def test_what_is_written_first_arrives_before_the_rest_is_there(service: Serving) -> None:
    ask(service, "/node")  # warm
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=20)
    started = perf_counter()
    connection.request("GET", "/restapis/live/dev/_user_request_/node?pause=700")
    response = connection.getresponse()
    first = response.read(4)
    first_s = perf_counter() - started
    rest = response.read()
    connection.close()

    assert (first, rest) == (b"one ", b"two three")
    assert first_s < 0.6 < perf_counter() - started


@pytest.mark.parametrize("kind", ["bare", "unknown", "bad"])
def test_a_stream_without_good_metadata_is_malformed(service: Serving, kind: str) -> None:
    answer = ask(service, f"/node?kind={kind}")

    assert (answer.status, answer.content) == MALFORMED
    assert answer.headers["x-amzn-errortype"] == "InternalServerErrorException"


def test_a_handler_that_only_returns_is_malformed(service: Serving) -> None:
    answer = ask(service, "/whole")

    assert (answer.status, answer.content) == MALFORMED


def test_a_stream_that_fails_in_the_middle_is_cut_off(service: Serving) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=20)
    connection.request("GET", "/restapis/live/dev/_user_request_/node?kind=raise")
    response = connection.getresponse()
    with pytest.raises(http.client.IncompleteRead) as cut:
        response.read()
    connection.close()

    assert (response.status, cut.value.partial) == (200, b"one ")
    assert ask(service, "/node").status == 202


def test_a_stream_that_lasts_too_long_is_cut_off(service: Serving) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=20)
    ask(service, "/node")  # warm
    connection.request("GET", "/restapis/live/dev/_user_request_/hurry?pause=800")
    response = connection.getresponse()
    with pytest.raises(http.client.IncompleteRead):
        response.read()
    connection.close()


def test_more_than_ten_megabytes_are_streamed(service: Serving) -> None:
    answer = ask(service, "/node?kind=large")

    assert len(answer.content) == 4 + 176 * 65_536 > 10_485_760
    assert answer.content.endswith(b"aaaa")


def test_a_head_is_answered_without_a_body(service: Serving) -> None:
    answer = ask(service, "/node", method="HEAD")

    assert (answer.status, answer.content) == (202, b"")


def test_a_program_streams_over_the_runtime_api(service: Serving) -> None:
    answer = ask(service, "/program")

    assert (answer.status, answer.content) == (201, b"from a program")
    assert answer.headers["x-path"] == "/program"


def test_a_stream_is_made_by_boto3(service: Serving) -> None:
    gateway = service.client("apigateway")
    api = gateway.create_rest_api(name="made")
    at = {"restApiId": api["id"], "resourceId": api["rootResourceId"], "httpMethod": "GET"}
    gateway.put_method(**at, authorizationType="NONE")
    integration = gateway.put_integration(
        **at, type="AWS_PROXY", integrationHttpMethod="POST", timeoutInMillis=60_000, responseTransferMode="STREAM",
        uri=STREAMED.format("arn:aws:lambda:us-east-1:000000000000:function:node"),
    )  # fmt: skip
    gateway.create_deployment(restApiId=api["id"], stageName="dev")

    answer = ask(service, "/", api["id"])

    assert integration["responseTransferMode"] == "STREAM"
    assert (answer.status, answer.content) == (202, b"one two three")
