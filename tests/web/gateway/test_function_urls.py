"""Function URLs over loopback: event, answer, streams, who may come in; and their configuration over Lambda's API."""

import io
import json
import zipfile
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse, IncompleteRead
from pathlib import Path
from shutil import which
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.serving import Answer, Serving, serving
from tests.web.gateway.conftest import HANDLERS

FORBIDDEN = {
    "Message": "Forbidden. For troubleshooting Function URL authorization issues, see: "
    "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"
}


def ask(fronts: Serving, url: str, method: str, path: str, body: Any = None, **headers: str) -> Answer:
    host = f"{url}.lambda-url.us-east-1.localhost:4566"
    return fronts.ask(method, path, body, headers={"Host": host, **headers})


def say(fronts: Serving, result: Any, url: str = "say-url", **headers: str) -> Answer:
    return ask(fronts, url, "POST", "/", json.dumps(result).encode(), **{"Content-Type": "application/json", **headers})


def test_the_event_is_payload_2_0_with_one_route_and_the_path_as_it_came(fronts: Serving) -> None:
    answer = ask(fronts, "echo-url", "GET", "/pa2%Fth/1?multiQuery=foo&multiQuery=%2Fbar")
    event = answer.json

    assert (event["rawPath"], event["requestContext"]["http"]["path"]) == ("/pa2%Fth/1", "/pa2%Fth/1")
    assert event["queryStringParameters"] == {"multiQuery": "foo,/bar"}
    context = event["requestContext"]
    assert (event["routeKey"], context["routeKey"], context["stage"]) == ("$default", "$default", "$default")
    assert (context["apiId"], context["domainPrefix"]) == ("echo-url", "echo-url")
    assert context["domainName"] == "echo-url.lambda-url.us-east-1.localhost"
    assert answer.headers["x-amzn-requestid"] == context["requestId"]
    assert "pathParameters" not in event


# Recorded in November 2025: the exact bytes, all of them application/json.
@pytest.mark.parametrize(
    ("result", "status", "body"),
    [
        ({"hello": "world"}, 200, b'{"hello":"world"}'),
        (["hello", 3, True], 200, b'["hello",3,true]'),
        ("hello", 200, b"hello"),
        (3, 200, b"3"),
        (3.1, 200, b"3.1"),
        (True, 200, b"true"),
        ({"statusCode": 200, "body": "body123"}, 200, b"body123"),
        ({"statusCode": "418", "body": "short"}, 418, b"short"),
    ],
)
def test_a_result_is_an_answer(fronts: Serving, result: Any, status: int, body: bytes) -> None:
    answer = say(fronts, result)

    assert (answer.status, answer.content, answer.headers["content-type"]) == (status, body, "application/json")


@pytest.mark.parametrize("result", ["raise", "exit", {"statusCode": 9}, {"statusCode": 200, "headers": {"a\n": "b"}}])
def test_what_is_no_answer_is_a_bad_gateway_in_plain_words(fronts: Serving, result: Any) -> None:
    answer = say(fronts, result)

    assert (answer.status, answer.content) == (502, b"Internal Server Error")


def test_a_header_that_asks_for_a_password_is_renamed(fronts: Serving) -> None:
    answer = say(fronts, {"statusCode": 401, "headers": {"WWW-Authenticate": "Basic"}})

    assert answer.headers["x-amzn-remapped-www-authenticate"] == "Basic"
    assert "www-authenticate" not in answer.headers


def test_a_preflight_is_answered_without_the_function(fronts: Serving) -> None:
    answer = ask(fronts, "say-url", "OPTIONS", "/", Origin="https://shop.example")

    assert (answer.status, answer.headers["access-control-max-age"]) == (200, "5")
    assert answer.headers["access-control-allow-origin"] == "https://shop.example"


def test_who_has_to_sign_and_does_not_is_forbidden(fronts: Serving) -> None:
    answer = ask(fronts, "signed-url", "GET", "/")

    assert (answer.status, answer.json) == (403, FORBIDDEN)
    assert answer.headers["x-amzn-errortype"] == "AccessDeniedException"


def test_a_signature_tells_whose_request_it_is(fronts: Serving) -> None:
    credential = "111111111111/20261127/us-east-1/lambda/aws4_request"
    signed = f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=00"
    event = ask(fronts, "signed-url", "GET", "/", Authorization=signed).json

    assert event["requestContext"]["authorizer"]["iam"]["accountId"] == "111111111111"


def test_nobody_is_at_home_under_another_name(fronts: Serving) -> None:
    answer = ask(fronts, "nobody", "GET", "/")

    assert (answer.status, answer.content) == (403, b'{"Message":null}')
    assert answer.headers["x-amzn-errortype"] == "AccessDeniedException"


def test_a_handler_that_only_returns_is_streamed_as_it_is(fronts: Serving) -> None:
    answer = say(fronts, {"statusCode": 418, "body": "x"}, "whole-url")

    assert (answer.status, answer.json) == (200, {"statusCode": 418, "body": "x"})


needs_node = pytest.mark.skipif(which("node") is None, reason="there is no node")


@pytest.fixture(scope="module")
def streaming() -> Iterator[Serving]:
    with serving(f"""
    functions:
      stream: {{CodeUri: {HANDLERS}, Handler: stream.handler, Runtime: nodejs22.x, Timeout: 10}}
    urls:
      s: {{function: stream, InvokeMode: RESPONSE_STREAM}}
    """) as running:
        yield running


