"""HTTP APIs over loopback: where they answer, what the function gets and the client, and what goes wrong."""

import json
import re
from typing import Any

import pytest

from tests.serving import Answer, Serving

HOST = {"Host": "shop.execute-api.localhost:4566"}


def ask(fronts: Serving, method: str, path: str, body: Any = None, **headers: str) -> Answer:
    return fronts.ask(method, path, body, headers={**HOST, **headers})


def say(fronts: Serving, result: Any, path: str = "/say", **headers: str) -> Answer:
    """What the client gets when the function returns `result`."""
    return ask(fronts, "POST", path, json.dumps(result).encode(), **{"Content-Type": "application/json", **headers})


# Where they answer ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    [
        "shop.execute-api.localhost:4566",
        "shop.execute-api.us-east-1.localhost:4566",
        "SHOP.execute-api.localhost.localstack.cloud",
        "shop.execute-api.eu-central-1.amazonaws.com",
    ],
)
def test_an_api_answers_by_host(fronts: Serving, host: str) -> None:
    event = fronts.ask("GET", "/pets/7", headers={"Host": host}).json

    assert event["routeKey"] == "GET /pets/{id}"
    assert event["requestContext"]["domainName"] == host.lower().partition(":")[0]
    assert event["requestContext"]["domainPrefix"] == "shop"


@pytest.mark.parametrize(
    "path",
    [
        "/_triggerfish/gateway/shop/pets/7",
        "/_triggerfish/gateway/shop/$default/pets/7",
        "/_triggerfish/gateway/shop/%24default/pets/7",
        "/restapis/shop/$default/_user_request_/pets/7",
        "/_aws/execute-api/shop/$default/pets/7",
    ],
)
def test_an_api_answers_by_path(fronts: Serving, path: str) -> None:
    event = fronts.ask("GET", path).json

    assert (event["rawPath"], event["pathParameters"]) == ("/pets/7", {"id": "7"})


def test_a_stage_is_in_the_path(fronts: Serving) -> None:
    event = fronts.ask("GET", "/_triggerfish/gateway/staged/dev/pets").json

    assert (event["rawPath"], event["requestContext"]["stage"]) == ("/dev/pets", "dev")


def test_buckets_by_host_go_on_answering(fronts: Serving) -> None:
    answer = fronts.ask("GET", "/", headers={"Host": "photos.localhost:4566"})

    assert b"NoSuchBucket" in answer.content


def test_an_api_that_is_not_there_is_not_found(fronts: Serving) -> None:
    answer = fronts.ask("GET", "/", headers={"Host": "nobody.execute-api.localhost"})

    assert (answer.status, answer.json) == (404, {"message": "Not Found"})


# What the function gets -----------------------------------------------------------------------------


def test_a_plain_request_leaves_out_what_is_empty(fronts: Serving) -> None:
    event = ask(fronts, "GET", "/echo").json

    assert set(event) == {
        "version", "routeKey", "rawPath", "rawQueryString", "headers", "requestContext", "isBase64Encoded",
        "stageVariables",
    }  # fmt: skip
    assert set(event["requestContext"]) == {
        "accountId", "apiId", "domainName", "domainPrefix", "http", "requestId", "routeKey", "stage", "time",
        "timeEpoch",
    }  # fmt: skip
    assert event["stageVariables"] == {"env": "test"}
    assert re.fullmatch(r"\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000", event["requestContext"]["time"])


def test_the_answers_request_id_is_the_events(fronts: Serving) -> None:
    answer = ask(fronts, "GET", "/echo")

    assert answer.headers["apigw-requestid"] == answer.json["requestContext"]["requestId"]
    assert re.fullmatch(r"[\w-]{15}=", answer.headers["apigw-requestid"])


@pytest.mark.parametrize(
    ("content_type", "body", "told", "is_base64"),
    [
        ("application/json", b'{"a": 1}', '{"a": 1}', False),
        ("text/plain; charset=utf-8", "é".encode(), "é", False),
        ("application/vnd.api+json", b"{}", "{}", False),
        ("application/x-www-form-urlencoded", b"a=1", "YT0x", True),
        ("image/png", b"\x89PNG", "iVBORw==", True),
        ("application/json", b"\xff", "/w==", True),
    ],
)
def test_a_body_is_text_or_base64(fronts: Serving, content_type: str, body: bytes, told: str, is_base64: bool) -> None:
    event = ask(fronts, "POST", "/echo", body, **{"Content-Type": content_type}).json

    assert (event["body"], event["isBase64Encoded"]) == (told, is_base64)
    assert event["headers"]["content-length"] == str(len(body))


def test_payload_1_0_has_null_where_2_0_has_nothing(fronts: Serving) -> None:
    event = ask(fronts, "GET", "/old/a/b?x=1&x=2").json

    assert event["version"] == "1.0"
    assert (event["resource"], event["path"], event["pathParameters"]) == (
        "/old/{proxy+}",
        "/old/a/b",
        {"proxy": "a/b"},
    )
    assert (event["queryStringParameters"], event["multiValueQueryStringParameters"]) == ({"x": "2"}, {"x": ["1", "2"]})
    assert (event["body"], event["isBase64Encoded"]) == (None, False)
    assert event["requestContext"]["authorizer"] == {"claims": None, "scopes": None}


# What the client gets -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("result", "status", "content_type", "body"),
    [
        ({"hello": "world"}, 200, "application/json", b'{"hello":"world"}'),
        ("hello", 200, "application/json", b"hello"),
        ([1, True, None], 200, "application/json", b"[1,true,null]"),
        (None, 200, "application/json", b"null"),
        ({"statusCode": 201, "body": "made"}, 201, "text/plain;charset=UTF-8", b"made"),
        ({"statusCode": "418"}, 418, "text/plain;charset=UTF-8", b""),
        ({"statusCode": 200, "headers": {"Content-Type": "text/html"}, "body": "<p>"}, 200, "text/html", b"<p>"),
        ({"statusCode": 200, "body": "/w==", "isBase64Encoded": True}, 200, "text/plain;charset=UTF-8", b"\xff"),
        ({"statusCode": 200, "headers": {"x-n": 7, "x-t": True}}, 200, "text/plain;charset=UTF-8", b""),
    ],
)
def test_a_result_is_an_answer(fronts: Serving, result: Any, status: int, content_type: str, body: bytes) -> None:
    answer = say(fronts, result)

    assert (answer.status, answer.headers["content-type"], answer.content) == (status, content_type, body)


@pytest.mark.parametrize(
    "result",
    [
        {"statusCode": 99},
        {"statusCode": 101},
        {"statusCode": 600},
        {"statusCode": "abc"},
        {"statusCode": True},
        {"statusCode": None},
        {"statusCode": 200, "body": {"a": 1}},
        {"statusCode": 200, "body": "%%%", "isBase64Encoded": True},
        {"statusCode": 200, "headers": []},
        {"statusCode": 200, "headers": {"x": {}}},
        {"statusCode": 200, "headers": {"x\r\ny": "1"}},
        {"statusCode": 200, "headers": {"x": "1\r\nset-cookie: a=b"}},
        {"statusCode": 200, "headers": {"": "1"}},
        {"statusCode": 200, "cookies": "a=b"},
        {"statusCode": 200, "cookies": ["a=b\r\n\r\n<html>"]},
        "raise",
        "exit",
    ],
)
def test_what_is_no_answer_is_an_internal_error(fronts: Serving, result: Any) -> None:
    answer = say(fronts, result)

    assert (answer.status, answer.content) == (500, b'{"message":"Internal Server Error"}')
    assert "set-cookie" not in answer.headers


def test_headers_of_the_connection_are_not_the_functions(fronts: Serving) -> None:
    headers = {"Connection": "close", "Transfer-Encoding": "chunked", "Content-Length": "999", "Server": "mine"}
    answer = say(fronts, {"statusCode": 200, "headers": headers, "body": "whole"})

    assert answer.content == b"whole"
    assert answer.headers["content-length"] == "5"
    assert "transfer-encoding" not in answer.headers
    assert answer.headers["x-amzn-remapped-server"] == "mine"


def test_payload_1_0_wants_a_whole_answer(fronts: Serving) -> None:
    good = say(fronts, {"statusCode": 200, "multiValueHeaders": {"x-a": ["1", "2"]}, "body": "x"}, "/say-old")

    assert (good.status, good.content) == (200, b"x")
    assert say(fronts, {"hello": "world"}, "/say-old").status == 500
    assert say(fronts, "hello", "/say-old").status == 500


def test_an_integration_that_takes_too_long_is_unavailable_and_runs_on(fronts: Serving) -> None:
    answer = say(fronts, {"sleep": 0.4}, "/hurry")

    assert (answer.status, answer.json) == (503, {"message": "Service Unavailable"})
    told = [entry["text"] for entry in fronts.get("journal?limit=1000")]
    assert any("did not answer within 0.1 s, and runs on" in text for text in told)


# Hostile requests -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "raw", "proxy"),
    [
        ("/all/a//b", "/all/a//b", "a//b"),
        ("/all/a%2Fb", "/all/a/b", "a/b"),
        ("/all/../../etc/passwd", "/all/../../etc/passwd", "../../etc/passwd"),
        ("/all/a;b=c;d", "/all/a;b=c;d", "a;b=c;d"),
        ("/all/%00", "/all/\x00", "\x00"),
        ("/all/%ff", "/all/\ufffd", "\ufffd"),
        ("/all/" + "x" * 9_000, "/all/" + "x" * 9_000, "x" * 9_000),
    ],
)
def test_a_strange_path_is_a_path(fronts: Serving, path: str, raw: str, proxy: str) -> None:
    event = ask(fronts, "GET", path).json

    assert (event["rawPath"], event["pathParameters"]["proxy"]) == (raw, proxy)