@pytest.mark.real
@needs_node
def test_a_stream_has_its_head_first(streaming: Serving) -> None:
    answer, plain, bad = (ask(streaming, "s", "GET", path) for path in ("/", "/plain", "/bad"))

    assert (answer.status, answer.content) == (202, b"one two three")
    assert (answer.headers["content-type"], answer.headers["x-bad"]) == ("text/html", "good")
    assert (plain.status, plain.content, plain.headers["content-type"]) == (200, b"just text", "text/plain")
    assert (bad.status, bad.content) == (502, b"Internal Server Error")


def begun(streaming: Serving, path: str) -> tuple[HTTPConnection, HTTPResponse]:
    """A request whose answer is read piece by piece."""
    connection = HTTPConnection("127.0.0.1", streaming.port, timeout=20)
    connection.request("GET", path, headers={"Host": "s.lambda-url.us-east-1.localhost:4566"})
    return connection, connection.getresponse()


@pytest.mark.real
@needs_node
def test_the_beginning_of_a_stream_comes_before_its_end(streaming: Serving, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    connection, response = begun(streaming, f"/wait?file={seen}")
    first = response.read1()
    seen.touch()
    rest = response.read()
    connection.close()

    assert (first, rest) == (b"begun ", b"ended")


@pytest.mark.real
@needs_node
def test_a_stream_may_be_longer_than_an_answer_that_is_buffered(streaming: Serving) -> None:
    assert len(ask(streaming, "s", "GET", "/large").content) == 8 * 1_048_576


@pytest.mark.real
@needs_node
def test_a_stream_that_fails_in_the_middle_is_cut_off(streaming: Serving) -> None:
    connection, response = begun(streaming, "/fail")
    with pytest.raises((IncompleteRead, ConnectionError)):
        response.read()
    connection.close()

    assert response.status == 200
    assert ask(streaming, "s", "GET", "/plain").content == b"just text"


@pytest.mark.real
@needs_node
def test_the_mode_of_a_url_can_be_changed(streaming: Serving) -> None:
    client = streaming.client("lambda")
    url = client.create_function_url_config(FunctionName="stream", AuthType="NONE")["FunctionUrl"]
    name = url.split("//")[1].split(".")[0]
    buffered = ask(streaming, name, "GET", "/large")
    streamed = client.update_function_url_config(FunctionName="stream", InvokeMode="RESPONSE_STREAM")
    whole = ask(streaming, name, "GET", "/large")
    client.update_function_url_config(FunctionName="stream", InvokeMode="BUFFERED")
    again = ask(streaming, name, "GET", "/large")
    client.delete_function_url_config(FunctionName="stream")
    client.close()

    assert streamed["InvokeMode"] == "RESPONSE_STREAM"
    assert len(whole.content) == 8 * 1_048_576
    assert [answer.status for answer in (buffered, again)] == [502, 502]  # more than 6 MB


# Over Lambda's API ----------------------------------------------------------------------------------


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.write(Path(HANDLERS) / "fronts.py", "fronts.py")
    return buffer.getvalue()


def test_urls_are_made_by_boto3_and_need_a_permission() -> None:
    with serving("enforce_permissions: true\n") as running:
        client = running.client("lambda")
        arn = client.create_function(
            FunctionName="web", Role="arn:aws:iam::000000000000:role/r", Runtime="python3.12", Handler="fronts.echo",
            Code={"ZipFile": zipped()},
        )["FunctionArn"]  # fmt: skip
        client.get_waiter("function_active_v2").wait(FunctionName="web")

        made = client.create_function_url_config(FunctionName="web", AuthType="NONE")
        got = client.get_function_url_config(FunctionName="web")
        with pytest.raises(ClientError) as conflict:
            client.create_function_url_config(FunctionName="web", AuthType="NONE")
        with pytest.raises(ClientError) as invalid:
            client.update_function_url_config(FunctionName="web", InvokeMode="FAST")
        url_id = made["FunctionUrl"].split("//")[1].split(".")[0]
        before = ask(running, url_id, "GET", "/x")
        client.add_permission(
            FunctionName="web", StatementId="all", Action="lambda:InvokeFunctionUrl", Principal="*",
            FunctionUrlAuthType="NONE",
        )  # fmt: skip
        between = ask(running, url_id, "GET", "/x")
        client.add_permission(
            FunctionName="web", StatementId="through", Action="lambda:InvokeFunction", Principal="*",
            InvokedViaFunctionUrl=True,
        )  # fmt: skip
        after = ask(running, url_id, "GET", "/x")
        updated = client.update_function_url_config(
            FunctionName="web", InvokeMode="BUFFERED", Cors={"AllowOrigins": ["*"]}
        )
        listed = client.list_function_url_configs(FunctionName="web")["FunctionUrlConfigs"]
        client.delete_function_url_config(FunctionName="web")
        with pytest.raises(ClientError) as missing:
            client.get_function_url_config(FunctionName="web")
        gone = ask(running, url_id, "GET", "/x")
        client.close()

    assert made["FunctionUrl"] == f"http://{url_id}.lambda-url.us-east-1.localhost:{running.port}/"
    assert (made["FunctionArn"], made["AuthType"]) == (arn, "NONE")
    assert "InvokeMode" not in made
    assert "LastModifiedTime" in got
    assert conflict.value.response["Error"]["Code"] == "ResourceConflictException"
    assert "[RESPONSE_STREAM, BUFFERED]" in invalid.value.response["Error"]["Message"]
    assert [(answer.status, answer.json) for answer in (before, between)] == [(403, FORBIDDEN)] * 2
    assert (after.status, after.json["rawPath"]) == (200, "/x")
    assert updated["Cors"] == {"AllowOrigins": ["*"]}
    assert [config["InvokeMode"] for config in listed] == ["BUFFERED"]
    assert missing.value.response["Error"]["Message"] == "The resource you requested does not exist."
    assert gone.status == 403