def test_what_is_too_much_is_refused(fronts: Serving) -> None:
    assert ask(fronts, "GET", "/all/" + "x" * 10_240).status == 414
    assert ask(fronts, "GET", "/echo", **{"X-Big": "x" * 10_240}).status == 431
    assert ask(fronts, "POST", "/echo", b"x" * 10_485_761).status == 413
    assert ask(fronts, "GET", "/echo").status == 200


# Routing and CORS -----------------------------------------------------------------------------------


def test_the_journal_says_which_routes_there_are(fronts: Serving) -> None:
    answer = ask(fronts, "DELETE", "/pets/7")

    assert (answer.status, answer.json) == (404, {"message": "Not Found"})
    told = [entry["text"] for entry in fronts.get("journal?limit=1000")]
    assert any("/pets/7 is there for GET, not for DELETE" in text for text in told)


def test_a_preflight_is_answered_without_a_route(fronts: Serving) -> None:
    answer = ask(fronts, "OPTIONS", "/nowhere", Origin="https://shop.example")

    assert (answer.status, answer.content) == (204, b"")
    assert answer.headers["access-control-allow-origin"] == "https://shop.example"
    assert answer.headers["access-control-max-age"] == "5"


def test_the_apis_cors_goes_before_the_functions(fronts: Serving) -> None:
    result = {"statusCode": 200, "headers": {"Access-Control-Allow-Origin": "https://evil.example"}}

    assert say(fronts, result, Origin="https://shop.example").headers["access-control-allow-origin"] == (
        "https://shop.example"
    )
    assert "access-control-allow-origin" not in say(fronts, result, Origin="https://evil.example").headers


def test_a_throttle_answers_too_many_requests(fronts: Serving) -> None:
    path = "/_triggerfish/gateway/staged/dev/pets"
    fronts.ask("GET", path)

    answer = fronts.ask("GET", path)
    assert (answer.status, answer.json) == (429, {"message": "Too Many Requests"})


# Authorizers ----------------------------------------------------------------------------------------


def test_an_authorizer_is_asked_once_while_its_answer_holds(fronts: Serving) -> None:
    first = ask(fronts, "GET", "/checked", token="allow").json["requestContext"]["authorizer"]
    again = ask(fronts, "GET", "/checked", token="allow").json["requestContext"]["authorizer"]

    assert first == again
    assert first["lambda"]["list"] == [1, {"a": None}]


@pytest.mark.parametrize(
    ("token", "status", "body"),
    [
        (None, 401, {"message": "Unauthorized"}),
        ("no", 403, {"message": "Forbidden"}),
        ("raise", 500, {"message": "Internal Server Error"}),
        ("nonsense", 500, {"message": "Internal Server Error"}),
    ],
)
def test_who_may_not_come_in_is_told(fronts: Serving, token: str | None, status: int, body: Any) -> None:
    answer = ask(fronts, "GET", "/checked", **({"token": token} if token else {}))

    assert (answer.status, answer.json) == (status, body)


def test_a_policy_is_about_the_arn_of_the_request(fronts: Serving) -> None:
    path = "/policed?q=1"
    good = ask(fronts, "GET", path, token="allow")

    assert good.status == 403  # the identity of two sources is both of them: `allow,1`
    assert ask(fronts, "GET", "/policed", token="allow").status == 401


def test_a_signed_request_tells_whose_it_is(fronts: Serving) -> None:
    credential = (
        "AWS4-HMAC-SHA256 Credential=111111111111/20261127/us-east-1/execute-api/aws4_request, SignedHeaders=host"
    )
    event = ask(fronts, "GET", "/signed", Authorization=f"{credential}, Signature=00").json

    assert event["requestContext"]["authorizer"]["iam"]["accountId"] == "111111111111"
    assert ask(fronts, "GET", "/signed").status == 403


def test_a_route_may_lead_to_a_queue(fronts: Serving) -> None:
    answer = ask(fronts, "POST", "/orders", b'{"order": {"id": 7}}', **{"Content-Type": "application/json"})

    assert answer.status == 200, answer.content
    assert answer.json["MD5OfMessageBody"]
    sqs = fronts.client("sqs")
    messages = sqs.receive_message(QueueUrl=f"{fronts.url}/000000000000/orders")["Messages"]
    assert [message["Body"] for message in messages] == ['{"id":7}']
    sqs.close()


# Explained ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "verdict", "words"),
    [
        ({"method": "GET", "url": "http://shop.execute-api.localhost:4566/pets/7"}, "yes", "→ echo, now"),
        ({"method": "GET", "url": "http://localhost:4566/_triggerfish/gateway/shop/pets/7"}, "yes", "→ echo, now"),
        ({"method": "PUT", "url": "/pets/7", "api": "shop"}, "no", "/pets/7 is there for GET, not for PUT"),
        ({"method": "GET", "url": "http://localhost:4566/pets/7"}, "no", "this address is no front's"),
    ],
)
def test_a_request_is_explained_before_it_is_made(
    fronts: Serving, asked: dict[str, str], verdict: str, words: str
) -> None:
    conclusion = fronts.post("explain", asked)["conclusion"]

    assert conclusion["verdict"] == verdict
    assert words in conclusion["text"]
